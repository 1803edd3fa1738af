"""Answers that are no proper HTTP, for which the connection itself is needed: reset, ended half-way, never given."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_STATE_KEY = "connection"
_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN


class Connection(H11Protocol):
    """uvicorn's protocol, with the connection within reach of an answer."""

    hanging = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, _STATE_KEY: self}

    def shutdown(self) -> None:
        """The end of the process does not wait for an answer that never comes."""
        if self.hanging:
            self.transport.abort()
        else:
            super().shutdown()

    def reset(self) -> None:
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def end(self) -> None:
        """Close the connection once what was written is out."""
        self.transport.close()


class Hang(Response):
    """No answer. `status_code` 0 is for the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.status_code = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _connection(scope).hanging = True
        await _gone(receive)


class Reset(Response):
    """A connection that is reset in place of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _connection(scope).reset()
        await _gone(receive)


class CutOff(Response):
    """The headers of the whole body and its first `kept` bytes."""

    kept = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self.kept], "more_body": True})
        _connection(scope).end()
        await _gone(receive)


def _connection(scope: Scope) -> Connection:
    connection: Connection = scope["state"][_STATE_KEY]
    return connection


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
