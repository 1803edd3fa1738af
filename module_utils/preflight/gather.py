"""What a run of playbooks/preflight.yml heard of each host -> hosts with their checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from . import login
from .checks import OK, Check, failed, ok, untried
from .seats import Seat, Wall, wall_check
from .subject import Kind, Subject

Heard = Mapping[str, Any]
"""A host of the inventory: `name address region zone status cluster security_groups`, `unknown_key`, and the results of
the tasks (`login system packages fit met`), empty where a task did not run."""

MOST_SPREAD_S = 30
"""Seconds two clocks of a cluster may differ. Through Ansible they are not read more exactly than to a few."""


def subjects(heard: Sequence[Heard]) -> list[Subject]:
    """One for each host that was part of the run."""
    asked = [host for host in heard if host["login"]]
    ports = _port_checks(asked)
    clocks = _clock_checks(asked)
    return [
        Subject(
            Kind.HOST,
            host["name"],
            (*_own(host), *clocks.get(host["name"], ()), *ports.get(host["name"], ())),
            " / ".join(part for part in (host["region"], host["zone"]) if part),
            host["address"],
        )
        for host in asked
    ]


def bastions(entered: Sequence[Mapping[str, str]]) -> list[Subject]:
    """One for each bastion that servers are reached through; ``entered`` as M(ssh_bastions) returns it."""
    return [
        Subject(Kind.BASTION, each["name"], (login.bastion(each["name"], each["trouble"]),), each["place"])
        for each in entered
    ]


def _own(host: Heard) -> Iterable[Check]:
    """What the host itself showed, up to where it could not be asked on."""
    answer = host["login"]
    if not answer.get("login"):
        yield login.refused(
            host["address"],
            str(answer.get("said") or answer.get("msg") or ""),
            status=host["status"],
            unknown_key=host["unknown_key"],
            groups=host["security_groups"],
        )
        return
    yield login.accepted(host["address"], answer["login"])
    python = login.python(answer["stdout"] if answer["rc"] == 0 else "")
    yield python
    if python.state == OK:
        yield from _system(host)
        for name in ("packages", "fit"):
            yield from _from_module(name, host[name])


def _system(host: Heard) -> Iterable[Check]:
    system = host["system"]
    if system.get("refusal"):
        yield failed("os", str(system["refusal"]).rstrip("."), "The roles jdk and time_sync say what they work on.")
    elif system:
        yield ok("os", system["name"])


def _from_module(name: str, result: Mapping[str, Any]) -> Iterable[Check]:
    if "checks" in result:
        yield from (Check(**check) for check in result["checks"])
    elif _ran(result):
        said = str(result.get("msg") or "no answer").strip().splitlines()[-1]
        yield failed(name, f"it could not be asked: {said}", "Run again with -vvv to see what the host answers.")


def _ran(result: Mapping[str, Any]) -> bool:
    return bool(result) and not result.get("skipped")


def _clock_checks(asked: Sequence[Heard]) -> dict[str, list[Check]]:
    """Those whose clock is far from their cluster's median."""
    offsets: dict[str, dict[str, float]] = {}
    for host in asked:
        if "clock_offset_s" in host["fit"]:
            offsets.setdefault(host["cluster"], {})[host["name"]] = host["fit"]["clock_offset_s"]
    found = {}
    for cluster in offsets.values():
        middle = median(cluster.values())
        for name, offset in cluster.items():
            if abs(offset - middle) > MOST_SPREAD_S:
                side = "ahead of" if offset > middle else "behind"
                said = f"its clock is {abs(offset - middle):.0f} s {side} those of its cluster"
                found[name] = [failed("peer_clocks", said, "Set it (chronyc makestep) and see that chronyd runs.")]
    return found


def _port_checks(asked: Sequence[Heard]) -> dict[str, list[Check]]:
    """Of each host with a seat, whether the others of its cluster opened its members' ports."""
    seats = {host["name"]: Seat(**host["fit"]["seat"]) for host in asked if "seat" in host["fit"]}
    clusters = {host["name"]: host["cluster"] for host in asked}
    walls = [Wall(**wall) for host in asked for wall in host["met"].get("walls", ())]
    callers = [host["name"] for host in asked if "walls" in host["met"] and host["name"] in seats]
    return {
        name: _ports_of(
            seat,
            [seats[caller] for caller in callers if caller != name and clusters[caller] == clusters[name]],
            [wall for wall in walls if wall.target == name],
        )
        for name, seat in seats.items()
    }


def _ports_of(seat: Seat, callers: Sequence[Seat], walls: Sequence[Wall]) -> list[Check]:
    ports = sorted({*seat.listening, *seat.running})
    if not callers or not ports:
        why = "its ports are not free" if callers else "no other host of its cluster could be asked"
        return [untried("member_ports", why)]
    found = []
    by_name = {caller.host: caller for caller in callers}
    for how in sorted({wall.how for wall in walls}):
        met = [wall for wall in walls if wall.how == how]
        sources = [by_name[name] for name in sorted({wall.source for wall in met})]
        found.append(wall_check(seat, sources, [wall.port for wall in met], how))
    if found:
        return found
    return [ok("member_ports", f"TCP {', '.join(map(str, ports))} opens from {', '.join(sorted(by_name))}")]
