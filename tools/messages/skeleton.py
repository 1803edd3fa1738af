"""The form in which code and page are compared: constant words, and … for what varies."""

from __future__ import annotations

import re
from dataclasses import dataclass

HOLE = "…"


@dataclass(frozen=True, order=True)
class Message:
    """A skeleton and where it comes from, as "path:line"."""

    text: str
    place: str


def skeleton(text: str) -> str:
    """White space folded, neighbouring holes made one."""
    folded = " ".join(text.split())
    return re.sub(f"{HOLE}(?: ?{HOLE})+", HOLE, folded)


def words(text: str) -> int:
    """How many constant words a skeleton has."""
    return len(re.findall(r"[A-Za-z]{2,}", text))
