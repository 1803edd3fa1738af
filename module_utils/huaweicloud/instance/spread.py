"""Which zones new servers go to, which servers go away, and what new ones are called. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from .seen import Instance


def grow(zones: Sequence[str], present: Counter[str], count: int) -> dict[str, int]:
    """Zone -> how many of `count` new servers it gets: always the emptiest zone next, the first named among equals.

    Without zones the cloud chooses one: `{"": count}`.
    """
    if not zones:
        return {"": count} if count else {}
    load = {zone: present[zone] for zone in zones}
    new: Counter[str] = Counter()
    for _ in range(count):
        emptiest = min(zones, key=lambda zone: load[zone] + new[zone])
        new[emptiest] += 1
    return {zone: new[zone] for zone in zones if new[zone]}


def shrink(instances: Sequence[Instance], zones: Sequence[str], count: int, rule: str) -> list[Instance]:
    """The `count` servers to delete, in this order: broken ones (ERROR), those in a zone not asked for, then always one
    of the fullest zone, by `rule`: the newest, the oldest, or the last by name (numbers count as numbers).
    """
    left = _ordered(instances, rule)
    victims: list[Instance] = []
    for _ in range(min(count, len(left))):
        chosen = _next_victim(left, zones)
        left.remove(chosen)
        victims.append(chosen)
    return victims


def _next_victim(left: Sequence[Instance], zones: Sequence[str]) -> Instance:
    broken = [it for it in left if it.server.status == "ERROR"]
    stray = [it for it in left if zones and it.server.availability_zone not in zones]
    if broken or stray:
        return (broken or stray)[0]
    load = Counter(it.server.availability_zone for it in left)
    fullest = max(load.values())
    return next(it for it in left if load[it.server.availability_zone] == fullest)


def _ordered(instances: Sequence[Instance], rule: str) -> list[Instance]:
    """Those that go first come first. Names and ids settle ties, so that two runs choose the same."""
    ordered = sorted(instances, key=lambda it: (natural(it.name), it.id), reverse=True)
    # Times are ISO 8601 in one form and zone: the order of the texts is the order in time.
    if rule != "name":
        ordered.sort(key=lambda it: it.created, reverse=rule == "newest")
    return ordered


def natural(text: str) -> list[tuple[int, int | str]]:
    """A sort key in which hz-2 comes before hz-10."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", text) if part]


def numbered(base: str, count: int, taken: Collection[str]) -> list[str]:
    """The first `count` names base-0001 … in a row that are free: the API numbers the servers of one request itself,
    on from the number the name ends with (ECS API, 'Creating ECSs').
    """
    used = {int(match[1]) for name in taken if (match := re.fullmatch(re.escape(base) + r"-(\d{4})", name))}
    start = 1
    while hit := [number for number in range(start, start + count) if number in used]:
        start = hit[-1] + 1
    return [f"{base}-{number:04d}" for number in range(start, start + count)]
