"""The one way the model says no."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - not a fault of the program: an answer the real service would give too
    """A request the service refuses: `code` is Huawei's (Ecs.0114, Common.0011 ...), the message is for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
