"""Which servers are wanted: what the API can be asked, and the exact check of what it answers.

The API's own filters are loose: `name` finds parts of names (a dot is any character), `status` finds whole families
(ACTIVE also finds REBOOT). So a query may bring more than the filter means, never less; `matches` has the last word.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ConfigurationError
from .servers import Server

Query = tuple[tuple[str, str], ...]
TagTests = Mapping[str, tuple[str, ...]]
"""Tag key -> values of which one must match; no value: the key itself."""

KEYS = ("name", "status", "ip", "flavor", "enterprise_project_id", "tags", "not_tags")

EVERY_ENTERPRISE_PROJECT = "all_granted_eps"

_WILDCARD = re.compile(r"[*?]")
_SAFE_NAME = re.compile(r"[\w.-]+\Z")  # what the API's name filter takes literally, but for the dot


@dataclass(frozen=True)
class Filter:
    """All fields must match (AND); of a field's several values one must. `name` and `ip` may hold `*` and `?`."""

    name: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    flavor: tuple[str, ...] = ()
    enterprise_project_id: tuple[str, ...] = ()
    tags: TagTests = field(default_factory=dict)
    not_tags: TagTests = field(default_factory=dict)

    def query(self) -> Query:
        """Parameters of ListServersDetails that bring at least what `matches` accepts."""
        sent = [
            *(("name", it) for it in _single(self.name) if _SAFE_NAME.match(it)),
            *(("status", it) for it in _single(self.status)),
            *(("ip_eq", it) for it in _single(self.ip) if _is_private_ipv4(it)),
            *(("flavor", it) for it in _single(self.flavor)),
            *(("enterprise_project_id", it) for it in _single(self.enterprise_project_id)),
            *(("tags", f"{key}={values[0]}") for key, values in self.tags.items() if len(values) == 1),
        ]
        # How the API joins several not-tags is not documented; one is clear.
        if len(self.not_tags) == 1:
            sent += [("not-tags", key) for key, values in self.not_tags.items() if not values]
        return tuple(sent)

    def matches(self, server: Server) -> bool:
        """The exact check."""
        projects = self.enterprise_project_id
        return (
            _any_like(self.name, [server.name])
            and (not self.status or server.status.upper() in self.status)
            and _any_like(self.ip, [address.ip for address in server.addresses])
            and (not self.flavor or server.flavor in self.flavor)
            and (
                not projects
                or not server.enterprise_project_id  # not every answer shows it: then the API's word counts
                or server.enterprise_project_id in projects
                or EVERY_ENTERPRISE_PROJECT in projects
            )
            and all(_has_tag(server, key, values) for key, values in self.tags.items())
            and not any(_has_tag(server, key, values) for key, values in self.not_tags.items())
        )


def parse_filter(raw: object, where: str) -> Filter:
    """A Filter from an option's value, `where` naming it in messages. Raises ConfigurationError."""
    if not isinstance(raw, Mapping):
        raise ConfigurationError(f"{where} must be a map with some of the keys {', '.join(KEYS)}.")
    unknown = sorted(set(raw) - set(KEYS))
    if unknown:
        raise ConfigurationError(f"{where} does not know {', '.join(unknown)}; its keys are {', '.join(KEYS)}.")
    not_tags = raw.get("not_tags") or {}
    if isinstance(not_tags, (list, str)):
        not_tags = dict.fromkeys([not_tags] if isinstance(not_tags, str) else not_tags, "")
    return Filter(
        name=_texts(raw.get("name")),
        status=tuple(it.upper() for it in _texts(raw.get("status"))),
        ip=_texts(raw.get("ip")),
        flavor=_texts(raw.get("flavor")),
        enterprise_project_id=_texts(raw.get("enterprise_project_id")),
        tags=_tag_tests(raw.get("tags") or {}, f"{where}.tags"),
        not_tags=_tag_tests(not_tags, f"{where}.not_tags"),
    )


def _tag_tests(raw: object, where: str) -> TagTests:
    if not isinstance(raw, Mapping):
        raise ConfigurationError(f"{where} must be a map of tag key to value.")
    return {str(key): _texts(value) for key, value in raw.items()}


def _texts(value: Any) -> tuple[str, ...]:
    """One value or a list of them as texts; YAML's true is the text `true`; empty ones are left out."""
    values = value if isinstance(value, list) else [value]
    texts = (str(it).lower() if isinstance(it, bool) else str(it) for it in values if it is not None)
    return tuple(text for text in texts if text)


def _single(values: tuple[str, ...]) -> tuple[str, ...]:
    """The value when there is exactly one: the API takes no alternatives."""
    return values if len(values) == 1 else ()


def _is_private_ipv4(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == 4 and address.is_private


def _any_like(patterns: tuple[str, ...], texts: list[str]) -> bool:
    return not patterns or any(
        fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) if _WILDCARD.search(pattern) else text == pattern
        for pattern in patterns
        for text in texts
    )


def _has_tag(server: Server, key: str, values: tuple[str, ...]) -> bool:
    return key in server.tags and (not values or server.tags[key] in values)
