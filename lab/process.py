"""The region's API process: started in the background, found again by its command line, stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lab.errors import LabError
from lab.hosts.podman import LAB_LABEL
from lab.settings import LabSettings
from lab.workspace import PROJECT, Workspace

MODULE = "lab.api.serve"
START_SECONDS = 15.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
MAX_LOG_BYTES = 10_000_000


def log_file(workspace: Workspace) -> Path:
    return workspace.logs / "api.log"


def pids(workspace: Workspace) -> list[int]:
    """The processes that serve this lab. No pid file can lie: the command line names the lab's directory."""
    wanted = _arguments(workspace)
    return [pid for pid, words in _command_lines() if words[1:] == wanted]


def boots(lab_id: str) -> list[int]:
    """The `podman run` commands of a lab that are at work: they outlive a killed API process."""
    wanted = f"--label={LAB_LABEL}={lab_id}"
    return [pid for pid, words in _command_lines() if wanted in words]


def wait_for_boots(lab_id: str) -> None:
    """Wait until no `podman run` of the lab is under way, so that all its containers can be seen."""
    _until(lambda: not boots(lab_id), STOP_SECONDS)


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                yield int(entry.name), [os.fsdecode(word) for word in words]


def _arguments(workspace: Workspace) -> list[str]:
    return ["-m", MODULE, "--dir", str(workspace.directory)]


def free_port(address: str, candidates: Iterable[int]) -> int:
    """The first candidate that is free together with its successor. Raises LabError when all are taken."""
    tried = []
    for port in candidates:
        if _is_free(address, port) and _is_free(address, port + 1):
            return port
        tried.append(port)
    raise LabError(f"Every port for the API from {tried[0]} to {tried[-1]} is taken: `ss -ltnp` shows by whom.")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def answers(settings: LabSettings) -> bool:
    """Whether an HTTP server answers at the API's address, whatever it says."""
    connection = http.client.HTTPConnection(settings.api_address, settings.api_port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def start(workspace: Workspace, settings: LabSettings) -> None:
    """Start the API and wait until it answers. Raises LabError with the last line of its log when it does not."""
    log = log_file(workspace)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, *_arguments(workspace)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    if not _until(lambda: process.poll() is not None or answers(settings), START_SECONDS):
        stop(workspace)
        raise LabError(
            f"The API did not answer within {START_SECONDS:.0f} s: {_last_line(log)} (the whole log: {log})", log=log
        )
    if process.poll() is not None:
        raise LabError(f"The API did not start: {_last_line(log)} (the whole log: {log})", log=log)


def stop(workspace: Workspace) -> None:
    """End the API process: it is asked first (it saves its state), killed after 15 s. Idempotent."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids(workspace):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
            except PermissionError:
                raise LabError("The API runs as another user: use sudo.") from None
        if _until(lambda: not pids(workspace), STOP_SECONDS):
            return


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it wrote nothing"
