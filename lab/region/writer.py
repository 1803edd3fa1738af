"""Writes the state file behind the requests' back."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lab.region import codec

# Changes that come together are written together; a write never takes more than about a fifth of the thread's time.
GATHER_SECONDS = 0.05
REST_FACTOR = 4


class Writer:
    """One thread that writes `dump()` to `path` soon after `changed()`; `close()` writes what is left and ends it."""

    def __init__(self, path: Path, dump: Callable[[], bytes]) -> None:
        self._path = path
        self._dump = dump
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
        self._thread.start()

    def changed(self) -> None:
        self._wake.set()

    def close(self) -> None:
        """Write once more and stop. Raises OSError when the last state could not be written."""
        self._closed.set()
        self._wake.set()
        self._thread.join()
        codec.write_private(self._path, self._dump())

    def _run(self) -> None:
        rest = GATHER_SECONDS
        while not self._closed.is_set():
            self._wake.wait()
            if self._closed.wait(rest):
                return
            self._wake.clear()
            started = time.monotonic()
            self._write()
            rest = max(GATHER_SECONDS, REST_FACTOR * (time.monotonic() - started))

    def _write(self) -> None:
        try:
            codec.write_private(self._path, self._dump())
            self._failed = False
        except OSError as error:
            if not self._failed:  # say it once, not with every change of a full disk
                print(f"The lab's state cannot be saved in {self._path}: {error}.", file=sys.stderr, flush=True)
            self._failed = True
