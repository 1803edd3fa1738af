"""The control of a running lab, from Python: faults, the journal, canned servers. `lab fault` and friends are this.

    control = Control(workspace.directory)
    control.add_fault("ListServersDetails@lab-north-1", "503=2", times=1)
    assert control.requests("CreateServers").total == 0

It speaks HTTP on the unix socket `control.sock` of the lab's directory and needs nothing but the standard library.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.api.journal import Report
from lab.errors import LabError
from lab.faults.grammar import Fault
from lab.region import codec
from lab.region.model import Remnant
from lab.region.seeds import SeedOrder

SOCKET = "control.sock"
TIMEOUT = 60.0


class Control:
    """Every method raises LabError: with the sentence of a refusal, or when no lab runs in `directory`."""

    def __init__(self, directory: Path) -> None:
        """`directory`: what the API process was started with (`.lab` of a checkout)."""
        self._directory = directory

    def add_fault(self, route: str, kind: str, *, times: int | None = None, after: int = 0) -> Fault:
        """Put a fault in force: see lab.faults.book.Faults.add."""
        body = {"route": route, "kind": kind, "times": times, "after": after}
        return codec.from_json(Fault, self._post("/faults/add", body))

    def faults(self) -> list[Fault]:
        """What is in force, with how often it fitted and hit."""
        return [codec.from_json(Fault, fault) for fault in self._post("/faults/list")]

    def clear_faults(self, *fault_ids: int) -> int:
        """End these faults, or all; returns how many. Jobs that never end go on after the last such fault."""
        return int(self._post("/faults/clear", {"ids": list(fault_ids)}))

    def requests(self, *routes: str, since: int = 0) -> Report:
        """What was asked, on these routes (none: all), after request number `since`."""
        return codec.from_json(Report, self._post("/requests", {"since": since, "routes": routes}))

    def clear_requests(self) -> None:
        """Count from zero."""
        self._post("/requests/clear")

    def seed(self, order: SeedOrder) -> int:
        """Have canned servers; returns how many the region has now."""
        return int(self._post("/seed", asdict(order)))

    def remnants(self) -> list[Remnant]:
        """The EIPs and disks that outlived their servers."""
        return [codec.from_json(Remnant, left) for left in self._post("/remnants")]

    def _post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = _Connection(self._directory)
        try:
            connection.request("POST", path, json.dumps(body or {}))
            answer = connection.getresponse()
            content = answer.read()
        except PermissionError:
            raise LabError(f"{self._directory} belongs to another user: use sudo.") from None
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"No lab runs in {self._directory} ({error}): run `lab up`.") from error
        finally:
            connection.close()
        if answer.status not in {200, 400}:
            raise LabError(f"The API process answered {answer.status} to {path}: see `lab logs`.")
        decoded = json.loads(content)
        if answer.status == 400:
            raise LabError(decoded["error"])
        return decoded


class _Connection(http.client.HTTPConnection):
    """HTTP on the control socket."""

    def __init__(self, directory: Path) -> None:
        super().__init__("control", timeout=TIMEOUT)
        self._directory = directory

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with address(self._directory) as path:
            self.sock.connect(path)


@contextmanager
def address(directory: Path) -> Iterator[str]:
    """A path of the socket that is short enough for the kernel (108 bytes), wherever the checkout is."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)
