"""Security groups and floating addresses as chains: what depends on which hosts there are.

A new connection needs a group of its sender with an egress rule for it and a group of its receiver with an ingress
rule; answers need none (security groups are stateful). A host that no rule knows reaches nobody. For each group there
is a chain of what may go out (O<n>) and of what may come in (I<n>); SGOUT and SGIN say which hosts are in which group.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import settings as lab_settings
from lab.errors import LabError
from lab.hosts import files
from lab.hosts.driver import HostSpec
from lab.net import iptables
from lab.net.addresses import chain_name
from lab.net.iptables import restore_text
from lab.settings import LabSettings, Rule

OUT, IN, PUBLIC = "SGOUT", "SGIN", "PUBLIC"
LOCK = "filter.lock"


@dataclass(frozen=True)
class Card:
    """A network card on the lab's networks and the ids of its host's groups; `public` is its floating address."""

    address: str
    groups: tuple[str, ...]
    public: str | None = None


def chains(lab_id: str, table: str) -> tuple[str, ...]:
    """The chains of this module that others lead to."""
    names = {"filter": (OUT, IN), "nat": (PUBLIC,)}[table]
    return tuple(chain_name(lab_id, name) for name in names)


def refresh(directory: Path) -> None:
    """Make the chains from the files of the hosts in the lab's directory. Nothing to do for a lab without settings.

    Raises LabError when iptables fails or a file is damaged.
    """
    if not (directory / lab_settings.FILE_NAME).exists():
        return
    with (directory / LOCK).open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        try:
            settings = lab_settings.load(directory)
            hosts = list(cards(settings, files.specs(directory)))
        except (lab_settings.SettingsError, OSError, TypeError, ValueError) as error:
            raise LabError(f"The security groups cannot be enforced: {error}") from error
        iptables.restore(table(settings, hosts))


def cards(settings: LabSettings, hosts: Iterable[HostSpec]) -> Iterator[Card]:
    """Their cards. A host from before groups were enforced is in the first group of its region."""
    first = {subnet.id: region.security_groups[:1] for region in settings.regions for subnet in region.subnets}
    for host in hosts:
        for nic in host.nics:
            groups = host.security_groups or tuple(group.id for group in first.get(nic.subnet_id, ()))
            yield Card(nic.address, groups, nic.public_address)


def table(settings: LabSettings, hosts: list[Card]) -> str:
    """All chains of this module as iptables-restore(8) input."""
    lab = settings.lab_id
    every = [group for region in settings.regions for group in region.security_groups]
    number = {group.id: index for index, group in enumerate(every)}
    out, into = chain_name(lab, OUT), chain_name(lab, IN)
    names = [out, into, *(_chain(lab, kind, index) for kind in "OI" for index in number.values())]
    members = {group.id: [card.address for card in hosts if group.id in card.groups] for group in every}
    rules = [f"-A {into} ! -d {settings.cidr} -j ACCEPT"]
    for kind, entry, option in (("O", out, "-s"), ("I", into, "-d")):
        rules += [
            f"-A {entry} {option} {card.address} -j {_chain(lab, kind, number[group])}"
            for card in hosts
            for group in card.groups
            if group in number
        ]
        rules.append(f"-A {entry} -j DROP")
    for group in every:
        rules += _of_group(lab, number[group.id], group.rules, members, into)
    public = chain_name(lab, PUBLIC)
    nat = [f"-A {public} -d {card.public} -j DNAT --to-destination {card.address}" for card in hosts if card.public]
    return restore_text("filter", names, rules) + restore_text("nat", (public,), nat)


def _of_group(
    lab: str, index: int, rules: tuple[Rule, ...], members: Mapping[str, list[str]], into: str
) -> Iterator[str]:
    """A rule for each remote address range: out leads on to the receiver's groups, in is accepted."""
    for rule in rules:
        outward = rule.direction == "egress"
        option, chain, target = (
            ("-d", _chain(lab, "O", index), f"-g {into}") if outward else ("-s", _chain(lab, "I", index), "-j ACCEPT")
        )
        for remote in [rule.cidr] if rule.group_id is None else members.get(rule.group_id, []):
            yield f"-A {chain} {option} {remote} {matches(rule)}{target}"


def matches(rule: Rule) -> str:
    """The protocol and ports as iptables options, with a space behind them; "" for everything."""
    if rule.protocol == "any":
        return ""
    ports = f"--dport {rule.ports.replace('-', ':')} " if rule.ports else ""
    return f"-p {rule.protocol} {ports}"


def _chain(lab_id: str, kind: str, index: int) -> str:
    return chain_name(lab_id, f"{kind}{index}")
