"""Which requests came in: the newest ones and a count of all, to prove what was called and what was not."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lab.faults import grammar

KEPT = 5000


class ForgottenError(ValueError):
    """What was asked for is older than what is kept. The message is one sentence for a person."""


@dataclass(frozen=True)
class Entry:
    """One request. `who` is an access key, "token", or a server's id; `status` 0 means never answered.

    `route` is the template (/v1/{project_id}/jobs/{job_id}), `faults` the kinds that had an effect, `number` counts
    all requests of the process.
    """

    time: str
    method: str
    operation: str
    region: str
    route: str
    path: str
    status: int
    milliseconds: float
    who: str
    request_id: str
    faults: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Count:
    """How often an operation was answered to somebody with a status."""

    operation: str
    region: str
    who: str
    status: int
    requests: int


@dataclass(frozen=True)
class Report:
    """`last` is the number of the newest request: what to give as `since` to see only later ones."""

    last: int
    counts: tuple[Count, ...]

    @property
    def total(self) -> int:
        return sum(count.requests for count in self.counts)


class Journal:
    """The last KEPT entries, and counts of everything since the process started or the journal was cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, str, str, int]] = Counter()

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._last += 1
            self._entries.append(replace(entry, number=self._last))
            self._counts[_key(entry)] += 1

    def clear(self) -> None:
        """Forget all entries; their numbers are not given again."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()

    def entries(self) -> list[Entry]:
        """The newest entries, oldest first."""
        with self._lock:
            return list(self._entries)

    def report(self, since: int = 0, routes: Iterable[str] = ()) -> Report:
        """The counts, of requests after number `since` and on these routes (as a fault's; none: all).

        Raises ForgottenError when some of them are no longer kept, FaultError for a route without an operation: a proof
        must not be made of half the evidence, or of a misspelt name.
        """
        chosen = tuple(routes)
        for route in chosen:
            grammar.check_route(route)
        with self._lock:
            counts: Counter[tuple[str, str, str, int]] = self._counts
            if since:
                oldest = self._entries[0].number if self._entries else self._last + 1
                if since < min(oldest - 1, self._last):
                    raise ForgottenError(f"Requests before number {oldest} are forgotten: ask from there on.")
                counts = Counter(_key(entry) for entry in self._entries if entry.number > since)
            found = sorted(
                (key, count)
                for key, count in counts.items()
                if not chosen or any(grammar.fits(route, key[0], key[1]) for route in chosen)
            )
            return Report(self._last, tuple(Count(*key, count) for key, count in found))


def _key(entry: Entry) -> tuple[str, str, str, int]:
    return entry.operation, entry.region, entry.who, entry.status
