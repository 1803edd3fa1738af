"""Walks a list that is handed out in pages while servers come and go: no loop, no duplicate, no loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import AnswerError, ApiError

Json = dict[str, Any]

PASSES = 2
STALLS = 3
STEPS_BACK = 5


@dataclass(frozen=True)
class Page:
    """One answer: servers (each with an `id`) and how many match in all, None when the answer does not say."""

    servers: list[Json]
    total: int | None


@dataclass(frozen=True)
class Listing:
    """All servers of one query, each once, in the order of the API; `announced` is the API's own count."""

    servers: list[Json]
    announced: int | None

    @property
    def complete(self) -> bool:
        return self.announced is None or len(self.servers) >= self.announced


Fetch = Callable[[str | None], Page]


def list_all(fetch: Fetch, limit: int) -> Listing:
    """Every server that `fetch(marker)` gives, a marker being the id of the last server of the page before.

    When servers came or went during the walk, or it ended before the announced number, the list is walked once more:
    a server deleted between two pages may have ended the first walk early. Raises AnswerError for a list that never
    moves on.
    """
    found: dict[str, Json] = {}
    total: int | None = None
    for _ in range(PASSES):
        total, calm = _walk(fetch, limit, found)
        if calm:
            break
    return Listing(list(found.values()), total)


def _walk(fetch: Fetch, limit: int, found: dict[str, Json]) -> tuple[int | None, bool]:
    """One pass from the first page to the end; adds to `found`.

    Returns the last announced total, and whether nothing changed on the way and all that was announced was seen.
    """
    order: list[str] = []  # ids of this pass, to step back when the server a marker names is gone
    seen: set[str] = set()
    totals: set[int | None] = set()
    marker: str | None = None
    stalls = steps_back = 0
    calm = True
    while True:
        try:
            page = fetch(marker)
        except ApiError as error:
            steps_back += 1
            if marker is None or error.status not in (400, 404) or steps_back > STEPS_BACK:
                raise
            calm = False
            marker = order[-1 - steps_back] if len(order) > steps_back else None
            continue
        steps_back = 0
        new = [server for server in page.servers if server["id"] not in seen]
        for server in new:
            seen.add(server["id"])
            order.append(server["id"])
            found.setdefault(server["id"], server)
        totals.add(page.total)
        everything = page.total is not None and len(seen) >= page.total
        # A short page alone is no end: the service may cap pages below the limit asked for. Nor is a full one that
        # makes up the number, but for the first: servers seen on pages before may be gone, others not seen yet.
        last = not new or len(page.servers) < limit or marker is None
        if not page.servers or (everything and last):
            return page.total, calm and len(totals) == 1 and (everything or page.total is None)
        stalls = 0 if new else stalls + 1
        if stalls == STALLS:
            raise AnswerError(f"The list of servers does not move on after server {marker}.")
        marker = page.servers[-1]["id"] if new or stalls == 1 else order[-1]
