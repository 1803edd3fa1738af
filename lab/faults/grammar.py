"""What can be said of a fault: `ROUTE[@REGION] KIND[=VALUE] [times] [after]`. See the table in lab/README.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lab.faults.operations import CREATE, JOB, OPERATIONS, SIGNED, TOKEN


class FaultError(ValueError):
    """A fault that makes no sense. The message is one sentence for a person."""


@dataclass(frozen=True)
class Kind:
    """`value`: what stands behind the `=`, "" for nothing; `needed` without it the kind means nothing.

    `trait`: what an operation must have for the kind to have an effect there, "" for any.
    """

    does: str
    value: str = ""
    needed: bool = False
    trait: str = ""


KINDS = {
    "latency": Kind("serves the request that much later", "SECONDS", needed=True),
    "hang": Kind("does nothing and never answers; the connection stays open until the caller gives up"),
    "429": Kind("refuses with 429 APIGW.0308", "RETRY-AFTER"),
    "500": Kind("does nothing and answers 500"),
    "503": Kind("refuses with 503 and Retry-After (1 second)", "RETRY-AFTER"),
    "reset": Kind("resets the connection after the request took effect"),
    "cut-off": Kind("serves, but ends the body half-way, or after so many bytes, and closes the connection", "BYTES"),
    "wrong-json": Kind("serves, but with a page of HTML, or this text, for a body", "BODY"),
    "expired-token": Kind("ends the life of the token or temporary key that the request carries", trait=TOKEN),
    "clock": Kind("judges the request, and writes Date, by a clock so much ahead", "MINUTES", True, SIGNED),
    "ak-locked": Kind("refuses with 401, the access key being locked", trait=SIGNED),
    "quota": Kind("refuses with 400 Ecs.0001", trait=CREATE),
    "sold-out": Kind("refuses with 400 Ecs.0319", trait=CREATE),
    "job-fails": Kind("accepts, and the job ends as FAIL", trait=JOB),
    "job-takes": Kind("accepts, and the job takes at least so long", "SECONDS", needed=True, trait=JOB),
    "job-never-ends": Kind("accepts, and the job is RUNNING until the fault is cleared", trait=JOB),
}

_NUMBERS: dict[str, Callable[[str], float]] = {"SECONDS": float, "MINUTES": float, "BYTES": int, "RETRY-AFTER": int}
MAX_NUMBER = 1_000_000


@dataclass(frozen=True, eq=False)
class Fault:
    """One fault in force. `seen` counts the requests that fitted, `hits` those it had its effect on."""

    id: int
    route: str
    kind: str
    value: str = ""
    times: int | None = None
    after: int = 0
    seen: int = 0
    hits: int = 0

    @property
    def number(self) -> float:
        """The value of a kind that has a number."""
        return float(self.value)

    @property
    def active(self) -> bool:
        """Whether the request counted last is to be hit."""
        return self.seen > self.after and (self.times is None or self.hits < self.times)

    def __str__(self) -> str:
        """As it was written, and how far it has come."""
        words = [self.route, f"{self.kind}={self.value}" if self.value else self.kind]
        words += [f"--times {self.times}"] if self.times is not None else []
        words += [f"--after {self.after}"] if self.after else []
        return f"{self.id}: {' '.join(words)}   seen {self.seen}, hit {self.hits}"


def fits(route: str, operation: str, region: str) -> bool:
    """Whether a request is on a route. `region` "" concerns none: only a route without a region fits it."""
    pattern, _, wanted = route.partition("@")
    return operation in OPERATIONS and wanted in {"", region} and fnmatchcase(operation, pattern)


def check_route(route: str, regions: frozenset[str] | None = None) -> list[str]:
    """The operations on a route. Raises FaultError when there is none or, `regions` given, no such region."""
    pattern, at, region = route.partition("@")
    fitting = [operation for operation in OPERATIONS if fnmatchcase(operation, pattern)]
    if not fitting:
        raise FaultError(f"There is no operation {pattern}: the operations are {', '.join(sorted(OPERATIONS))}.")
    if at and regions is not None and region not in regions:
        raise FaultError(f"There is no region {region}: the lab has {', '.join(sorted(regions))}.")
    return fitting


def parse(number: int, route: str, kind: str, *, times: int | None, after: int, regions: frozenset[str]) -> Fault:
    """Make a fault of its words. Raises FaultError for one that could never have an effect."""
    name, equals, value = kind.partition("=")
    if name not in KINDS:
        raise FaultError(f"There is no fault {name}: the kinds are {', '.join(KINDS)}.")
    _check_value(name, equals, value)
    fitting = check_route(route, regions)
    trait = KINDS[name].trait
    if trait and not any(trait in OPERATIONS[operation] for operation in fitting):
        able = ", ".join(operation for operation, traits in OPERATIONS.items() if trait in traits)
        raise FaultError(f"{name} has no effect on {route}: it is for {able}.")
    if (times is not None and times < 1) or after < 0:
        raise FaultError("--times is a number from 1, --after one from 0.")
    return Fault(number, route, name, value, times, after)


def _check_value(name: str, equals: str, value: str) -> None:
    kind = KINDS[name]
    if equals and not kind.value:
        raise FaultError(f"{name} takes no value.")
    if not value:
        if kind.needed or equals:
            raise FaultError(f"{name} needs a value: {name}={kind.value}.")
        return
    if (to_number := _NUMBERS.get(kind.value)) is None:
        return
    try:
        number = to_number(value)
    except ValueError:
        raise FaultError(f"{name}={value}: {kind.value} is a number.") from None
    if not abs(number) <= MAX_NUMBER or (number < 0 and kind.value != "MINUTES"):
        raise FaultError(f"{name}={value}: {kind.value} is out of range.")
