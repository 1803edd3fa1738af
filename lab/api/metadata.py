"""The instance metadata service: what a server reads at 169.254.169.254. The caller is known by its address.

Paths: doc "Obtaining Metadata" (OpenStack and EC2 types) and what cloud-init's OpenStack and EC2 data sources ask for.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lab.api import metadata_tokens, trouble
from lab.api.errors import GatewayRefusal
from lab.api.journal import Entry, Journal
from lab.faults import operations
from lab.region import clock
from lab.region.cloud import Cloud
from lab.region.model import Server
from lab.settings import RegionSettings

# The versions an OpenStack of Huawei's generation lists; `latest` means the newest.
VERSIONS = ("2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "latest")
EC2_VERSIONS = ("1.0", "2009-04-04", "latest")
NO_AGENCY = "Please configure Cloud Service Agency first"


@dataclass(frozen=True)
class Asker:
    """The server that asks."""

    cloud: Cloud
    server: Server
    region: RegionSettings

    @property
    def public_key(self) -> tuple[str, str] | None:
        """(name, authorized_keys line) of the login key."""
        if not self.server.key_name:
            return None
        pair = self.cloud.key_pair(self.server.domain_id, self.server.user_id, self.server.key_name)
        return (pair.name, pair.public_key.strip()) if pair else None


def create_app(cloud: Cloud, journal: Journal) -> Starlette:
    """The application for the metadata port."""

    async def serve(request: Request) -> Response:
        started = time.perf_counter()
        now, operation = cloud.now(), operations.metadata(request.url.path)
        host = request.client.host if request.client else ""
        server = cloud.server_at(host)
        region = cloud.region(server.project_id) if server else None
        met = cloud.faults.meet(operation, region.id if region else "")
        try:
            response = await trouble.before(met, operation)
            if response is None:
                asker = Asker(cloud, server, region) if server and region else None
                response = _response(request, asker, now)
        except GatewayRefusal as error:
            response = PlainTextResponse(error.message, error.status, error.headers)
        response = trouble.after(met, response)
        response.headers["Date"] = trouble.http_date(now)
        journal.add(
            Entry(
                time=clock.milliseconds(now),
                method=request.method,
                operation=operation,
                region=region.id if region else "",
                route="metadata",
                path=request.url.path,
                status=response.status_code,
                milliseconds=round(1000 * (time.perf_counter() - started), 3),
                who=server.id if server else host,
                request_id="",
                faults=tuple(met.taken),
            )
        )
        return response

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "PUT", "POST"])])


def _response(request: Request, asker: Asker | None, now: datetime) -> Response:
    """`asker` None: nobody the service knows."""
    if asker is None:
        return _not_found()
    server = asker.server
    secret = asker.cloud.credentials.account(server.domain_id, server.user_id).secret_key
    if request.method == "PUT":
        return metadata_tokens.issue(request, server, secret, now)
    if request.method != "GET":
        return PlainTextResponse("405 Method Not Allowed", 405)
    return metadata_tokens.refusal(request, server, secret, now) or answer(asker, request.url.path)


def answer(asker: Asker, path: str) -> Response:
    """Answer a GET of one path for one server."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _listing([*EC2_VERSIONS, "openstack"])
    if parts[0] == "openstack":
        return _openstack(asker, parts[1:])
    if parts[0] in EC2_VERSIONS:
        return _ec2(asker, parts[1:])
    return _not_found()


def _openstack(asker: Asker, parts: list[str]) -> Response:
    files: dict[str, Callable[[Asker], Response]] = {
        "meta_data.json": lambda asker: JSONResponse(meta_data(asker)),
        "user_data": _user_data,
        "vendor_data.json": lambda _: JSONResponse({}),
        "network_data.json": lambda asker: JSONResponse(network_data(asker)),
        "password": lambda _: PlainTextResponse(""),
        "securitykey": _security_key,
    }
    match parts:
        case []:
            return _listing(VERSIONS)
        case [version] if version in VERSIONS:
            return _listing(name for name in files if name != "user_data" or asker.server.user_data)
        case [version, name] if version in VERSIONS and name in files:
            return files[name](asker)
        case _:
            return _not_found()


def meta_data(asker: Asker) -> dict[str, Any]:
    """meta_data.json. Tags are not in it; the server's own metadata is, under `meta`."""
    server = asker.server
    data: dict[str, Any] = {
        "uuid": server.id,
        "name": server.name,
        "hostname": f"{server.hostname}.novalocal",
        "launch_index": server.launch_index,
        "availability_zone": server.availability_zone,
        "region_id": asker.region.id,
        "project_id": server.project_id,
        "enterprise_project_id": server.enterprise_project_id,
        "instance_type": server.flavor_id,
        "services": {"domain": ""},
        # Constant per server: a second read must not look like a changed instance to cloud-init.
        "random_seed": base64.b64encode(hashlib.shake_256(server.id.encode()).digest(512)).decode(),
        "meta": server.metadata,
    }
    if key := asker.public_key:
        data["public_keys"] = {key[0]: key[1] + "\n"}
        data["keys"] = [{"name": key[0], "type": "ssh", "data": key[1] + "\n"}]
    return data


def network_data(asker: Asker) -> dict[str, Any]:
    """network_data.json: every port with its fixed address and the default route of the primary one."""
    links, networks = [], []
    for index, nic in enumerate(asker.server.nics):
        subnet = asker.cloud.subnet(asker.region, nic.subnet_id)
        default = {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": subnet.gateway}
        link = f"tap{nic.port_id[:11]}"
        links.append({"id": link, "vif_id": nic.port_id, "type": "phy", "mtu": 1500, "ethernet_mac_address": nic.mac})
        networks.append(
            {
                "id": f"network{index}",
                "type": "ipv4",
                "link": link,
                "ip_address": nic.address,
                "netmask": str(subnet.network.netmask),
                "routes": [default] if index == 0 else [],
                "network_id": subnet.id,
            }
        )
    return {"links": links, "networks": networks, "services": []}


def _user_data(asker: Asker) -> Response:
    if not asker.server.user_data:
        return _not_found()
    return Response(base64.b64decode(asker.server.user_data), media_type="application/octet-stream")


def _security_key(asker: Asker) -> Response:
    """The temporary key of the server's agency; 401 with the text the SDKs look for when it has none."""
    if not asker.server.agency:
        return PlainTextResponse(NO_AGENCY, 401)
    cloud = asker.cloud
    key = cloud.change(lambda: cloud.credentials.agency_key(asker.server, cloud.now()))
    credential = {
        "access": key.access,
        "secret": key.secret,
        "securitytoken": key.security_token,
        "expires_at": key.expires_at,
    }
    return JSONResponse({"credential": credential})


def _ec2(asker: Asker, parts: list[str]) -> Response:
    """The EC2 type: a tree of texts, a directory lists its members."""
    match parts:
        case []:
            return _listing(["meta-data/", *(["user-data"] if asker.server.user_data else [])])
        case ["user-data"]:
            return _user_data(asker)
        case ["meta-data", "public-keys"] if asker.public_key:
            return _listing([f"0={asker.public_key[0]}"])
        case ["meta-data", *names]:
            return _ec2_node(_ec2_tree(asker), names)
        case _:
            return _not_found()


def _ec2_node(tree: dict[str, Any], names: list[str]) -> Response:
    node: Any = tree
    for name in names:
        if not isinstance(node, dict) or name not in node:
            return _not_found()
        node = node[name]
    if isinstance(node, str):
        return PlainTextResponse(node)
    return _listing(f"{name}/" if isinstance(member, dict) else name for name, member in node.items())


def _ec2_tree(asker: Asker) -> dict[str, Any]:
    server, nic = asker.server, asker.server.nics[0]
    hostname = f"{server.hostname}.novalocal"
    groups = [group.name for group in asker.region.security_groups if group.id in server.security_groups]
    tree: dict[str, Any] = {
        "ami-id": server.image_id,
        "hostname": hostname,
        "instance-id": server.id,
        "instance-type": server.flavor_id,
        "local-hostname": hostname,
        "local-ipv4": nic.address,
        "placement": {"availability-zone": server.availability_zone},
        "public-hostname": hostname,
        "public-ipv4": nic.public_address or "",
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(groups),
    }
    if key := asker.public_key:
        tree["public-keys"] = {"0": {"openssh-key": key[1]}}
    return tree


def _listing(names: Any) -> Response:
    return PlainTextResponse("\n".join(names))


def _not_found() -> Response:
    return PlainTextResponse("404 Not Found", 404)
