"""Who runs where: regions > availability zones > hosts > members, from the inventory and the results together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import compare
from .plan import Plan, PlannedHost
from .result import ClusterKey, Member, Result
from .view import HostView, Mark, RegionView, Seat, SeatState, ZoneView
from .words import address_order, natural, split_address

NO_REGION = "Region unknown"
NO_ZONE = "zone unknown"


@dataclass
class _Place:
    """A host while its members are collected: (cluster, address, state), the address empty while nobody knows it."""

    host: PlannedHost
    known: bool
    seats: list[tuple[ClusterKey, str, SeatState]] = field(default_factory=list)


def regions(
    plan: Plan, results: Mapping[ClusterKey, Result], mark_of: Mapping[ClusterKey, Mark]
) -> tuple[RegionView, ...]:
    """Every host that is or was part of a cluster, in its place; what is unknown comes last."""
    found = {host.name: _Place(host, known=True) for host in plan.hosts}
    hosts = by_address(plan.hosts)
    planned = {(host.name, key) for host in plan.hosts for key in host.clusters}
    for key, result in results.items():
        for member in result.members:
            place = found.get(member.host) or found.setdefault(member.host, _Place(_unlisted(member), known=False))
            state = member_state(member, result)
            if state is SeatState.OK and (member.host, key) not in planned:
                state = SeatState.UNPLANNED
            place.seats.append((key, member.address, state))
        for address in compare.silent(result):
            host = host_at(address, hosts) or PlannedHost(split_address(address)[0], split_address(address)[0])
            found.setdefault(host.name, _Place(host, known=False)).seats.append((key, address, SeatState.SILENT))
    for name, key in planned:
        if not any(seat[0] == key for seat in found[name].seats):
            found[name].seats.append((key, "", SeatState.UNCHECKED))
    return _grouped([place for place in found.values() if place.seats], mark_of)


def member_state(member: Member, result: Result) -> SeatState:
    """As the result says; a member that was not expected, or has a failed check, is not ok."""
    expected = not result.expected or member.address in result.expected
    if member.ok and expected and all(check.ok for check in member.checks):
        return SeatState.OK
    return SeatState.FAILED if member.uuid or member.sees else SeatState.SILENT


def by_address(hosts: Iterable[PlannedHost]) -> dict[str, list[PlannedHost]]:
    """Hosts by address: peered networks may hold one address twice."""
    found: dict[str, list[PlannedHost]] = {}
    for host in hosts:
        found.setdefault(host.address, []).append(host)
    return found


def host_at(address: str, hosts: Mapping[str, list[PlannedHost]]) -> PlannedHost | None:
    """The only host at this "ip:port", or None."""
    at = hosts.get(split_address(address)[0], [])
    return at[0] if len(at) == 1 else None


def _unlisted(member: Member) -> PlannedHost:
    return PlannedHost(member.host, split_address(member.address)[0], member.region, member.availability_zone)


def _grouped(places: Iterable[_Place], mark_of: Mapping[ClusterKey, Mark]) -> tuple[RegionView, ...]:
    tree: dict[str, dict[str, list[_Place]]] = {}
    for place in sorted(places, key=lambda place: natural(place.host.name)):
        zones = tree.setdefault(place.host.region, {})
        zones.setdefault(place.host.availability_zone, []).append(place)
    return tuple(
        RegionView(
            region or NO_REGION,
            tuple(
                ZoneView(
                    zone or NO_ZONE,
                    tuple(_host(place, mark_of) for place in tree[region][zone]),
                    sum(len(place.seats) for place in tree[region][zone]),
                )
                for zone in _unknown_last(tree[region])
            ),
        )
        for region in _unknown_last(tree)
    )


def _unknown_last(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (not name, natural(name)))


def _host(place: _Place, mark_of: Mapping[ClusterKey, Mark]) -> HostView:
    host = place.host
    order = list(mark_of)
    seats = sorted(place.seats, key=lambda seat: (order.index(seat[0]), address_order(seat[1])))
    status = host.status if host.status not in ("", "ACTIVE") else ""
    return HostView(
        name=host.name,
        address=host.address,
        seats=tuple(_seat(mark_of[key], address, state, host.address) for key, address, state in seats),
        note=status if place.known else "not in the inventory",
    )


def _seat(mark: Mark, address: str, state: SeatState, home: str) -> Seat:
    at, port = split_address(address)
    return Seat(mark, state, port=port, address=address) if at == home else Seat(mark, state, address=address)
