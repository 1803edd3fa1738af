"""Where the members of a host are, and what stands between two hosts that do not hear each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Check, failed

OPEN, SILENT, REFUSED = "open", "silent", "refused"


@dataclass(frozen=True)
class Seat:
    """A host as its peers need it. ``listening``: ports held open for the preflight; ``running``: those of members."""

    host: str
    address: str
    network: str = ""
    security_groups: Sequence[str] = ()
    listening: Sequence[int] = ()
    running: Sequence[int] = ()


@dataclass(frozen=True)
class Wall:
    """``port`` of ``target`` did not open to ``source``; ``how`` is SILENT, REFUSED or the system's own words."""

    source: str
    target: str
    port: int
    how: str


def wall_check(target: Seat, sources: Sequence[Seat], ports: Sequence[int], how: str) -> Check:
    """The failed check on ``target``: none of ``sources`` opened ``ports`` there, all in the same way."""
    numbers = ", ".join(map(str, sorted(set(ports))))
    names = _listed([source.host for source in sources])
    said = f"TCP {numbers} of {target.host} ({target.address}) does not open from {names}: {_seen(how)}"
    return failed("member_ports", said, _way_out(target, sources, numbers, how))


def _seen(how: str) -> str:
    return {SILENT: "no answer", REFUSED: "the connection is refused"}.get(how, how)


def _way_out(target: Seat, sources: Sequence[Seat], numbers: str, how: str) -> str:
    if how == REFUSED:
        # Somebody listened: what refuses stands on the host itself. Security groups drop.
        return f"A packet filter on {target.host} refuses it: allow TCP {numbers} there (nft list ruleset)."
    rule = (
        f"{_groups(target)} of {target.host} lacks an ingress rule: TCP {numbers} from {_origin(target, sources)}. "
        f"Add it; if it is there, look at the egress rules of {_listed([source.host for source in sources])}."
    )
    foreign = sorted({source.network for source in sources if source.network and target.network} - {target.network})
    if not foreign:
        return rule
    between = f"VPC {_listed(foreign)} and VPC {target.network}"
    return f"Between {between} a route is needed (VPC Peering, Cloud Connect). {rule}"


def _groups(seat: Seat) -> str:
    if not seat.security_groups:
        return "The security group"
    return f"Security group {' or '.join(f'`{name}`' for name in seat.security_groups)}"


def _origin(target: Seat, sources: Sequence[Seat]) -> str:
    """A group can only be named within one VPC; addresses always can."""
    addresses = _listed([f"{source.address}/32" for source in sources])
    groups = sorted({name for source in sources for name in source.security_groups})
    if not groups or any(source.network != target.network for source in sources):
        return addresses
    return f"security group {_listed([f'`{name}`' for name in groups])} (or {addresses})"


def _listed(items: Sequence[str]) -> str:
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last
