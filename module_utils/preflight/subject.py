"""What a preflight examines, and the checks made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from .checks import FAILED, Check


class Kind(Enum):
    """In the order in which a person wants to know."""

    ACCOUNT = "account"
    REGION = "region"
    BASTION = "bastion"
    HOST = "host"


@dataclass(frozen=True)
class Subject:
    """``place`` says where it is: region and zone of a host, a bastion's server, the inventory file of
    an account."""

    kind: Kind
    name: str
    checks: tuple[Check, ...]
    place: str = ""
    address: str = ""

    @property
    def ok(self) -> bool:
        return all(check.state != FAILED for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "kind": self.kind.value, "checks": [asdict(check) for check in self.checks]}


def from_dict(given: dict[str, Any]) -> Subject:
    checks = tuple(Check(**check) for check in given["checks"])
    return Subject(Kind(given["kind"]), given["name"], checks, given["place"], given["address"])


def failures(subjects: Iterable[Subject]) -> int:
    return sum(check.state == FAILED for subject in subjects for check in subject.checks)
