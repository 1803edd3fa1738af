"""Which requests came in: the newest ones and a count per route, to prove what was called and what was not."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

KEPT = 1000


@dataclass(frozen=True)
class Entry:
    """One answered request. `route` is the template (/v1/{project_id}/jobs/{job_id}), `who` an access key or user."""

    time: str
    method: str
    route: str
    path: str
    status: int
    milliseconds: float
    who: str
    request_id: str


class Journal:
    """Append-only ring of the last KEPT entries; the counts cover everything since the process started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
            self._counts[entry.method, entry.route, entry.status] += 1

    def entries(self) -> list[Entry]:
        """The newest entries, oldest first."""
        with self._lock:
            return list(self._entries)

    def counts(self) -> dict[tuple[str, str, int], int]:
        """(method, route, status) -> how often."""
        with self._lock:
            return dict(self._counts)
