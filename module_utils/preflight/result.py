"""The result of a preflight, as docs/schemas/preflight-result.json has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .checks import FAILED, OK, UNTRIED
from .subject import Subject

SCHEMA = "1"


def make(subjects: Sequence[Subject], now: datetime) -> dict[str, Any]:
    counts = Counter(check.state for subject in subjects for check in subject.checks)
    return {
        "schema": SCHEMA,
        "checked_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ok": not counts[FAILED],
        "counts": {state: counts[state] for state in (OK, FAILED, UNTRIED)},
        "subjects": [subject.as_dict() for subject in subjects],
    }


def verdict(result: dict[str, Any]) -> str:
    """One sentence."""
    red, green = result["counts"][FAILED], result["counts"][OK]
    if not red:
        return f"All {green} checks are green."
    return f"{red} of {red + green} check{'' if red + green == 1 else 's'} {'is' if red == 1 else 'are'} red."
