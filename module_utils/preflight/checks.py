"""One question of the preflight and what came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, FAILED, UNTRIED = "ok", "failed", "untried"


@dataclass(frozen=True)
class Check:
    """``said`` is what was found, a clause; ``way_out`` a sentence, of a failed check only.

    An untried check could not be asked, or need not be; ``said`` tells why.
    """

    name: str
    state: str
    said: str
    way_out: str = ""

    @property
    def trouble(self) -> str:
        """What went wrong and the way out of it, for a run that ends here."""
        return f"{self.said[:1].upper()}{self.said[1:].rstrip('.')}. {self.way_out}"


def ok(name: str, said: str) -> Check:
    return Check(name, OK, said)


def failed(name: str, said: str, way_out: str) -> Check:
    return Check(name, FAILED, said, way_out)


def untried(name: str, why: str) -> Check:
    return Check(name, UNTRIED, why)


def as_dicts(checks: list[Check]) -> list[dict[str, Any]]:
    return [asdict(check) for check in checks]


def from_dicts(items: list[dict[str, Any]]) -> list[Check]:
    return [Check(**item) for item in items]


def sentences(checks: list[Check]) -> str:
    """All that failed, as sentences; empty when nothing did."""
    return " ".join(check.trouble for check in checks if check.state == FAILED)
