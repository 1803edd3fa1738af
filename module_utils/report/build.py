"""Results and plan -> the page's model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from . import compare, marks, places
from .plan import Plan, PlannedHost
from .result import ClusterKey, Member, Result
from .view import BadFile, ClusterView, Mark, MemberRow, OutsideHost, Page, SeatState, State
from .words import address_order, listed, natural, older


def page(results: Sequence[Result], plan: Plan, unreadable: Sequence[BadFile]) -> Page:
    """The page of these results (one per cluster), this inventory, and the result files that could not be used."""
    by_key = {result.key: result for result in results}
    planned = plan.clusters
    inventory = {host.name: host for host in plan.hosts}
    newest = max((result.checked_at for result in results), default=None)
    # What nobody plans any more is told by itself; the page's figures are those of the plan.
    current = [result for result in results if result.key in planned] or results
    mark_of = marks.assign([*planned, *by_key])
    lost = _by_cluster(unreadable)
    clusters = []
    for key, mark in mark_of.items():
        result, hosts = by_key.get(key), planned.get(key, ())
        if result and newest:
            clusters.append(_verified(mark, result, hosts, inventory, older(result.checked_at, newest)))
        else:
            state = State.UNREADABLE if key in lost else State.NEVER
            clusters.append(ClusterView(mark, state, len(hosts), _WAY_OUT[state], unreadable=lost.get(key)))
    regions = places.regions(plan, by_key, mark_of)
    tallies = Counter(cluster.state for cluster in clusters)
    verdict = _verdict(tallies)
    return Page(
        verdict=verdict,
        good=bool(clusters) and set(tallies) == {State.WHOLE} and not unreadable,
        tallies=tuple((state, tallies[state]) for state in State if tallies[state]),
        summary=_summary(verdict, clusters, unreadable),
        clusters=tuple(clusters),
        regions=regions,
        outside=tuple(_outside(host) for host in _sorted(plan.hosts) if not host.clusters),
        unreadable=tuple(unreadable),
        members=sum(len(result.members) for result in current),
        hosts=len({member.host for result in current for member in result.members}),
        span=_span(current),
    )


def _span(results: Sequence[Result]) -> tuple[datetime, datetime] | None:
    times = sorted(result.checked_at for result in results)
    return (times[0], times[-1]) if times else None


_WAY_OUT = {
    State.BROKEN: "Mend what is named above, then run `ansible-playbook site.yml`: it ends with a new check.",
    State.UNREADABLE: "Delete the file and run `ansible-playbook site.yml`: it ends with a new check.",
    State.NEVER: "Run `ansible-playbook site.yml`: it makes the cluster and checks it.",
    State.DIFFERS: "Run `ansible-playbook site.yml`: it brings the cluster to the plan and checks it again.",
    State.STALE: "If the cluster is gone for good, delete its result file; if not, tag its servers again.",
    State.WHOLE: "",
}


def _verified(
    mark: Mark, result: Result, planned: tuple[PlannedHost, ...], inventory: Mapping[str, PlannedHost], age: str
) -> ClusterView:
    problems = compare.problems(result)
    # A cluster that nobody plans any more differs by being there; its hosts one by one say nothing new.
    differences = compare.differences(result, planned, inventory) if planned else ()
    if not planned:
        state = State.STALE
    elif problems:
        state = State.BROKEN
    else:
        state = State.DIFFERS if differences else State.WHOLE
    rows = sorted(
        [*(_row(member, result) for member in result.members), *_silent_rows(result, inventory)],
        key=lambda row: address_order(row.address),
    )
    return ClusterView(
        mark=mark,
        state=state,
        hosts=len({member.host for member in result.members}),
        way_out=_WAY_OUT[state],
        members=tuple(rows),
        members_ok=sum(row.state is SeatState.OK for row in rows),
        expected=len(result.expected),
        checks=compare.check_lines(result),
        problems=problems,
        differences=differences,
        versions=tuple(sorted({m.version for m in result.members if m.version}, key=natural)),
        checked_at=result.checked_at,
        older=age,
        asked_from=result.asked_from,
        duration_s=result.duration_s,
        source=result.source,
    )


def _row(member: Member, result: Result) -> MemberRow:
    expected, seen = set(result.expected), set(member.sees)
    return MemberRow(
        address=member.address,
        host=member.host,
        zone=member.availability_zone or member.region,
        state=places.member_state(member, result),
        version=member.version,
        uuid=member.uuid,
        sees=len(seen),
        missing=tuple(sorted(expected - seen, key=address_order)),
        extra=tuple(sorted(seen - expected, key=address_order)) if expected else (),
    )


def _silent_rows(result: Result, inventory: Mapping[str, PlannedHost]) -> Iterable[MemberRow]:
    hosts = places.by_address(inventory.values())
    for address in compare.silent(result):
        host = places.host_at(address, hosts)
        zone = (host.availability_zone or host.region) if host else ""
        yield MemberRow(address, host.name if host else "", zone, SeatState.SILENT)


def _by_cluster(unreadable: Sequence[BadFile]) -> dict[ClusterKey, BadFile]:
    """The files by the cluster whose result should be there: <system>/<cluster>.json."""
    found = {}
    for bad in unreadable:
        system, _slash, cluster = bad.source.removesuffix(".json").partition("/")
        found[ClusterKey(system, cluster)] = bad
    return found


def _sorted(hosts: Iterable[PlannedHost]) -> list[PlannedHost]:
    return sorted(hosts, key=lambda host: natural(host.name))


def _outside(host: PlannedHost) -> OutsideHost:
    place = " / ".join(part for part in (host.region, host.availability_zone) if part)
    tags = tuple(f"{key}={value}" if value else key for key, value in host.tags)
    return OutsideHost(host.name, host.address, place, tags)


def _verdict(tallies: Mapping[State, int]) -> str:
    """The page's one sentence, on the clusters that are planned; the worst news first."""
    total = sum(number for state, number in tallies.items() if state is not State.STALE)
    whole, broken = tallies.get(State.WHOLE, 0), tallies.get(State.BROKEN, 0)
    if not total:
        return "There is no cluster in the inventory."
    if broken:
        one = "The cluster is not whole." if total == 1 else f"{broken} of {total} clusters is not whole."
        return one if broken == 1 else f"{broken} of {total} clusters are not whole."
    if whole == total:
        return {1: "The cluster is whole.", 2: "Both clusters are whole."}.get(
            total, f"All {total} clusters are whole."
        )
    if total == 1:
        state = next(state for state in tallies if state is not State.STALE)
        return _LONE[state]
    return f"{whole} of {total} clusters {'is' if whole == 1 else 'are'} proven whole."


_LONE = {
    State.UNREADABLE: "The cluster's result cannot be read.",
    State.NEVER: "The cluster was never verified.",
    State.DIFFERS: "The cluster was whole; the plan has changed since.",
}


def _summary(verdict: str, clusters: Sequence[ClusterView], unreadable: Sequence[BadFile]) -> str:
    """One line for the terminal: the verdict, then by name whatever is not simply whole."""
    named = {state: listed(str(c.mark.key) for c in clusters if c.state is state) for state in State}
    line = verdict.removesuffix(".") + (f": {named[State.BROKEN]}" if named[State.BROKEN] else "")
    for state in (State.NEVER, State.DIFFERS, State.STALE):
        line += f"; {state.words}: {named[state]}" if named[state] else ""
    return line + (f"; not readable: {listed(bad.source for bad in unreadable)}" if unreadable else "")
