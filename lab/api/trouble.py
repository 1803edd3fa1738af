"""What faults do to a request, in the order of its way: before it is served, to who sent it, to its answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lab.api import wire
from lab.api.errors import GatewayRefusal
from lab.faults import operations
from lab.faults.book import Met
from lab.faults.grammar import Fault
from lab.region import clock
from lab.region.cloud import Cloud
from lab.region.errors import Refusal
from lab.region.model import FAILS, NEVER_ENDS

THROTTLED = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute"
FATES = {"job-fails": FAILS, "job-never-ends": NEVER_ENDS}  # of job-takes, its seconds
HTML = "<html><head><title>Sign in to the network</title></head><body></body></html>"


async def before(met: Met, operation: str) -> Response | None:
    """Wait, then perhaps answer in place of the service: nothing was done then. Raises GatewayRefusal."""
    while latency := met.take("latency"):
        await asyncio.sleep(max(0.0, latency.number))
    fault = met.take("hang", "429", "500", "503")
    if fault is None:
        return None
    if fault.kind == "hang":
        return wire.Hang()
    if fault.kind == "500":
        return broken(operation)
    headers = {"Retry-After": fault.value} if fault.value else {}
    if fault.kind == "429":
        raise GatewayRefusal(429, "APIGW.0308", THROTTLED, headers)
    raise GatewayRefusal(503, "APIGW.0202", "Backend unavailable", {"Retry-After": "1"} | headers)


def broken(operation: str) -> Response:
    """A 500 in the words of the service."""
    if operation.startswith("metadata/"):
        return PlainTextResponse("500 Internal Server Error", 500)
    if operation.startswith(("Keystone", "CreateTemporary")):
        error: dict[str, Any] = {"code": 500, "message": "An unexpected error occurred.", "title": "Internal Error"}
    else:
        error = {"message": "A system exception occurred.", "code": "Common.0001"}
    return JSONResponse({"error": error}, 500)


def the_time(met: Met, now: datetime) -> datetime:
    """The clock the request is judged by."""
    fault = met.take("clock")
    return now if fault is None else now + timedelta(minutes=fault.number)


def expire(met: Met, cloud: Cloud, headers: Mapping[str, str]) -> None:
    """End the life of the token or temporary key in these headers; a request without either is left alone."""
    token, security_token = headers.get("x-auth-token", ""), headers.get("x-security-token", "")
    now = clock.microseconds(cloud.now())
    with cloud.lock:
        keys = cloud.store.temporary_keys
        access = next((key.access for key in keys.values() if key.security_token == security_token), "")
        if token in cloud.store.tokens and met.take("expired-token"):
            cloud.store.tokens[token] = replace(cloud.store.tokens[token], expires_at=now)
        elif access and met.take("expired-token"):
            keys[access] = replace(keys[access], expires_at=now)


def refuse_order(met: Met) -> None:
    """Raises Refusal when the region is to have no room for what is ordered."""
    fault = met.take("quota", "sold-out")
    if fault is not None and fault.kind == "quota":
        raise Refusal("Ecs.0001", "Insufficient ECS quota. Contact customer service to increase quota.")
    if fault is not None:
        raise Refusal("Ecs.0319", "Insufficient flavor capacity.")


def fate(met: Met) -> Callable[[], str]:
    """What is to become of the job that a request starts. To be asked only when one is started: that is a hit."""

    def decide() -> str:
        fault = met.take("job-fails", "job-never-ends", "job-takes")
        return "" if fault is None else FATES.get(fault.kind, fault.value)

    return decide


def after(met: Met, response: Response) -> Response:
    """Spoil the answer of a request that took effect, or give it back as it is."""
    if isinstance(response, wire.Hang):
        return response
    fault = met.take("reset", "cut-off", "wrong-json") if response.body else met.take("reset")
    if fault is None:
        return response
    if fault.kind == "reset":
        return wire.Reset(status_code=response.status_code)
    if fault.kind == "wrong-json":
        return Response(fault.value or HTML, response.status_code, media_type="application/json")
    return _cut_off(response, fault)


def _cut_off(response: Response, fault: Fault) -> Response:
    cut = wire.CutOff(response.body, response.status_code, dict(response.headers))
    # At least one byte is missing, whatever was asked for: otherwise nothing would be cut off.
    cut.kept = min(int(fault.value) if fault.value else len(response.body) // 2, len(response.body) - 1)
    return cut


def http_date(moment: datetime) -> str:
    """The Date header."""
    return format_datetime(moment, usegmt=True)


def region_of(cloud: Cloud, request: Request, operation: str, body: bytes) -> str:
    """The region a request is about: by the project of its URL or header, a look-up's name, a token's scope; or ""."""
    project = request.path_params.get("project_id") or request.headers.get("x-project-id", "")
    if "project_id" in request.path_params or operation in operations.BY_HEADER:
        region = cloud.region(project)
        return region.id if region else ""
    if operation == "KeystoneCreateUserTokenByPassword":
        return _scope_of(cloud, body)
    return request.query_params.get("name", "")


def _scope_of(cloud: Cloud, body: bytes) -> str:
    try:
        project = json.loads(body)["auth"]["scope"]["project"]
        wanted = {project.get("name"), project.get("id")}
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return next((region.id for region in cloud.settings.regions if {region.id, region.project_id} & wanted), "")
