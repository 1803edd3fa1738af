"""Timed lines for stages that take longer than a blink."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

HEARTBEAT_SECONDS = 10.0


@dataclass
class Progress:
    """Prints what is done with the seconds since the command began; quiet ones print nothing."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    started: float = field(default_factory=time.monotonic)

    def line(self, text: str) -> None:
        if not self.quiet:
            print(f"{time.monotonic() - self.started:6.1f} s  {text}", file=self.stream, flush=True)

    @contextmanager
    def waiting(self, text: str | Callable[[], str]) -> Iterator[None]:
        """Say `text`, or what it returns by then, every ten seconds until the block ends."""
        over = threading.Event()
        begun = time.monotonic()

        def beat() -> None:
            while not over.wait(HEARTBEAT_SECONDS):
                now = text if isinstance(text, str) else text()
                self.line(f"{now} ({time.monotonic() - begun:.0f} s so far)")

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
