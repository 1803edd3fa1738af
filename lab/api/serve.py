"""`python -m lab.api.serve --dir .lab`: the API and the metadata service of a lab in one process.

Reads region.json and state.json of the directory, writes api.pid there, binds the settings' API address only, and ends
cleanly on SIGTERM or SIGINT without touching a host. Exit codes: 0 stopped, 1 could not start (one sentence on stderr).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from lab import settings
from lab.api import app, control, metadata, wire
from lab.api.journal import Journal
from lab.control import SOCKET
from lab.hosts.driver import HostDriver, HostError, NoHosts
from lab.region import codec
from lab.region.cloud import Cloud
from lab.region.jobs import Jobs
from lab.region.store import StateError

PID_FILE = "api.pid"


class StartError(Exception):
    """The service cannot start. The message is one sentence for a person."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.api.serve", description="Serve a lab's cloud API.")
    parser.add_argument("--dir", type=Path, default=Path(".lab"), help="the lab's directory (default: .lab)")
    parser.add_argument("--driver", choices=["podman", "none"], default="podman", help="what boots the servers")
    options = parser.parse_args(arguments)
    try:
        serve(options.dir, options.driver)
    except (StartError, StateError, HostError, settings.SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def serve(directory: Path, driver_name: str) -> None:
    """Serve until a signal. Raises StartError, StateError, HostError or SettingsError before the first request."""
    lab = settings.load(directory)
    listeners = [listen(lab.api_address, lab.api_port), listen(lab.api_address, lab.metadata_port)]
    listeners.append(control.listen(directory))
    cloud = Cloud(lab, _driver(driver_name, lab, directory), state=directory)
    jobs = Jobs(cloud)
    pid_file = directory / PID_FILE
    try:
        jobs.resume()
        codec.write_private(pid_file, f"{os.getpid()}\n".encode())
        journal = Journal()
        apps = [
            app.create_app(cloud, jobs, journal),
            metadata.create_app(cloud, journal),
            control.create_app(cloud, jobs, journal),
        ]
        asyncio.run(_run(list(zip(apps, listeners, strict=True))))
    finally:
        cloud.close()
        pid_file.unlink(missing_ok=True)
        (directory / SOCKET).unlink(missing_ok=True)


async def _run(services: list[tuple[Starlette, socket.socket]]) -> None:
    """Serve all applications in one loop until SIGTERM or SIGINT."""
    servers = [_Server(uvicorn_config(service)) for service, _ in services]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(
        *(server.serve(sockets=[listener]) for server, (_, listener) in zip(servers, services, strict=True))
    )


def uvicorn_config(service: Starlette) -> uvicorn.Config:
    """How a service is served: quiet (the journal is the log) and with patient keep-alive, as the real gateway's."""
    return uvicorn.Config(
        service,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,  # the applications write it: by their clock
        http=wire.Connection,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=3,
    )


class _Server(uvicorn.Server):
    """Leaves signals alone: one handler stops both services."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(address: str, port: int) -> socket.socket:
    """Bind a TCP port. Raises StartError."""
    # With the protocol named asyncio switches Nagle's algorithm off; without, every kept-alive answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise StartError(f"Cannot listen on {address}:{port} ({reason}): is another lab process running?") from error
    listener.listen(128)
    return listener


def _driver(name: str, lab: settings.LabSettings, directory: Path) -> HostDriver:
    if name == "none":
        return NoHosts()
    # By name: the API must run, and be tested, without podman or root.
    module = importlib.import_module("lab.hosts.podman")
    driver: HostDriver = module.PodmanDriver(lab.lab_id, directory)
    return driver


if __name__ == "__main__":
    sys.exit(main())
