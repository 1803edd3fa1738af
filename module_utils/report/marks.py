"""A colour and an anchor for each cluster, the same ones on every page as long as the names stay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from .result import ClusterKey
from .view import Mark
from .words import natural

COLOURS = 12  # as many as page.css has
PATTERNS = 4


def assign(keys: Iterable[ClusterKey]) -> dict[ClusterKey, Mark]:
    """A mark for each cluster, in the order of the page.

    A name's hash says which colour it wants, and the next free one is taken when that is gone: up to 12 clusters have
    12 colours, and one cluster more moves few others. Further clusters use the colours again in another pattern.
    """
    taken: list[set[int]] = [set() for _ in range(PATTERNS)]
    anchors: set[str] = set()
    marks = {}
    for index, key in enumerate(sorted(set(keys), key=lambda key: (natural(key.system), natural(key.cluster)))):
        pattern = index // COLOURS % PATTERNS
        if len(taken[pattern]) == COLOURS:
            taken[pattern].clear()
        wanted = int(sha256(f"{key.system}={key.cluster}".encode(errors="replace")).hexdigest(), 16)
        colour = next(c for step in range(COLOURS) if (c := (wanted + step) % COLOURS) not in taken[pattern])
        taken[pattern].add(colour)
        marks[key] = Mark(key, colour + 1, pattern, _anchor(key, anchors))
    return marks


def _anchor(key: ClusterKey, taken: set[str]) -> str:
    base = "at-" + re.sub(r"[^A-Za-z0-9_-]+", "-", f"{key.system}-{key.cluster}").strip("-")
    anchor, number = base, 1
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor
