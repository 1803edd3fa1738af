"""What is wrong in a verify result, and where it and the inventory of now say different things."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .plan import PlannedHost
from .result import Check, Member, Result, Value
from .words import address_order, count, listed, natural, split_address


@dataclass(frozen=True)
class Problem:
    """One thing that failed: `where` are the members that `what` is a clause about, "host (ip:port)" each.

    Without members `what` stands alone and is about the cluster. `facts` are (label, text), when the clause has not
    said them.
    """

    where: tuple[str, ...]
    what: str
    facts: tuple[tuple[str, str], ...] = ()


def problems(result: Result) -> tuple[Problem, ...]:
    """Everything in the result that is not as it must be; what is the same for several members is one problem.

    Members that say nothing come first: what the cluster and the other members complain of mostly follows from them.
    """
    mute: list[Problem] = []
    others: list[Problem] = []
    for member in sorted(result.members, key=lambda member: address_order(member.address)):
        (others if member.uuid or member.sees else mute).extend(_member_problems(member, result))
    absent = [Problem((address,), "is expected, and the result has no member there") for address in silent(result)]
    cluster = [_failed((), check) for check in result.checks if not check.ok]
    found = [*mute, *absent, *cluster, *others]
    if not result.ok and not found:
        found.append(Problem((), "The result is marked as failed, without a reason"))
    return _merged(found)


def _member_problems(member: Member, result: Result) -> list[Problem]:
    at = (f"{member.host} ({member.address})",)
    found = [_failed(at, check) for check in member.checks if not check.ok]
    if result.expected and member.address not in result.expected:
        found.append(Problem(at, "is a member that was not expected"))
    if not member.ok and not found:
        found.append(Problem(at, "is marked as failed, without a reason"))
    return found


def _merged(found: Iterable[Problem]) -> tuple[Problem, ...]:
    places: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, ...]] = {}
    for problem in found:
        same = (problem.what, problem.facts)
        places[same] = places.get(same, ()) + problem.where
    return tuple(Problem(where, what, facts) for (what, facts), where in places.items())


def silent(result: Result) -> tuple[str, ...]:
    """The addresses where a member was expected and none is in the result."""
    known = {member.address for member in result.members}
    return tuple(sorted((a for a in result.expected if a not in known), key=address_order))


def differences(
    result: Result, planned: Collection[PlannedHost], inventory: Mapping[str, PlannedHost]
) -> tuple[str, ...]:
    """Sentences on what changed in the inventory since the result: hosts added, taken away, moved or not running."""
    checked: dict[str, set[str]] = {}
    for member in result.members:
        checked.setdefault(member.host, set()).add(split_address(member.address)[0])
    awaited = {split_address(address)[0] for address in silent(result)}
    names = {host.name for host in planned}
    found = []
    for host in sorted(planned, key=lambda host: natural(host.name)):
        if host.name not in checked and host.address not in awaited:
            found.append(f"{host.name} ({host.address}) carries the tag now and was not part of the last check.")
        elif host.name in checked and host.address and host.address not in checked[host.name]:
            was = listed(sorted(checked[host.name], key=address_order))
            found.append(f"{host.name} has the address {host.address} now; it was checked at {was}.")
        if host.status not in ("", "ACTIVE"):
            found.append(f"{host.name} is {host.status} now.")
    for name in sorted(set(checked) - names, key=natural):
        gone = "no longer carries the tag" if name in inventory else "is no longer in the inventory"
        found.append(f"{name} was part of the last check and {gone}.")
    return tuple(found)


@dataclass(frozen=True)
class CheckLine:
    """A check of the cluster, or one asked of every member summed up: `outcome` is what came out, in a few words."""

    name: str
    ok: bool
    outcome: str


def check_lines(result: Result) -> tuple[CheckLine, ...]:
    """What was checked, each name once."""
    lines = [CheckLine(_words(check.name), check.ok, _outcome(check)) for check in result.checks]
    asked: dict[str, list[bool]] = {}
    for member in result.members:
        for check in member.checks:
            asked.setdefault(check.name, []).append(check.ok)
    for name, outcomes in asked.items():
        right = sum(outcomes)
        outcome = f"{right} of {count(len(outcomes), 'member')}"
        lines.append(CheckLine(_words(name), right == len(outcomes), outcome))
    return tuple(lines)


def _failed(where: tuple[str, ...], check: Check) -> Problem:
    named = f"fails the check {_words(check.name)}" if where else f"The check {_words(check.name)} failed"
    facts = _facts(check)
    told = check.reason and any(_says(check.reason, text) for _label, text in facts)
    return Problem(where, check.reason or named, () if told else facts)


def _outcome(check: Check) -> str:
    """What came out: `20 of 30` for a count that falls short."""
    actual = _joined(check.actual)
    return actual if check.ok or not actual.isdecimal() else f"{actual} of {_joined(check.expected)}"


def _says(sentence: str, text: str) -> bool:
    """Whether the text is in the sentence as a word of its own: 5 is not in 5701."""
    return re.search(rf"(?<![\w.:-]){re.escape(text)}(?![\w:-])", sentence) is not None


def _facts(check: Check) -> tuple[tuple[str, str], ...]:
    """What was expected and what was found; of two lists only what one has and the other has not."""
    if isinstance(check.expected, tuple) and isinstance(check.actual, tuple) and check.actual:
        missing = tuple(item for item in check.expected if item not in check.actual)
        surplus = tuple(item for item in check.actual if item not in check.expected)
        pairs = [("missing", _joined(missing)), ("unexpected", _joined(surplus))]
        return tuple((label, text) for label, text in pairs if text)
    if {check.expected, check.actual} == {"true", "false"}:
        return ()  # a yes or no: that it failed says it all
    if not check.actual:
        return (("found", "nothing"),) if check.expected else ()
    return (("expected", _joined(check.expected) or "nothing"), ("found", _joined(check.actual)))


def _joined(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
