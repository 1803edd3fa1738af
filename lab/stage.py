"""One command as a stage of something longer: its time is told while it lasts, its output kept in a log, and when it
fails the lines of the log that matter are shown.

    python -m lab.stage LOG WHAT HINT COMMAND [ARGUMENT ...]

Needs nothing but the standard library: the Makefile uses it before there is anything else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab import excerpt
from lab.workspace import PROJECT, Workspace

HEARTBEAT_SECONDS = 10.0
# A command that shows its output has a heartbeat of its own, mostly; where it has none, this is when to speak for it.
SILENCE_SECONDS = 15.0
INDENT = "    "
HINT = "the lines above say why"


class StageError(Exception):
    """A stage failed; the message is the sentence the person sees, after the lines that matter."""


@dataclass
class Clock:
    """Elapsed time since `make` began (Unix seconds in STARTED), and how long each stage took (seconds)."""

    started: float = field(default_factory=lambda: float(os.environ.get("STARTED") or time.time()))
    stages: list[tuple[str, float]] = field(default_factory=list)

    def elapsed(self) -> float:
        return time.time() - self.started

    def say(self, text: str) -> None:
        print(f"==> [{self.elapsed():4.0f} s] {text}", flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.say(name)
        begun = time.monotonic()
        yield
        self.stages.append((name, time.monotonic() - begun))


@dataclass
class Pulse:
    """What a command is at, and when it last said so (monotonic seconds)."""

    at: str
    heard: float = field(default_factory=time.monotonic)
    begun: float = field(default_factory=time.monotonic)

    def hear(self, line: str) -> None:
        """Note a line of output. Tasks are named by Ansible, whose other lines are results."""
        self.heard = time.monotonic()
        if excerpt.TASK.match(line):
            self.at, self.begun = line.strip().rstrip("* "), self.heard


def run(
    clock: Clock,
    argv: Sequence[str],
    log: str,
    what: str,
    *,
    env: Mapping[str, str] | None = None,
    show: bool = False,
    hint: str = HINT,
) -> None:
    """Run one command in the checkout; its output goes to `.lab/logs/<log>`, and to the terminal where `show`.

    `what` is named while it lasts. Raises StageError when it ends with another code than 0 or cannot be started.
    """
    workspace = Workspace()
    workspace.create()
    path = workspace.logs / log
    pulse = Pulse(what)
    begun = time.monotonic()
    with path.open("w", encoding="utf-8") as out, _heartbeat(clock, pulse, SILENCE_SECONDS if show else 0.0):
        try:
            process = subprocess.Popen(
                argv,
                cwd=PROJECT,
                env=None if env is None else dict(env),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise StageError(f"{argv[0]} cannot be started: {error.strerror}") from error
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if show:
                print(f"{INDENT}{line.rstrip()}".rstrip(), flush=True)
                pulse.hear(line)
        code = process.wait()
    if code:
        _show_what_matters(path, shown=show)
        seconds = time.monotonic() - begun
        raise StageError(f"{what} failed after {seconds:.0f} s: {hint} (the whole output: {path.relative_to(PROJECT)})")


@contextmanager
def _heartbeat(clock: Clock, pulse: Pulse, silence: float) -> Iterator[None]:
    """Say every ten seconds what a command is at, once it has been silent for so many."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            if time.monotonic() - pulse.heard >= silence:
                clock.say(f"... {pulse.at} ({time.monotonic() - pulse.begun:.0f} s so far)")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show_what_matters(log: Path, shown: bool) -> None:
    """Of an output that was shown, only a failed task is worth a second look: much was said after it."""
    text = log.read_text(encoding="utf-8", errors="replace")
    for line in excerpt.failed_task(text) if shown else excerpt.of(text):
        print(f"{INDENT}{line}", file=sys.stderr, flush=True)


def main(words: Sequence[str]) -> int:
    """The command line: 0, or 1 after the lines that matter and one sentence."""
    log, what, hint, *argv = words
    clock = Clock()
    clock.say(what)
    try:
        run(clock, argv, log, what, hint=hint)
    except StageError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
