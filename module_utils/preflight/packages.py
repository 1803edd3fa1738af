"""Where a host gets packages from, read from its package manager's own settings. Pure; nothing is fetched here."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence

from .checks import Check, failed, ok, untried

NAME = "package_source"
WAY_OUT = (
    "Let TCP 80 and 443 out in the security group and give the VPC a way out (NAT gateway or public address), or name "
    "a mirror within reach in the host's package sources."
)


def apt_indexes(text: str) -> list[str]:
    """The signed indexes in the output of `apt-get --print-uris update`: one URL for each suite."""
    return re.findall(r"^'(\S+/(?:In)?Release)' ", text, re.MULTILINE)


def apt_proxy(text: str) -> str:
    """The proxy in the output of `apt-config dump Acquire`, empty without one; `DIRECT` is apt's word for none."""
    found = dict(re.findall(r'^(Acquire::https?::Proxy) "(.*)";$', text, re.MULTILINE))
    proxy = found.get("Acquire::http::Proxy") or found.get("Acquire::https::Proxy") or ""
    return "" if proxy == "DIRECT" else proxy


def dnf_indexes(files: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """The index of each enabled repository in the texts of /etc/yum.repos.d/*.repo (dnf.conf(5)).

    `variables` are releasever, basearch and arch. A mirror list is an index as well.
    """
    indexes = []
    for text in files:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for name in parser.sections():
            repository = parser[name]
            if repository.get("enabled", "1").strip() in ("1", "true", "yes"):
                indexes.append(_index(repository))
    filled = [_filled(index, variables) for index in indexes if index]
    return [index for index in filled if index]


def _index(repository: Mapping[str, str]) -> str:
    base = re.split(r"[\s,]+", repository.get("baseurl", "").strip())[0]
    if base:
        return base.rstrip("/") + "/repodata/repomd.xml"
    return repository.get("metalink", "") or repository.get("mirrorlist", "")


def _filled(index: str, variables: Mapping[str, str]) -> str:
    """Empty when it has a variable that is not known."""
    text = re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match.group(1), "$"), index)
    return "" if "$" in text else text


def judge(answers: Mapping[str, str], have: str | None) -> Check:
    """`answers`: index -> why it cannot be had, empty when it can. `have`: what makes all this unneeded, if any."""
    bad = [f"{index}: {why}" for index, why in answers.items() if why]
    if answers and not bad:
        return ok(NAME, f"{len(answers)} of {len(answers)} indexes answer")
    if have:
        return untried(NAME, f"not needed: {have}")
    if not answers:
        return failed(NAME, "no package source is configured", "Name one in the host's package sources.")
    return failed(NAME, "; ".join(bad), WAY_OUT)
