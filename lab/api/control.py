"""The control surface of a lab: faults, the journal, canned servers. Served on a unix socket, never on a network."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.api.journal import ForgottenError, Journal
from lab.control import address
from lab.faults.grammar import FaultError, check_route
from lab.region import codec
from lab.region.cloud import Cloud
from lab.region.jobs import Jobs
from lab.region.seeds import SeedError, SeedOrder

Handler = Callable[[dict[str, Any]], Any]


def create_app(cloud: Cloud, jobs: Jobs, journal: Journal) -> Starlette:
    """The application: a JSON object goes to a path by POST, a JSON answer or 400 with a sentence comes back."""
    control = Control(cloud, jobs, journal)
    handlers: dict[str, Handler] = {
        "/faults/add": control.add_fault,
        "/faults/list": control.list_faults,
        "/faults/clear": control.clear_faults,
        "/requests": control.requests,
        "/requests/clear": control.clear_requests,
        "/seed": control.seed,
        "/remnants": control.remnants,
    }
    return Starlette(routes=[Route(path, _endpoint(handler), methods=["POST"]) for path, handler in handlers.items()])


class Control:
    """The handlers. Arguments are the members of the object, as lab.control sends them."""

    def __init__(self, cloud: Cloud, jobs: Jobs, journal: Journal) -> None:
        self._cloud = cloud
        self._jobs = jobs
        self._journal = journal

    def add_fault(self, body: dict[str, Any]) -> Any:
        return asdict(self._cloud.faults.add(body["route"], body["kind"], times=body["times"], after=body["after"]))

    def list_faults(self, _: dict[str, Any]) -> Any:
        return [asdict(fault) for fault in self._cloud.faults.listed()]

    def clear_faults(self, body: dict[str, Any]) -> Any:
        """When nothing makes jobs endless any more, those that are go on."""
        cleared = self._cloud.faults.clear(*body["ids"])
        if not any(fault.kind == "job-never-ends" for fault in self._cloud.faults.listed()):
            self._jobs.release()
        return cleared

    def requests(self, body: dict[str, Any]) -> Any:
        for route in body["routes"]:
            check_route(route, frozenset(region.id for region in self._cloud.settings.regions))
        return asdict(self._journal.report(body["since"], body["routes"]))

    def clear_requests(self, _: dict[str, Any]) -> Any:
        self._journal.clear()
        return None

    def seed(self, body: dict[str, Any]) -> Any:
        return self._cloud.seed(codec.from_json(SeedOrder, body))

    def remnants(self, _: dict[str, Any]) -> Any:
        with self._cloud.lock:
            return [asdict(left) for left in self._cloud.store.remnants.values()]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(handler(await request.json()))
        except (FaultError, ForgottenError, SeedError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


def listen(directory: Path) -> socket.socket:
    """Listen at control.sock of the lab's directory: for its owner and root alone. One a killed process left goes."""
    with address(directory) as path:
        Path(path).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(mask)
    listener.listen(16)
    return listener
