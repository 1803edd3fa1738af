"""A colour and an anchor for each cluster, the same ones on every page as long as the names stay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from .result import ClusterKey
from .view import Mark
from .words import natural

COLOURS = 12  # as many as page.css has; the first half are those most unlike each other
HALF = COLOURS // 2
PATTERNS = 4


def assign(keys: Iterable[ClusterKey]) -> dict[ClusterKey, Mark]:
    """A mark for each cluster, in the order of the page.

    Up to 6 clusters share the first 6 colours, 12 all of them, more use them again in another pattern. Within its six a
    name's hash says which colour it wants, and the next free one is taken when that is gone, so that one cluster more
    moves few others.
    """
    anchors: set[str] = set()
    free: list[int] = []
    marks = {}
    for index, key in enumerate(sorted(set(keys), key=lambda key: (natural(key.system), natural(key.cluster)))):
        six = index // HALF
        if not index % HALF:
            free = list(range(HALF))
        wanted = int(sha256(f"{key.system}={key.cluster}".encode(errors="replace")).hexdigest(), 16) % HALF
        colour = min(free, key=lambda each: (each - wanted) % HALF)
        free.remove(colour)
        marks[key] = Mark(key, colour + six % 2 * HALF + 1, six // 2 % PATTERNS, _anchor(key, anchors))
    return marks


def _anchor(key: ClusterKey, taken: set[str]) -> str:
    base = "at-" + re.sub(r"[^A-Za-z0-9_-]+", "-", f"{key.system}-{key.cluster}").strip("-")
    anchor, number = base, 1
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor
