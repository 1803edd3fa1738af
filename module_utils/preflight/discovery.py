"""Tries from a member's host what its discovery will do at its start: get a key, reach ECS, list servers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from .checks import Check, failed, ok, untried
from .http import Reply, UnreachableError, ask
from .signing import authorization, query_string

METADATA_URL = "http://169.254.169.254"
PERMISSION = "ecs:cloudServers:list"
LOGIN = "to log in with a password (programmatic access)"
"""In place of an action: every user may log in who has programmatic access."""
TRIES = 3
PAUSE_S = 0.5
CLOCK_TOLERANCE_S = 15 * 60
LOCKED = "reach the limit"


@dataclass(frozen=True)
class Plan:
    """The settings of discovery, as the role writes them into hazelcast.xml; an empty text means not set.

    ``mode`` is metadata, aksk or iam. ``use_key``: whether this host tries the key of the modes aksk and iam; more
    than five wrong signatures lock it, so one host of a cluster does.
    """

    mode: str
    region: str = ""
    project_id: str = ""
    tag_key: str = ""
    endpoint_ecs: str = ""
    endpoint_iam: str = ""
    endpoint_metadata: str = METADATA_URL
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    iam_domain: str = ""
    iam_user: str = ""
    iam_password: str = field(default="", repr=False)
    use_key: bool = True


@dataclass(frozen=True)
class Key:
    """Signs requests (``access`` …) or is a token; ``label`` is for people."""

    label: str
    access: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


class _EndError(Exception):
    """A check that ends the examination."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.said)
        self.check = check


def examine(plan: Plan) -> list[Check]:
    """The checks made, the last one being the first that did not pass. Never raises, never quotes a secret."""
    done: list[Check] = []
    try:
        region, project, key = _identity(plan, done)
        endpoint = _endpoint(plan.endpoint_ecs, "ecs", region)
        if not plan.use_key:
            _reach(endpoint, done)
        else:
            done.append(_list(plan, endpoint, region, project or _project(plan, region, key), key))
    except _EndError as found:
        done.append(found.check)
    return done


def _identity(plan: Plan, done: list[Check]) -> tuple[str, str, Key]:
    """Region, project (perhaps empty) and key."""
    # Several, with commas between: the first stands for all.
    region, project = plan.region.split(",")[0].strip(), plan.project_id.split(",")[0].strip()
    if plan.mode == "metadata":
        own = _metadata(plan, "meta_data.json", "metadata_service").json()
        done.append(ok("metadata_service", "answers"))
        zone = re.fullmatch(r"(.+-\d+)[a-z]", str(own.get("availability_zone") or ""))
        own_region = str(own.get("region_id") or (zone.group(1) if zone else ""))
        region = region or own_region
        project = project or (str(own.get("project_id") or "") if region == own_region else "")
        return region, project, _agency_key(plan)
    if plan.mode == "iam" and plan.use_key:
        key, opened = _login(plan, region)
        return region, project or opened, key
    return region, project, Key(f"access key ****{plan.access_key[-4:]}", plan.access_key, plan.secret_key)


def _metadata(plan: Plan, name: str, check: str) -> Reply:
    """The answer to GET /openstack/latest/NAME; where the service wants a token first, one is got."""
    url = f"{plan.endpoint_metadata}/openstack/latest/{name}"
    try:
        reply = _again(lambda: ask(url))
        token = _metadata_token(plan) if reply.status in (401, 403) else ""
        return ask(url, {"X-Metadata-Token": token}) if token else reply
    except UnreachableError as error:
        raise _EndError(
            failed(
                check,
                f"the metadata service (169.254.169.254) cannot be reached: {error}",
                "Let TCP 80 to 169.254.169.254/32 out in the security group, and leave its route to DHCP.",
            )
        ) from None


def _metadata_token(plan: Plan) -> str:
    """Empty where the service has none to give."""
    url = f"{plan.endpoint_metadata}/meta-data/latest/api/token"
    reply = ask(url, {"X-Metadata-Token-Ttl-Seconds": "300"}, method="PUT")
    return reply.body.decode(errors="replace").strip() if reply.status == 200 else ""


def _agency_key(plan: Plan) -> Key:
    reply = _metadata(plan, "securitykey", "agency")
    if reply.status in (401, 403, 404):
        raise _EndError(
            failed(
                "agency",
                "the server has no agency, so its metadata service gives no key",
                f"Give it an agency for ECS with {PERMISSION} in its policy (console: Management Information of the "
                "server), or set hazelcast_discovery_mode to aksk or iam.",
            )
        )
    given = reply.json().get("credential")
    if reply.status != 200 or not isinstance(given, dict) or not given.get("access") or not given.get("secret"):
        raise _EndError(untried("agency", f"the metadata service answered {reply.status} without a key"))
    access = str(given["access"])
    label = f"the agency's key ****{access[-4:]}"
    return Key(label, access, str(given["secret"]), str(given.get("securitytoken") or ""))


def _login(plan: Plan, region: str) -> tuple[Key, str]:
    """A token of the user, and the project it opens. API: IAM KeystoneCreateUserTokenByPassword."""
    user = {"name": plan.iam_user, "password": plan.iam_password, "domain": {"name": plan.iam_domain}}
    body = {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": region}},
        }
    }
    label = f"user {plan.iam_user} of account {plan.iam_domain}"
    endpoint = _endpoint(plan.endpoint_iam, "iam", region)
    url, headers = f"{endpoint}/v3/auth/tokens?nocatalog=1", {"Content-Type": "application/json"}
    reply = _answer(
        lambda: ask(url, headers, method="POST", body=json.dumps(body).encode()), "iam", endpoint, label, LOGIN
    )
    scope = reply.json().get("token") or {}
    project = (scope.get("project") or {}).get("id") if isinstance(scope, dict) else ""
    return Key(label, token=reply.headers.get("x-subject-token", "")), str(project or "")


def _project(plan: Plan, region: str, key: Key) -> str:
    """The id of the region's own project. API: IAM KeystoneListProjects."""
    endpoint = _endpoint(plan.endpoint_iam, "iam", region)
    reply = _signed(endpoint, "/v3/projects", [("name", region)], key, "iam:projects:listProjects")
    found = [str(it.get("id")) for it in reply.json().get("projects") or [] if it.get("name") == region]
    if len(found) != 1:
        raise _EndError(
            failed(
                "discovery_key",
                f"{key.label} sees {len(found)} projects of region {region}",
                "Check the region's name, or set hazelcast_discovery_project_id.",
            )
        )
    return found[0]


def _list(plan: Plan, endpoint: str, region: str, project: str, key: Key) -> Check:
    """API: ECS ListServersDetails, one server of those with the tag, whatever its value."""
    query = [("limit", "1"), *([("tags", plan.tag_key)] if plan.tag_key else [])]
    _signed(endpoint, f"/v1/{project}/cloudservers/detail", query, key, PERMISSION)
    return ok("discovery_key", f"{key.label} lists servers of {region}")


def _signed(endpoint: str, path: str, query: list[tuple[str, str]], key: Key, permission: str) -> Reply:
    def send() -> Reply:
        headers = {"Content-Type": "application/json"}
        if key.token:
            headers["X-Auth-Token"] = key.token
        else:
            # urllib sends this Host; the signature covers it.
            headers["Host"] = _host(endpoint)
            headers["X-Sdk-Date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            if key.security_token:
                headers["X-Security-Token"] = key.security_token
            headers["Authorization"] = authorization(path, query, headers, key.access, key.secret)
        return ask(f"{endpoint}{quote(path)}?{query_string(query)}", headers)

    return _answer(send, permission.partition(":")[0], endpoint, key.label, permission)


def _answer(send: Callable[[], Reply], service: str, endpoint: str, label: str, permission: str) -> Reply:
    """A good answer. Raises _EndError for any other."""
    try:
        reply = _again(send)
    except UnreachableError as error:
        raise _EndError(_unreachable(service, endpoint, str(error))) from None
    if 200 <= reply.status < 300:
        return reply
    said = f"{_host(endpoint)} answered {reply.status}: {reply.says}"
    if reply.status == 403:
        raise _EndError(
            failed(
                "discovery_key",
                f"{label} lacks the permission {permission} ({said})",
                "Give this user programmatic access in IAM."
                if permission == LOGIN
                else f"Give the agency or user behind it a policy with {permission}.",
            )
        )
    if reply.status == 401:
        raise _EndError(failed("discovery_key", f"{label} is refused ({said})", _advice(reply)))
    if reply.status == 429 or reply.status >= 500:
        raise _EndError(untried("discovery_key", f"{said}, {TRIES} times"))
    raise _EndError(
        failed(
            "discovery_key",
            f"{label} cannot list servers ({said})",
            "Check hazelcast_discovery_region, hazelcast_discovery_project_id and the endpoints.",
        )
    )


def _advice(reply: Reply) -> str:
    ahead = reply.clock_ahead()
    if abs(ahead) > CLOCK_TOLERANCE_S:
        side = "ahead of" if ahead > 0 else "behind"
        return f"Set this host's clock: it is {abs(ahead) / 60:.0f} minutes {side} the service's, 15 are accepted."
    if LOCKED in reply.says:
        return "Wait five minutes, for it is locked after too many wrong signatures, then correct the secret key."
    return "Correct the key pair or password of hazelcast_discovery_*; members would be refused in the same way."


def _again(send: Callable[[], Reply]) -> Reply:
    """The first answer that is no passing trouble, or the last one. Raises UnreachableError."""
    reply: Reply | None = None
    for attempt in range(TRIES):
        reply = send()
        if reply.status != 429 and reply.status < 500:
            break
        if attempt < TRIES - 1:
            time.sleep(PAUSE_S)
    assert reply is not None
    return reply


def _reach(endpoint: str, done: list[Check]) -> None:
    """Any answer will do: another host tries the key."""
    try:
        ask(endpoint)
    except UnreachableError as error:
        raise _EndError(_unreachable("ecs", endpoint, str(error))) from None
    done.append(ok("ecs_endpoint", f"{_host(endpoint)} answers"))


def _unreachable(service: str, endpoint: str, reason: str) -> Check:
    port = urlsplit(endpoint).port or (443 if endpoint.startswith("https") else 80)
    return failed(
        f"{service}_endpoint",
        f"{_host(endpoint)} cannot be reached: {reason}",
        f"Let TCP {port} to it out in the security group; a VPC without public addresses needs NAT or a VPC endpoint.",
    )


def _endpoint(given: str, service: str, region: str) -> str:
    """As the strategy has it (discovery/, Endpoints.java): eu-west-1xx are under a domain of their own."""
    domain = "myhuaweicloud.eu" if region.startswith("eu-west-1") else "myhuaweicloud.com"
    return (given.replace("{region}", region) or f"https://{service}.{region}.{domain}").rstrip("/")


def _host(endpoint: str) -> str:
    """Host and, where it is not the scheme's own, port: the Host header."""
    parts = urlsplit(endpoint)
    return (
        parts.netloc.rpartition(":")[0] if parts.port == {"http": 80, "https": 443}.get(parts.scheme) else parts.netloc
    )
