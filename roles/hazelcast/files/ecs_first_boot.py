#!/usr/bin/python3
"""What a member's configuration does not say yet, learnt on the server's first boot: `ecs-first-boot COMMAND FILE`.

A private image is made before anybody knows which servers will run it, so its hazelcast.xml has empty places: the
cluster's name, the address members listen on, the server's id, project and region. /home/init.sh calls

  complete FILE [--check]   fills them from the instance metadata service and, for the cluster's name, from the server's
                            own tag (the discovery property tag-key) by the keys of its agency; says what it filled
  join-delay FILE           prints the seconds this server lets pass before its members join: servers made at one
                            stroke for a cluster that runs join it one after the other (Hazelcast 5.3.1 loses
                            registrations of members that join together, HZ-2797)

What the file says already is never changed. Exit code 0: done; 1: a place stays empty, and why is said; 2: wrong usage.

Sources: "Obtaining Metadata" and "Querying Details About ECSs" of the ECS documentation; API Request Signing Guide.
Needs Python 3.9 and nothing else: servers made from an image have no Ansible near them.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

METADATA = "http://169.254.169.254"
TOKEN_SECONDS = "21600"
TIMEOUT = 5.0
PAUSES = (0.5, 1.0, 2.0)
# Servers made at one stroke, and the time one of them has to start its members and join.
STROKE = timedelta(minutes=1)
JOIN_SECONDS = 10
ALIVE = ("ACTIVE", "BUILD")
BY_ITSELF = ("instance-id", "project-id", "region")


class NotKnownError(Exception):
    """Something could not be learnt. The message is part of a sentence for the journal."""


# --- the file ---------------------------------------------------------------------------------------------------------


def _element(name: str) -> re.Pattern[str]:
    return re.compile(rf"<{name}\s*/>|<{name}>([^<]*)</{name}>")


def _property(name: str) -> re.Pattern[str]:
    return re.compile(rf'<property name="{name}"\s*/>|<property name="{name}">([^<]*)</property>')


# name: (its place in the file, filled or not; how it is written)
PLACES = {
    "cluster-name": (_element("cluster-name"), "<cluster-name>{}</cluster-name>"),
    "interface": (_element("interface"), "<interface>{}</interface>"),
    **{name: (_property(name), f'<property name="{name}">{{}}</property>') for name in BY_ITSELF},
}


def _place(text: str, name: str) -> re.Match[str] | None:
    """The place of that name. The interface is the one of <interfaces>: management center has some of its own."""
    plain = _without_comments(text)
    start, end = 0, len(plain)
    if name == "interface":
        within = re.search(r"<interfaces\b.*?</interfaces>", plain, re.DOTALL)
        start, end = within.span() if within else (0, 0)
    return PLACES[name][0].search(plain, start, end)


def _without_comments(text: str) -> str:
    """The text with blanks in place of its comments: every place stays where it is."""
    return re.sub(r"<!--.*?-->", lambda comment: " " * len(comment[0]), text, flags=re.DOTALL)


def value(text: str, name: str) -> str:
    """What a place says, "" for an empty one or none."""
    match = _place(text, name)
    return _clear(match[1]) if match else ""


def setting(text: str, name: str) -> str:
    """A discovery property, "" where there is none."""
    match = _property(name).search(_without_comments(text))
    return _clear(match[1]) if match else ""


def _clear(content: str | None) -> str:
    return unescape((content or "").strip(), {"&quot;": '"'})


def empty_places(text: str) -> list[str]:
    """The places that want a value. In metadata mode the strategy learns ids and region by itself."""
    learns = setting(text, "instance-metadata-available").lower() == "true"
    names = [name for name in PLACES if not (learns and name in BY_ITSELF)]
    return [name for name in names if _place(text, name) and not value(text, name)]


def fill(text: str, name: str, what: str) -> str:
    """The text with `what` in the place of that name, which must be there."""
    match = _place(text, name)
    if match is None:
        raise ValueError(name)
    return text[: match.start()] + PLACES[name][1].format(escape(what, {'"': "&quot;"})) + text[match.end() :]


def tag_key(text: str) -> str:
    """The first of the tag keys: the one whose value names the cluster."""
    return setting(text, "tag-key").split(",")[0].strip()


# --- the cloud --------------------------------------------------------------------------------------------------------


def fetch(url: str, headers: dict[str, str], method: str = "GET") -> bytes:
    """The body of an answer. Raises HTTPError, or OSError or HTTPException when trouble and silence do not end."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # metadata is never behind a proxy
    for pause in (*PAUSES, None):
        try:
            with opener.open(urllib.request.Request(url, headers=headers, method=method), timeout=TIMEOUT) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if pause is None or (error.code < 500 and error.code != 429):
                raise
        except (OSError, http.client.HTTPException):
            if pause is None:
                raise
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


class Metadata:
    """The instance metadata service, in the form that answers at once and in the one that wants a token."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._headers: dict[str, str] = {}
        self._identity: dict[str, Any] | NotKnownError | None = None

    def identity(self) -> dict[str, Any]:
        """meta_data.json, asked for once, which takes its time where nobody answers. Raises NotKnownError."""
        if self._identity is None:
            try:
                self._identity = self._json("/openstack/latest/meta_data.json")
            except NotKnownError as why:
                self._identity = why
        if isinstance(self._identity, NotKnownError):
            raise self._identity
        return self._identity

    def address(self) -> str:
        """The address of the first network card. Raises NotKnownError."""
        return self._get("/latest/meta-data/local-ipv4").decode().strip()

    def key(self) -> dict[str, str]:
        """The temporary key of the server's agency: access, secret, securitytoken. Raises NotKnownError."""
        key = self._json("/openstack/latest/securitykey").get("credential")
        if not isinstance(key, dict) or not {"access", "secret", "securitytoken"} <= key.keys():
            raise NotKnownError("the metadata service sent no key")
        return key

    def _json(self, path: str) -> dict[str, Any]:
        try:
            body = json.loads(self._get(path))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise NotKnownError(f"the metadata service sent no JSON object for {path}")
        return body

    def _get(self, path: str) -> bytes:
        try:
            return fetch(self._endpoint + path, self._headers)
        except urllib.error.HTTPError as error:
            if error.code == 401 and not self._headers and self._take_token():
                return self._get(path)
            said = error.read(200).decode(errors="replace").strip()
            raise NotKnownError(f"the metadata service answered {error.code} to {path}: {said}") from None
        except (OSError, http.client.HTTPException) as error:
            raise NotKnownError(f"the metadata service does not answer ({error})") from None

    def _take_token(self) -> bool:
        wanted = {"X-Metadata-Token-Ttl-Seconds": TOKEN_SECONDS}
        try:
            token = fetch(self._endpoint + "/meta-data/latest/api/token", wanted, "PUT")
        except (OSError, http.client.HTTPException):
            return False
        self._headers = {"X-Metadata-Token": token.decode().strip()}
        return True


def signed(url: str, key: dict[str, str], now: datetime) -> dict[str, str]:
    """The headers of a GET signed by SDK-HMAC-SHA256. The query of `url` is sorted and encoded already."""
    parts = urllib.parse.urlsplit(url)
    date = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-sdk-date": date, "x-security-token": key["securitytoken"]}
    names = ";".join(headers)
    lines = "".join(f"{name}:{text}\n" for name, text in headers.items())
    canonical = f"GET\n{parts.path}/\n{parts.query}\n{lines}\n{names}\n{hashlib.sha256(b'').hexdigest()}"
    to_sign = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key["secret"].encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    authorization = f"SDK-HMAC-SHA256 Access={key['access']}, SignedHeaders={names}, Signature={signature}"
    return {"X-Sdk-Date": date, "X-Security-Token": key["securitytoken"], "Authorization": authorization}


def servers(text: str, metadata: Metadata, **query: str) -> list[dict[str, Any]]:
    """Servers of this server's project, asked for with the keys of its agency. Raises NotKnownError."""
    identity = metadata.identity()
    region = str(identity.get("region_id") or re.sub("[a-z]$", "", str(identity.get("availability_zone", ""))))
    domain = "myhuaweicloud.eu" if region.startswith("eu-west-1") else "myhuaweicloud.com"
    endpoint = setting(text, "endpoint-ecs").replace("{region}", region).rstrip("/") or f"https://ecs.{region}.{domain}"
    pairs = sorted(urllib.parse.urlencode([pair], quote_via=urllib.parse.quote, safe="~") for pair in query.items())
    url = f"{endpoint}/v1/{item('project_id')(text, metadata)}/cloudservers/detail?{'&'.join(pairs)}"
    key = metadata.key()
    try:
        return list(json.loads(fetch(url, signed(url, key, datetime.now(tz=timezone.utc))))["servers"])
    except urllib.error.HTTPError as error:
        needed = "the agency needs the permission ecs:cloudServers:list"
        raise NotKnownError(f"the ECS API answered {error.code}; {needed}") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotKnownError(f"the ECS API does not answer ({error})") from None
    except (ValueError, LookupError, TypeError):
        raise NotKnownError("the ECS API sent no list of servers") from None


# --- what is learnt ---------------------------------------------------------------------------------------------------


def cluster_name(text: str, metadata: Metadata) -> str:
    """The server's metadata item, else the server's tag, of the name that tag-key has."""
    key, identity = tag_key(text), metadata.identity()
    if not key:
        raise NotKnownError("discovery has no tag-key to find it by")
    if given := (identity.get("meta") or {}).get(key):
        return str(given)
    for server in servers(text, metadata, server_id=item("uuid")(text, metadata)):
        for tag in server.get("tags") or ():
            name, _, named = tag.partition("=")
            if name == key and named:
                return str(named)
    raise NotKnownError(f"this server has no tag {key}")


def address(_: str, metadata: Metadata) -> str:
    """The first card's address, by the metadata service or, where there is none, by this server's own routes."""
    try:
        return metadata.address()
    except NotKnownError as why:
        print(f"members listen on the address that leads outside: {why}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # no packet is sent
        except OSError:
            raise NotKnownError("this server has no route to anywhere") from None
        return str(probe.getsockname()[0])


def item(name: str) -> Callable[[str, Metadata], str]:
    """Reads a member of meta_data.json."""

    def read(_: str, metadata: Metadata) -> str:
        if found := metadata.identity().get(name):
            return str(found)
        raise NotKnownError(f"the metadata service has no {name}")

    return read


LEARN: dict[str, Callable[[str, Metadata], str]] = {
    "cluster-name": cluster_name,
    "interface": address,
    "instance-id": item("uuid"),
    "project-id": item("project_id"),
    "region": item("region_id"),
}


def _moment(text: Any) -> datetime | None:
    """A time of the ECS API; None for what is none: a server that is still being made may lack it."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError):
        return None


def turn(mine: str, listed: list[dict[str, Any]]) -> int:
    """How many servers of my stroke join before me; 0 where no older server runs: a cold start is one start."""
    alive = [server for server in listed if server.get("status") in ALIVE or server.get("id") == mine]
    times = {str(server.get("id")): _moment(server.get("created")) for server in alive}
    born = {which: moment for which, moment in times.items() if moment}
    if mine not in born or not any(born[mine] - other > STROKE for other in born.values()):
        return 0
    stroke = sorted((moment, which) for which, moment in born.items() if abs(born[mine] - moment) <= STROKE)
    return stroke.index((born[mine], mine))


# --- the commands -----------------------------------------------------------------------------------------------------


def complete(path: Path, check: bool) -> int:
    """Fill the empty places. The file is replaced in one step, or left as it is when one of them stays empty."""
    text = path.read_text(encoding="utf-8")
    metadata = Metadata(setting(text, "endpoint-metadata") or METADATA)
    filled, missing = [], []
    for name in empty_places(text):
        try:
            learnt = LEARN[name](text, metadata)
        except NotKnownError as why:
            missing.append(f"{path} has no {name}, and it cannot be learnt: {why}. Write it into the file.")
            continue
        text = fill(text, name, learnt)
        filled.append(f"{name} {learnt}")
    if missing:
        print("\n".join(missing))
        return 1
    if filled:
        print(f"{'would change' if check else 'changed'}: {path}: {', '.join(filled)}")
    if filled and not check:
        partial = path.with_name(path.name + ".new")
        partial.touch(mode=0o600)
        shutil.copystat(path, partial)
        os.chown(partial, path.stat().st_uid, path.stat().st_gid)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return 0


def join_delay(path: Path) -> int:
    """Print the seconds; 0, and why, where nobody can be asked."""
    text = path.read_text(encoding="utf-8")
    cluster = setting(text, "tag-value") or value(text, "cluster-name")
    metadata = Metadata(setting(text, "endpoint-metadata") or METADATA)
    try:
        mine = item("uuid")(text, metadata)
        listed = servers(text, metadata, limit="1000", tags=f"{tag_key(text)}={cluster}")
    except NotKnownError as why:
        print(f"members join at once: {why}", file=sys.stderr)
        listed, mine = [], ""
    print(JOIN_SECONDS * turn(mine, listed))
    return 0


def main(arguments: list[str]) -> int:
    if len(arguments) >= 2 and arguments[0] == "complete" and arguments[2:] in ([], ["--check"]):
        return complete(Path(arguments[1]), bool(arguments[2:]))
    if len(arguments) == 2 and arguments[0] == "join-delay":
        return join_delay(Path(arguments[1]))
    print("Usage: ecs-first-boot complete FILE [--check] | join-delay FILE", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
