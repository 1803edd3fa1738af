"""Waits for jobs: asks seldom, not in step with others, and not for ever."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import ApiError
from ..retry import Deadline
from .api import JobState

FIRST_WAIT = 0.5
LONGEST_WAIT = 10.0
GROWTH = 1.6
UNKNOWN = "Common.0011"
"""ShowJob's code for a job the cloud has forgotten: it ended long ago."""


@dataclass(frozen=True)
class Job:
    """A job to wait for: how to ask for it, and what it does, in words (`create hz-0001 in az-1`)."""

    id: str
    what: str
    ask: Callable[[], JobState]


@dataclass(frozen=True)
class Ended:
    """`state` is None for a job that had not ended when the time was over."""

    job: Job
    state: JobState | None


def intervals(rng: random.Random) -> Iterable[float]:
    """Seconds to wait before each question: from half a second to ten, each between 80 % and 120 % of its length."""
    wait = FIRST_WAIT
    while True:
        yield wait * rng.uniform(0.8, 1.2)
        wait = min(LONGEST_WAIT, wait * GROWTH)


def wait_for(
    jobs: Iterable[Job],
    deadline: Deadline,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> list[Ended]:
    """What became of each job, in the order given. All are waited for, also when one fails or is late."""
    rng = rng or random.Random()
    left = list(jobs)
    order = [job.id for job in left]
    waits = {job.id: iter(intervals(rng)) for job in left}
    due = {job.id: clock() + next(waits[job.id]) for job in left}
    ended: dict[str, Ended] = {}
    while left:
        job = min(left, key=lambda it: due[it.id])
        pause = due[job.id] - clock()
        if pause > deadline.remaining():
            # One last look at the end of the time, then no more.
            sleep(deadline.remaining())
            for late in left:
                state = _ask(late)
                ended[late.id] = Ended(late, state if state.finished else None)
            break
        if pause > 0:
            sleep(pause)
        state = _ask(job)
        if state.finished:
            ended[job.id] = Ended(job, state)
            left.remove(job)
        else:
            due[job.id] = clock() + next(waits[job.id])
    return [ended[job_id] for job_id in order]


def _ask(job: Job) -> JobState:
    try:
        return job.ask()
    except ApiError as error:
        if error.code == UNKNOWN:
            return JobState("SUCCESS")  # whether all is as wanted, the list of servers tells
        raise


def failures(state: JobState) -> str:
    """Which parts of a failed job failed, with their codes."""
    parts = [it for it in state.parts if it.status == "FAIL"]
    if not parts:
        return f"{state.code} {state.reason}".strip() or "no reason given"
    return "; ".join(f"{it.code} {it.reason} [server {it.server_id or 'without id'}]".strip() for it in parts)
