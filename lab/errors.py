"""The one exception that a person of the lab's command line sees."""

from __future__ import annotations

from pathlib import Path


class LabError(Exception):
    """Something the user must know. The message is one sentence and says the way out.

    `log` is the file whose last lines tell more, if one does.
    """

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
