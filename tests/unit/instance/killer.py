"""Ends a caller at one of its requests to a region."""

from __future__ import annotations

import contextlib
import threading
import time


class Killer:
    """An ASGI application in front of the region's: calls `end` at the `call`-th request (from 1; 0: at none).

    When: `before` the request reaches the region, or `after` it took effect, before the answer goes out.
    """

    def __init__(self, application, call=0, when="before"):
        self._application = application
        self._call = call
        self._when = when
        self.seen = 0
        self.end = lambda: None
        self.struck, self.served = threading.Event(), threading.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        self.seen += 1
        if self.seen != self._call:
            await self._application(scope, receive, send)
            return

        async def to_nobody(_):
            """The caller is dead before it could read this."""

        if self._when == "after":
            await self._application(scope, receive, to_nobody)
        self.struck.set()
        with contextlib.suppress(ProcessLookupError):
            self.end()
        self.served.set()
        time.sleep(0.01)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})
