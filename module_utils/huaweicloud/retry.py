"""When to try again, how long to wait, and when to stop. Pure but for the clock and the sleep handed in."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from .errors import AnswerError, ApiError, HuaweiCloudError, TransportError

T = TypeVar("T")

THROTTLED = "APIGW.0308"  # the gateway's quota is used up; not every service says it with status 429
RETRIES_WITHOUT_CONTACT = 2  # a refused connection or an unknown name rarely heals within seconds


@dataclass(frozen=True)
class RetryPolicy:
    """`retries` further tries after the first; waits grow from `first_wait` to at most `longest_wait` seconds."""

    retries: int = 5
    first_wait: float = 0.4
    longest_wait: float = 30.0

    def wait(self, attempt: int, rng: random.Random) -> float:
        """Seconds to wait after try number `attempt` (from 1): half fixed, half random ('equal jitter')."""
        full = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return full / 2 + rng.uniform(0, full / 2)


@dataclass(frozen=True)
class Limits:
    """A policy for single requests, and the seconds a whole query may take with all its pages and retries."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    deadline: float = 120.0


class Deadline:
    """A point in time after which nothing is tried any more."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - self._clock())


def is_transient(error: HuaweiCloudError) -> bool:
    """True for what may be different a moment later. A refused key (401, 403) or a bad request never is."""
    if isinstance(error, ApiError):
        return error.status == 429 or error.code == THROTTLED or error.status in (500, 502, 503, 504)
    return isinstance(error, (TransportError, AnswerError))


def is_undone(error: HuaweiCloudError) -> bool:
    """True when the request surely had no effect: the gateway turned it away, or nobody was spoken to."""
    if isinstance(error, ApiError):
        return error.status in (429, 503) or error.code == THROTTLED
    return isinstance(error, TransportError) and not error.reached


def with_retries(
    action: Callable[[], T],
    policy: RetryPolicy,
    deadline: Deadline,
    *,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> T:
    """The result of `action`, tried again on transient errors within `policy` and `deadline`.

    A wait the service asks for (Retry-After) is honoured; one that reaches beyond the deadline is an error at once.
    Raises the last error with a note of what was tried.
    """
    rng = rng or random.Random()
    attempt = 0
    while True:
        attempt += 1
        try:
            return action()
        except HuaweiCloudError as error:
            if not is_transient(error):
                raise
            wait = policy.wait(attempt, rng)
            asked = (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0
            if attempt > _retries(error, policy):
                error.note = f"{attempt} tries"
            elif asked > deadline.remaining():
                error.note = f"the service asks to wait {asked:.0f} s, more than is left of {deadline.seconds:.0f} s"
            elif wait >= deadline.remaining():
                error.note = f"{attempt} tries within {deadline.seconds:.0f} s"
            else:
                sleep(max(wait, asked))
                continue
            raise


def _retries(error: HuaweiCloudError, policy: RetryPolicy) -> int:
    """How many retries this kind of error deserves."""
    if isinstance(error, TransportError) and not error.reached:
        return min(policy.retries, RETRIES_WITHOUT_CONTACT)
    return policy.retries
