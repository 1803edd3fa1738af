"""What a run did and what is there now, in the shape every path returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .seen import Instance
from .spread import natural
from .wanted import Wanted

Json = dict[str, Any]

_VOLATILE = ("created", "fault")


@dataclass
class Outcome:
    """`before` and `after`: the servers of each entry. `steps`: what was set about, or, `predicted`, would be."""

    entries: Sequence[Wanted]
    before: list[list[Instance]] = field(default_factory=list)
    after: list[list[Instance]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    differences: list[Json] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    predicted: bool = False

    def result(self) -> Json:
        """The module's result: the same keys in every path, after a failure too."""
        instances = [it for entry in self.after for it in sorted(entry, key=lambda it: (natural(it.name), it.id))]
        one = len(self.entries) == 1 and self.entries[0].count is None
        # A job that failed may have done more than is known here.
        done = self.created or self.changed or self.deleted or self.jobs
        return {
            "changed": bool(done or (self.predicted and self.steps)),
            "instance": instances[0].result() if one and instances else None,
            "instances": [it.result() for it in instances],
            "instance_ids": [it.id for it in instances if it.id],
            "created_ids": self.created,
            "changed_ids": sorted(set(self.changed) - set(self.created) - set(self.deleted)),
            "deleted_ids": self.deleted,
            "job_ids": self.jobs,
            "steps": self.steps,
            "differences": self.differences,
        }

    def diff(self) -> Json:
        """Before and after of the servers that differ, by name and id."""
        before, after = _views(self.before), _views(self.after)
        equal = {key for key in before if after.get(key) == before[key]}
        return {
            "before": {key: it for key, it in before.items() if key not in equal},
            "after": {key: it for key, it in after.items() if key not in equal},
        }


def _views(entries: Sequence[Sequence[Instance]]) -> Json:
    """By id, or by name for those that have none yet: a renamed server is one that differs, not two."""
    return {it.id or it.name: _view(it) for entry in entries for it in entry if not it.leaving}


def _view(instance: Instance) -> Json:
    """What is worth a line of a diff: not what is unknown or empty, nor what changes by itself."""
    return {name: it for name, it in instance.result().items() if name not in _VOLATILE and it not in (None, [], {})}
