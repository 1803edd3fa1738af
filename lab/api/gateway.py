"""The way of every request: read, authenticate, hold the URL's project against the caller's, answer, note it down."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from lab.api import auth, errors, signing, trouble
from lab.api.journal import Entry, Journal
from lab.faults import operations
from lab.faults.book import Met
from lab.region import clock, ids
from lab.region.cloud import Cloud
from lab.region.credentials import Caller
from lab.region.errors import Refusal
from lab.settings import RegionSettings

MAX_BODY = 1 << 20


@dataclass(frozen=True)
class Call:
    """An authenticated request to a route."""

    cloud: Cloud
    caller: Caller
    request: Request
    body: bytes
    met: Met

    @property
    def region(self) -> RegionSettings:
        """The region of the URL's project; the gateway has checked that it exists."""
        region = self.cloud.region(self.project_id)
        assert region is not None
        return region

    @property
    def project_id(self) -> str:
        return str(self.request.path_params["project_id"])

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        values = self.request.query_params.getlist(name)
        return values[0] if values else default

    def queries(self, name: str) -> list[str]:
        """All values of a repeated query parameter."""
        return self.request.query_params.getlist(name)

    def whole_number(self, name: str, default: int, low: int, high: int) -> int:
        """An integer query parameter. Raises Refusal Ecs.0005 outside low..high."""
        text = self.query(name)
        if not text:
            return default
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise Refusal("Ecs.0005", f"{name} must be an integer from {low} to {high}.")
        return int(text)

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises Refusal Common.0002 for an empty one, Ecs.0005 for anything else."""
        if not self.body:
            raise Refusal("Common.0002", "The request body cannot be left blank.")
        return parse_object(self.body)


Handler = Callable[[Call], Awaitable[Response]]
OpenHandler = Callable[[Cloud, Request, bytes], Awaitable[Response]]
Naming = Callable[[bytes], str]  # which of the operations of a path a body asks for


@dataclass(frozen=True)
class _Arrival:
    """A request with its body, the faults it met and the time it is judged by."""

    request: Request
    body: bytes
    met: Met
    now: datetime


_Server = Callable[[_Arrival], Awaitable[Response]]


def parse_object(body: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises Refusal Ecs.0005."""
    try:
        decoded = json.loads(body)
    except ValueError:
        raise Refusal("Ecs.0005", "The request body is not JSON.") from None
    if not isinstance(decoded, dict):
        raise Refusal("Ecs.0005", "The request body must be a JSON object.")
    return decoded


class Gateway:
    """Makes routes. Every answer carries X-Request-Id and leaves an entry in the journal."""

    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal

    def route(self, operation: str | Naming, method: str, path: str, handler: Handler) -> Route:
        """A route that needs a signature or a token."""

        async def serve(arrival: _Arrival) -> Response:
            call = self._authenticated(arrival)
            if "project_id" in arrival.request.path_params:
                _check_project(call)
            return await handler(call)

        return self._route(operation, method, path, serve)

    def open_route(self, operation: str, method: str, path: str, handler: OpenHandler) -> Route:
        """A route that authenticates by itself (POST /v3/auth/tokens)."""

        async def serve(arrival: _Arrival) -> Response:
            return await handler(self._cloud, arrival.request, arrival.body)

        return self._route(operation, method, path, serve)

    def _route(self, operation: str | Naming, method: str, path: str, serve: _Server) -> Route:
        naming: Naming = operation if callable(operation) else lambda _: operation

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, path, naming, serve)

        return Route(path, endpoint, methods=[method])

    async def unknown(self, request: Request, _: Exception) -> Response:
        """The gateway's answer to a path or method it has no API for."""

        async def refuse(_: _Arrival) -> Response:
            raise errors.no_such_api()

        return await self._answer(request, operations.NONE, lambda _: operations.NONE, refuse)

    def _authenticated(self, arrival: _Arrival) -> Call:
        request, met = arrival.request, arrival.met
        if auth.is_signed(request.headers.get("authorization", "")) and met.take("ak-locked"):
            raise errors.unauthenticated(auth.LOCKED)
        caller = auth.authenticate(self._cloud, _signable(request, arrival.body), arrival.now)
        return Call(self._cloud, caller, request, arrival.body, met)

    async def _answer(self, request: Request, path: str, naming: Naming, serve: _Server) -> Response:
        started, request_id = time.perf_counter(), ids.job_id()
        try:
            cloud, body = self._cloud, await _body(request)
        except ClientDisconnect:
            return Response()  # for nobody
        operation = naming(body)
        region = trouble.region_of(cloud, request, operation, body)
        met = cloud.faults.meet(operation, region)
        now = cloud.now()
        try:
            response = await trouble.before(met, operation)
            if response is None:
                _check_size(body)
                trouble.expire(met, cloud, request.headers)
                now = _judged_by(cloud, met, request)
                response = await serve(_Arrival(request, body, met, now))
        except (errors.GatewayRefusal, errors.IamRefusal, Refusal) as error:
            response = errors.response(error, request_id)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = trouble.broken(operation)
        response = trouble.after(met, response)
        response.headers["X-Request-Id"] = request_id
        response.headers["Date"] = trouble.http_date(now)
        self._journal.add(
            Entry(
                time=clock.milliseconds(cloud.now()),
                method=request.method,
                operation=operation,
                region=region,
                route=path,
                path=request.url.path,
                status=response.status_code,
                milliseconds=round(1000 * (time.perf_counter() - started), 3),
                who=_claimed_key(request),
                request_id=request_id,
                faults=tuple(met.taken),
            )
        )
        return response


def _judged_by(cloud: Cloud, met: Met, request: Request) -> datetime:
    """The time that counts for a request: only a signature has one that a shifted clock could matter to."""
    signed = auth.is_signed(request.headers.get("authorization", ""))
    return trouble.the_time(met, cloud.now()) if signed else cloud.now()


async def _body(request: Request) -> bytes:
    """The body, or of one that is too large a little more than what is allowed."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            break
    return bytes(chunks)


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY:
        raise errors.GatewayRefusal(413, "APIGW.0201", "Request entity too large")


def _signable(request: Request, body: bytes) -> signing.Signable:
    headers: dict[str, bytes] = {}
    for raw_name, value in request.headers.raw:
        name = raw_name.decode("latin-1")
        headers[name] = headers[name] + b"," + value if name in headers else value
    return signing.Signable(
        method=request.method,
        path=request.scope["raw_path"],
        query=request.scope["query_string"],
        headers=headers,
        body=body,
    )


def _check_project(call: Call) -> None:
    """The URL's project must exist and, for a scoped token, be the token's (doc: Ecs.0023)."""
    bound = call.caller.project_id
    if call.cloud.region(call.project_id) is None or (bound and bound != call.project_id):
        raise Refusal("Ecs.0023", "project_id in token mismatches with project_id in url.")


def _claimed_key(request: Request) -> str:
    header = request.headers.get("authorization", "")
    try:
        return signing.parse_authorization(header).access
    except signing.MalformedError:
        return "token" if "x-auth-token" in request.headers else ""
