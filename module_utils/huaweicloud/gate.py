"""Keeps a key from being locked: more than five wrong signatures block it for five minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .answers import api_error
from .errors import ApiError, TransportError
from .transport import Answer

UNPROVEN_WIDTH = 4


class KeyGate:
    """Until a key is accepted once, at most four requests use it at a time; after a refusal none does."""

    def __init__(self, width: int = UNPROVEN_WIDTH) -> None:
        self._width = width
        self._changed = threading.Condition()
        self._in_flight = 0
        self._accepted = False
        self._refusal: ApiError | None = None

    def ask(self, send: Callable[[], Answer], timeout: float) -> Answer:
        """What `send` gives; waits for its turn at most `timeout` seconds.

        Raises ApiError for an answer 401, or for the one another thread got, and whatever `send` raises.
        """
        self._enter(timeout)
        accepted, refusal = False, None
        try:
            answer = send()
            if answer.status == 401:
                refusal = api_error(answer)
                raise refusal
            # A 429 or 5xx may come from in front of the place that checks signatures: it proves nothing.
            accepted = answer.status < 429
            return answer
        finally:
            self._leave(accepted, refusal)

    def _enter(self, timeout: float) -> None:
        with self._changed:
            free = self._changed.wait_for(
                lambda: self._accepted or self._refusal is not None or self._in_flight < self._width, timeout
            )
            if self._refusal is not None:
                raise self._refusal
            if not free:
                raise TransportError("The first requests made with this key are still unanswered.")
            self._in_flight += 1

    def _leave(self, accepted: bool, refusal: ApiError | None) -> None:
        with self._changed:
            self._in_flight -= 1
            self._accepted = self._accepted or accepted
            # Once a key was accepted a refusal concerns one request only (an endpoint that changes what was signed).
            if refusal is not None and not self._accepted:
                self._refusal = self._refusal or refusal
            self._changed.notify_all()
