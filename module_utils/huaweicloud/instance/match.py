"""Which servers an entry means. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ConfigurationError
from .seen import Instance
from .wanted import PLAN_TAG, Wanted


def match(wanted: Wanted, instances: Sequence[Instance]) -> list[Instance]:
    """The servers an entry means. Raises ConfigurationError when it means one and there are several."""
    if wanted.id:
        return [it for it in instances if it.id == wanted.id]
    if wanted.select:
        found = [it for it in instances if _has_tags(it, wanted.select)]
        if wanted.count is not None:
            return found
        # What somebody else made may be used under its name, but does not go.
        if found or not wanted.name or wanted.state == "absent":
            return _only(wanted, found)
    found = [it for it in instances if it.name == wanted.name]
    if len(found) > 1 and wanted.vpc:
        found = [it for it in found if it.server.vpc_id == wanted.vpc]
    return _only(wanted, found)


def _only(wanted: Wanted, found: list[Instance]) -> list[Instance]:
    staying = [it for it in found if not it.leaving]
    if len(staying) > 1:
        ids = ", ".join(sorted(it.id for it in staying))
        raise ConfigurationError(f"{wanted.where}: {len(staying)} servers are meant ({ids}): say which by id.")
    return staying or found


def _has_tags(instance: Instance, tags: Mapping[str, str]) -> bool:
    return all(instance.server.tags.get(key) == value for key, value in tags.items())


def is_borrowed(wanted: Wanted, instance: Instance) -> bool:
    """True for a server that a plan's entry finds by its name only: somebody else made it."""
    return PLAN_TAG in wanted.select and wanted.count is None and not _has_tags(instance, wanted.select)


def meant_twice(entries: Sequence[Wanted], matched: Sequence[Sequence[Instance]]) -> list[str]:
    """A sentence for each server, and each set of servers, that two entries mean."""
    keys: dict[str, str] = {}
    owners: dict[str, int] = {}
    problems = []
    for number, (wanted, instances) in enumerate(zip(entries, matched, strict=True)):
        if wanted.key in keys:
            problems.append(f"Two entries mean the same servers: {keys[wanted.key]} and {wanted.where}.")
            continue
        keys[wanted.key] = wanted.where
        for instance in instances:
            other = owners.setdefault(instance.id, number)
            if other != number:
                problems.append(f"{instance.label} is meant by two entries: {entries[other].where} and {wanted.where}.")
    return problems
