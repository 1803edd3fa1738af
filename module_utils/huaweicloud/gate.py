"""Keeps a key from being locked: more than five wrong signatures block it for five minutes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ApiError, TransportError

UNPROVEN_WIDTH = 4


class KeyGate:
    """Until a key is accepted once, at most four requests use it at a time; after a refusal none does.

    >>> with gate.passage(timeout=30):   # may wait; raises the refusal another thread met
    ...     answer = send()
    >>> gate.accepted()                  # or gate.refused(error)
    """

    def __init__(self, width: int = UNPROVEN_WIDTH) -> None:
        self._width = width
        self._changed = threading.Condition()
        self._in_flight = 0
        self._accepted = False
        self._refusal: ApiError | None = None

    @contextmanager
    def passage(self, timeout: float) -> Iterator[None]:
        """Hold one of the places while a request is under way; wait for one at most `timeout` seconds."""
        with self._changed:
            free = self._changed.wait_for(
                lambda: self._accepted or self._refusal is not None or self._in_flight < self._width, timeout
            )
            if self._refusal is not None:
                raise self._refusal
            if not free:
                raise TransportError("No answer yet to the first requests made with this key.")
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def accepted(self) -> None:
        """The service took the signature (whatever else it answered): from now on requests run freely."""
        if not self._accepted:
            with self._changed:
                self._accepted = True
                self._changed.notify_all()

    def refused(self, error: ApiError) -> None:
        """The service refused the key. Ignored once it has been accepted: then only this one request is at fault."""
        with self._changed:
            if not self._accepted and self._refusal is None:
                self._refusal = error
                self._changed.notify_all()
