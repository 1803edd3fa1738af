"""Servers in, hosts out: unique names, the address to connect to, variables, groups, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError
from ..redact import without_secrets
from ..servers import Server
from .addresses import Bastion, Network, NotReachableError, Reach, choose, reach
from .groups import GroupNames

Variables = dict[str, Any]
Render = Callable[[str, Mapping[str, Any]], str]
"""A Jinja template over a host's variables -> text, empty when it does not apply to this host."""

NAME_CHOICES = ("name", "id", "private_ipv4", "public_ipv4", "ipv6")

VARIABLES = (
    "id",
    "name",
    "status",
    "region",
    "project_id",
    "availability_zone",
    "flavor",
    "image_id",
    "vpc_id",
    "private_ipv4",
    "public_ipv4",
    "tags",
    "security_groups",
)

# A server may be called like these; as a host of that name it would stand for something else.
RESERVED_NAMES = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the inventory: its variables (`ansible_host` among them) and `(group, parent)` pairs."""

    name: str
    variables: Variables
    groups: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class HostRules:
    """How servers become hosts; the fields are the plugin's options of the same names."""

    hostnames: Sequence[str] = ("name",)
    connect_with: Sequence[str] = ("private_ipv4",)
    network: str | Network | None = None
    bastion: Bastion | None = None
    prefix: str = "ecs_"
    suffix: str = ""


@dataclass
class Problems:
    """Sentences for the person, many servers of one kind in one sentence."""

    sentences: list[str] = field(default_factory=list)
    _left_out: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, server: Server, reason: str) -> None:
        self._left_out.setdefault(reason, []).append(f"{server.name or '(no name)'} [{server.id}]")

    def all(self) -> list[str]:
        """Every sentence: at most five servers are named in each, the others counted."""
        left_out = [
            f"Left out, {len(servers)} server{'s' if len(servers) > 1 else ''} ({reason}): {_some(servers)}."
            for reason, servers in self._left_out.items()
        ]
        return self.sentences + left_out


def make_hosts(
    servers: Iterable[tuple[Server, Variables]],
    rules: HostRules,
    groups: GroupNames,
    render: Render,
    *,
    taken: Collection[str] = (),
    full: bool = False,
) -> tuple[list[Host], list[str]]:
    """Hosts in the order of `servers` (each with the API's own object), and the sentences to warn with.

    `taken` are names a host must not have (groups that exist already); `full` adds the API's object as a variable.
    """
    problems = Problems()
    # Made once: twenty thousand hosts share them, in memory and in every look-up.
    names = [f"{rules.prefix}{name}{rules.suffix}" for name in VARIABLES]
    drafts = []
    for server, raw in servers:
        reachable = reach(server, rules.network)
        variables = _variables(server, reachable, names)
        if full:
            variables[f"{rules.prefix}server{rules.suffix}"] = without_secrets(raw)
        try:
            variables.update(_connection(server, reachable, rules))
        except NotReachableError as error:
            problems.leave_out(server, str(error))
            continue
        name = _name(server, reachable, variables, rules.hostnames, render)
        drafts.append((server, name, variables, tuple(groups.of(server))))
    made = (group for *_, pairs in drafts for pair in pairs for group in pair if group)
    forbidden = RESERVED_NAMES.union(taken, made)
    unique = _unique([(server.id, name) for server, name, *_ in drafts], forbidden, problems)
    problems.sentences.extend(groups.problems())
    hosts = [Host(name, variables, pairs) for name, (_, _, variables, pairs) in zip(unique, drafts, strict=True)]
    return hosts, problems.all()


def _variables(server: Server, reachable: Reach, names: Sequence[str]) -> Variables:
    """The lean variables in the order of VARIABLES."""
    values = (
        server.id,
        server.name,
        server.status,
        server.region,
        server.project_id,
        server.availability_zone,
        server.flavor,
        server.image_id,
        server.vpc_id,
        reachable.private_ipv4,
        reachable.public_ipv4,
        dict(server.tags),
        list(server.security_groups),
    )
    return dict(zip(names, values, strict=True))


def _connection(server: Server, reachable: Reach, rules: HostRules) -> Variables:
    address, public = choose(server, reachable, rules.connect_with)
    jump = rules.bastion.jump_for(server) if rules.bastion and not public else None
    return {"ansible_host": address, **({"ansible_ssh_common_args": f"-o ProxyJump={jump}"} if jump else {})}


def check_hostnames(hostnames: Sequence[str]) -> None:
    """Raises ConfigurationError for a preference that is neither a known word, `tag:KEY` nor a template."""
    for preference in hostnames:
        if preference not in NAME_CHOICES and not preference.startswith("tag:") and not is_template(preference):
            raise ConfigurationError(
                f"hostnames: {preference!r} is none of {', '.join(NAME_CHOICES)}, tag:KEY or a template with braces."
            )


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def _name(server: Server, reachable: Reach, variables: Variables, hostnames: Sequence[str], render: Render) -> str:
    """The first preference that gives a name; the id, which every server has, when none does."""
    for preference in hostnames:
        if is_template(preference):
            name = render(preference, variables).strip()
        elif preference.startswith("tag:"):
            name = server.tags.get(preference.removeprefix("tag:"), "")
        elif preference in ("name", "id"):
            name = getattr(server, preference)
        else:
            name = getattr(reachable, preference) or ""
        if name:
            return name
    return server.id


def _unique(named: Sequence[tuple[str, str]], forbidden: Collection[str], problems: Problems) -> list[str]:
    """Names no two servers share: every `(id, name)` with a shared or forbidden name becomes `name_<id>`."""
    count = Counter(name for _, name in named)
    shared = sorted(name for name, times in count.items() if times > 1)
    if shared:
        problems.sentences.append(
            f"Servers share a name and are called NAME_<id> instead: {_some([f'{it} ({count[it]})' for it in shared])}."
        )
    clashing = sorted(name for name in count if name in forbidden)
    if clashing:
        problems.sentences.append(
            f"Servers are named like a group or like this machine and are called NAME_<id> instead: {_some(clashing)}."
        )
    ids = [id_ for id_, _ in named]
    names = [f"{name}_{id_}" if count[name] > 1 or name in forbidden else name for id_, name in named]
    # A third server may really be called NAME_<id>; its own id at the end settles that too.
    while len(again := Counter(names)) < len(names):
        names = [f"{name}_{id_}" if again[name] > 1 else name for id_, name in zip(ids, names, strict=True)]
    return names


def _some(items: Sequence[str]) -> str:
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
