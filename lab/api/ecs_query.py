"""ECS routes that read: servers, jobs, flavors, zones, limits, the console log."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from dataclasses import asdict
from typing import Any

from starlette.responses import JSONResponse, Response

from lab.api import filters, ims
from lab.api.gateway import Call
from lab.api.views import Views, encode
from lab.hosts.driver import HostError
from lab.region import clock
from lab.region.errors import Refusal
from lab.region.model import Job, MetadataOptions, Server, SubJob
from lab.settings import Flavor

MAX_IDS = 100
CONSOLE_LINES = 50  # when `length` is not given (SDK: ShowServerConsoleOutputRequest)


class Queries:
    """Handlers of the reading routes."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def list_details(self, call: Call) -> Response:
        """ListServersDetails, v1. `offset` is a page number from 1; `marker` the last id of the page before."""
        if call.queries("server_id"):
            return self._by_ids(call)
        limit = call.whole_number("limit", 25, 1, 1000)
        page = max(1, call.whole_number("offset", 1, 0, 1 << 31))
        matching = filters.chosen(call.cloud.servers(call.project_id), filters.of_details(call))
        if marker := call.query("marker"):
            rest = _after(call, matching, marker)[:limit]
        else:
            rest = matching[(page - 1) * limit : page * limit]
        body = b",".join(map(self._views.detail_json, rest))
        return _json(b'{"count":%d,"servers":[%b]}' % (len(matching), body))

    def _by_ids(self, call: Call) -> Response:
        wanted = [text for value in call.queries("server_id") for text in value.split(",") if text]
        if len(wanted) > MAX_IDS:
            raise Refusal("Ecs.0005", f"server_id takes at most {MAX_IDS} ids.")
        by_id = {server.id: server for server in call.cloud.servers(call.project_id)}
        now = clock.seconds(call.cloud.now())
        found = [
            self._views.detail_json(by_id[server_id])
            if server_id in by_id
            else encode(self._views.unknown(server_id, now))
            for server_id in wanted
        ]
        return _json(b'{"count":%d,"servers":[%b]}' % (len(found), b",".join(found)))

    async def list_cloud_servers(self, call: Call) -> Response:
        """ListCloudServers, v1.1: brief unless `expect-fields` asks for more; paged by marker only."""
        limit = call.whole_number("limit", 10, 1, 100)
        expected = frozenset(name for value in call.queries("expect-fields") for name in value.split(","))
        rest = filters.chosen(call.cloud.servers(call.project_id), filters.of_cloud_servers(call))
        if marker := call.query("marker"):
            rest = _after(call, rest, marker)
        page = rest[:limit]
        body: dict[str, Any] = {"servers": [self._views.brief(server, expected) for server in page]}
        body["servers_links"] = []
        if len(rest) > limit:
            following = call.request.url.include_query_params(marker=page[-1].id, limit=limit)
            body["servers_links"] = [{"rel": "next", "href": str(following)}]
        return JSONResponse(body)

    async def show(self, call: Call) -> Response:
        server = call.cloud.server(call.project_id, call.path("server_id"))
        return _json(b'{"server":%b}' % self._views.detail_json(server))

    async def metadata_options(self, call: Call) -> Response:
        """ShowMetadataOptions. A server without options of its own has the service as it always was."""
        server = call.cloud.server(call.project_id, call.path("server_id"))
        return JSONResponse(asdict(server.metadata_options or MetadataOptions()))

    async def console(self, call: Call) -> Response:
        """The last `length` lines of the console log, 50 by default, all with -1."""
        length = call.whole_number("length", CONSOLE_LINES, -1, 1 << 31)
        server = call.cloud.server(call.project_id, call.path("server_id"))
        try:
            log = await asyncio.to_thread(call.cloud.driver.console, server.id)
        except HostError as error:
            raise Refusal("Ecs.0321", f"Console logs query failed. {error}") from error
        lines = log.splitlines(keepends=True)
        return JSONResponse(
            {"output": "".join(lines if length < 0 else lines[len(lines) - length :] if length else [])}
        )


async def show_job(call: Call) -> Response:
    job = call.cloud.job(call.project_id, call.path("job_id"))
    return JSONResponse(ims.job_view(job) if job.action == "image" else _job(job))


async def list_flavors(call: Call) -> Response:
    """ListFlavors; every flavor is offered in every zone of the region."""
    zone = call.query("availability_zone")
    if zone and zone not in call.region.azs:
        raise Refusal("Ecs.0005", f"availability_zone {zone} is not in region {call.region.id}.")
    wanted = call.query("flavor_id")
    shown = [flavor for flavor in call.cloud.settings.flavors if wanted in {"", flavor.id}]
    return JSONResponse({"flavors": [_flavor(call, flavor) for flavor in shown]})


async def list_zones(call: Call) -> Response:
    zones = [
        {
            "availability_zone_id": zone,
            "type": "Core",
            "mode": "dedicated",
            "public_border_group": "center",
            "alias": f"AZ{number}",
            "az_group_ids": [],
            "category": 0,
        }
        for number, zone in enumerate(call.region.azs, 1)
    ]
    return JSONResponse({"availability_zones": zones})


async def show_limits(call: Call) -> Response:
    servers = call.cloud.servers(call.project_id)
    flavors = [call.cloud.flavor(server.flavor_id) for server in servers]
    most = call.region.max_instances
    absolute = {
        "maxImageMeta": 128,
        "maxPersonality": 5,
        "maxPersonalitySize": 10240,
        "maxSecurityGroupRules": 20,
        "maxSecurityGroups": 10,
        "maxServerGroupMembers": 16,
        "maxServerGroups": 10,
        "maxServerMeta": 128,
        "maxTotalCores": most * 8,
        "maxTotalFloatingIps": 0,
        "maxTotalInstances": most,
        "maxTotalKeypairs": -1,
        "maxTotalRAMSize": most * 16384,
        "totalCoresUsed": sum(flavor.vcpus for flavor in flavors),
        "totalFloatingIpsUsed": 0,
        "totalInstancesUsed": len(servers),
        "totalRAMUsed": sum(flavor.ram for flavor in flavors),
        "totalSecurityGroupsUsed": len(call.region.security_groups),
        "totalServerGroupsUsed": sum(
            group.project_id == call.project_id for group in call.cloud.store.server_groups.values()
        ),
    }
    return JSONResponse({"absolute": absolute})


def _after(call: Call, servers: list[Server], marker: str) -> list[Server]:
    """Those after the marker in the list's order. The marker itself need not pass the filters, but must exist."""
    last = call.cloud.store.servers.get(marker)
    if last is None or last.project_id != call.project_id:
        raise Refusal("Ecs.0005", f"marker [{marker}] not found")
    return servers[bisect_right(servers, -last.number, key=lambda server: -server.number) :]


def _job(job: Job) -> dict[str, Any]:
    failure = job.failure if job.finished else None
    return {
        "status": job.status,
        "job_id": job.id,
        "job_type": job.type,
        "begin_time": job.begin,
        "end_time": job.end,
        "error_code": failure.error_code if failure else None,
        "fail_reason": failure.fail_reason if failure else None,
        "entities": {"sub_jobs_total": len(job.sub_jobs), "sub_jobs": [_sub_job(sub) for sub in job.sub_jobs]},
    }


def _sub_job(sub: SubJob) -> dict[str, Any]:
    return {
        "status": sub.status,
        "job_id": sub.id,
        "job_type": sub.type,
        "begin_time": sub.begin,
        "end_time": sub.end,
        "error_code": sub.error_code,
        "fail_reason": sub.fail_reason,
        "entities": {"server_id": sub.server_id},
    }


def _flavor(call: Call, flavor: Flavor) -> dict[str, Any]:
    """SDK model Flavor; `ram` in MB, `vcpus` a string."""
    zones = ",".join(f"{zone}(normal)" for zone in call.region.azs)
    base = str(call.request.base_url).rstrip("/")
    link = f"{base}/v2.1/{call.project_id}/flavors/{flavor.id}"
    return {
        "id": flavor.id,
        "name": flavor.id,
        "vcpus": str(flavor.vcpus),
        "ram": flavor.ram,
        "disk": "0",
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_factor": 1.0,
        "rxtx_quota": None,
        "rxtx_cap": None,
        "os-flavor-access:is_public": True,
        "links": [{"rel": "self", "href": link, "type": None}],
        "os_extra_specs": {
            "ecs:performancetype": "normal",
            "ecs:virtualization_env_types": "CloudCompute",
            "resource_type": "IOoptimized_1",
            "cond:operation:az": zones,
        },
        "attachableQuantity": None,
    }


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
