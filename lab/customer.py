"""What a customer of the region does, with Huawei's own SDK and nothing else: order servers, look at them."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import huaweicloudsdkecs.v2 as ecs
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException, ServiceResponseException
from huaweicloudsdkcore.region.region import Region

from lab.errors import LabError
from lab.plan import ServerPlan
from lab.settings import LabSettings, RegionSettings, Subnet

POLL_SECONDS = 0.2
JOB_SECONDS = 300.0
SSH_SECONDS = 120.0
PAGE = 200
FLOATING = "floating"
AGENCY = "agency_name"  # the server metadata that names an agency
WHOLE_LOG = -1
KEYS_BEGIN, KEYS_END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"


@dataclass(frozen=True)
class ServerView:
    """A server as the API shows it. `tags` are `key=value`, or `key` alone; `public_address` is "" without one."""

    id: str
    name: str
    status: str
    address: str
    availability_zone: str
    flavor: str
    tags: tuple[str, ...]
    vpc_id: str = ""
    public_address: str = ""


class Customer:
    """The lab's account in one region. Every method raises LabError with the API's own words."""

    def __init__(self, settings: LabSettings, region_index: int = 0) -> None:
        self._settings = settings
        self._region = settings.regions[region_index]
        account = settings.accounts[0]
        credentials = BasicCredentials(account.access_key, account.secret_key, self._region.project_id)
        self._client = (
            ecs.EcsClient.new_builder()
            .with_credentials(credentials)
            .with_region(Region(self._region.id, settings.endpoint))
            .build()
        )

    @property
    def client(self) -> ecs.EcsClient:
        """The SDK's own client, for what has no method here; its exceptions are the SDK's."""
        return self._client

    def servers(self, **filters: str) -> list[ServerView]:
        """The servers of the region, page by page; `filters` as ListServersDetails has them (name, ip: parts of it)."""
        return list(self._pages(filters))

    def count(self) -> int:
        """How many servers the region has."""
        request = ecs.ListServersDetailsRequest(limit=1)
        return int(self._call("list_servers_details", request).count)

    def find(self, name: str) -> ServerView:
        """The one server of this name."""
        found = [server for server in self.servers(name=name) if server.name == name]
        if len(found) != 1:
            raise LabError(f"There is no server {name}." if not found else f"{len(found)} servers are named {name}.")
        return found[0]

    def create(self, plan: ServerPlan, password: str) -> str:
        """Order one server in the plan's VPC, else the first one, on a subnet of its zone; returns the job's id."""
        subnet = subnet_for(self._region, plan)
        user_data = plan.user_data.replace("${password}", password)
        server = ecs.PrePaidServer(
            name=plan.name,
            image_ref=plan.image or self._settings.images[0].id,
            flavor_ref=plan.flavor,
            availability_zone=plan.availability_zone or None,
            vpcid=subnet.vpc_id,
            nics=[ecs.PrePaidServerNic(subnet_id=subnet.id)],
            root_volume=ecs.PrePaidServerRootVolume(volumetype="GPSSD", size=40),
            security_groups=[ecs.PrePaidServerSecurityGroup(id=group) for group in groups_for(self._region, plan)],
            publicip=_new_eip() if plan.public else None,
            server_tags=[ecs.PrePaidServerTag(key=key, value=value) for key, value in plan.tags.items()],
            metadata={AGENCY: plan.agency} if plan.agency else None,
            key_name=plan.key_name or None,
            user_data=base64.b64encode(user_data.encode()).decode() if user_data else None,
            extendparam=ecs.PrePaidServerExtendParam(charging_mode="postPaid"),
        )
        body = ecs.CreateServersRequestBody(server=server)
        return str(self._call("create_servers", ecs.CreateServersRequest(body=body)).job_id)

    def delete(self, server_ids: Iterable[str]) -> str:
        """Order the removal of servers; returns the id of the job."""
        servers = [ecs.ServerId(id=server_id) for server_id in server_ids]
        body = ecs.DeleteServersRequestBody(servers=servers, delete_publicip=True, delete_volume=True)
        return str(self._call("delete_servers", ecs.DeleteServersRequest(body=body)).job_id)

    def start(self, server_ids: Iterable[str]) -> str:
        """Switch servers on; returns the id of the job."""
        servers = [ecs.ServerId(id=server_id) for server_id in server_ids]
        body = ecs.BatchStartServersRequestBody(os_start=ecs.BatchStartServersOption(servers=servers))
        return str(self._call("batch_start_servers", ecs.BatchStartServersRequest(body=body)).job_id)

    def stop(self, server_ids: Iterable[str], kind: str = "HARD") -> str:
        """Switch servers off, HARD without asking their systems, SOFT by asking; returns the id of the job."""
        servers = [ecs.ServerId(id=server_id) for server_id in server_ids]
        body = ecs.BatchStopServersRequestBody(os_stop=ecs.BatchStopServersOption(servers=servers, type=kind))
        return str(self._call("batch_stop_servers", ecs.BatchStopServersRequest(body=body)).job_id)

    def untag(self, server_id: str, tags: Mapping[str, str]) -> None:
        """Take tags (key -> value) off a server; one that is not there is no error."""
        body = ecs.BatchDeleteServerTagsRequestBody(
            action="delete", tags=[ecs.ServerTag(key=key, value=value) for key, value in tags.items()]
        )
        self._call("batch_delete_server_tags", ecs.BatchDeleteServerTagsRequest(server_id=server_id, body=body))

    def wait(self, job_ids: Iterable[str]) -> None:
        """Wait until all jobs have succeeded. Raises LabError with the reason of the first that failed."""
        deadline = time.monotonic() + JOB_SECONDS
        for job_id in job_ids:
            while (job := self._call("show_job", ecs.ShowJobRequest(job_id=job_id))).status != "SUCCESS":
                if job.status == "FAIL":
                    raise LabError(f"The region could not do it: {_reason(job)}")
                if time.monotonic() > deadline:
                    raise LabError(f"The job {job_id} is still {job.status} after {JOB_SECONDS:.0f} s: see `lab logs`.")
                time.sleep(POLL_SECONDS)

    def console(self, server_id: str) -> str:
        """The whole console log of a server."""
        request = ecs.ShowServerConsoleOutputRequest(server_id=server_id, length=WHOLE_LOG)
        return str(self._call("show_server_console_output", request).output or "")

    def _pages(self, filters: Mapping[str, str]) -> Iterator[ServerView]:
        marker = None
        while True:
            request = ecs.ListServersDetailsRequest(limit=PAGE, marker=marker, **filters)
            page = self._call("list_servers_details", request).servers or []
            yield from map(_view, page)
            if len(page) < PAGE:
                return
            marker = page[-1].id

    def _call(self, operation: str, request: object) -> Any:
        try:
            return getattr(self._client, operation)(request)
        except ServiceResponseException as error:
            raise LabError(f"The region refuses {operation}: {error.error_code} {error.error_msg}") from error
        except SdkException as error:
            reason = getattr(error, "error_msg", None) or error
            raise LabError(f"The region at {self._settings.endpoint} does not answer: {reason}") from error


def host_keys(console: str) -> list[str]:
    """The `type base64` pairs that cloud-init printed at the end of the first boot; none before that."""
    text = console.replace("\r", "")
    if KEYS_BEGIN not in text or KEYS_END not in text:
        return []
    block = text.rsplit(KEYS_BEGIN, maxsplit=1)[1].split(KEYS_END, maxsplit=1)[0]
    return [" ".join(line.split()[:2]) for line in block.splitlines() if len(line.split()) >= 2]


def subnet_for(region: RegionSettings, plan: ServerPlan) -> Subnet:
    """The subnet of the plan's VPC for its zone. Raises LabError when the region has no such VPC or subnet."""
    vpc = next((vpc.id for vpc in region.vpcs if plan.vpc in {"", vpc.name}), None)
    if plan.vpc and vpc is None:
        raise LabError(f"{plan.name} cannot be made: {region.id} has no VPC {plan.vpc}.")
    zone = plan.availability_zone or region.azs[0]
    for subnet in region.subnets:
        if vpc in {None, subnet.vpc_id} and subnet.az in {None, zone}:
            return subnet
    raise LabError(f"{plan.name} cannot be made: its VPC has no subnet for {zone}.")


def groups_for(region: RegionSettings, plan: ServerPlan) -> list[str]:
    """The ids of the plan's security groups, of the first one (`default`) if it names none. Raises LabError."""
    ids = {group.name: group.id for group in region.security_groups}
    unknown = [name for name in plan.security_groups if name not in ids]
    if unknown:
        raise LabError(f"{plan.name} cannot be made: {region.id} has no security group {unknown[0]}.")
    return [ids[name] for name in plan.security_groups] or [group.id for group in region.security_groups[:1]]


def wait_for_ssh(server: ServerView, seconds: float = SSH_SECONDS) -> None:
    """Wait until the server's SSH greets at its private address. Raises LabError after `seconds`."""
    wait_for_greeting(server, lambda: greets(server.address), seconds)


def wait_for_greeting(server: ServerView, greeted: Callable[[], bool], seconds: float = SSH_SECONDS) -> None:
    """Ask again and again whether SSH of the server greets. Raises LabError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if greeted():
            return
        time.sleep(POLL_SECONDS)
    name, address = server.name, server.address
    raise LabError(f"SSH of {name} at {address} did not answer within {seconds:.0f} s: see `lab logs {name}`.")


def greets(address: str) -> bool:
    """Whether an SSH server answers there now."""
    try:
        with socket.create_connection((address, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _new_eip() -> ecs.PrePaidServerPublicip:
    bandwidth = ecs.PrePaidServerEipBandwidth(size=5, sharetype="PER", chargemode="traffic")
    return ecs.PrePaidServerPublicip(eip=ecs.PrePaidServerEip(iptype="5_bgp", bandwidth=bandwidth))


def _view(server: Any) -> ServerView:
    every = [address for of_vpc in server.addresses.values() for address in of_vpc]
    fixed = [address.addr for address in every if address.os_ext_ip_stype != FLOATING]
    floating = [address.addr for address in every if address.os_ext_ip_stype == FLOATING]
    return ServerView(
        id=server.id,
        name=server.name,
        status=server.status,
        address=fixed[0] if fixed else "",
        availability_zone=server.os_ext_a_zavailability_zone,
        flavor=server.flavor.id,
        tags=tuple(server.tags or ()),
        vpc_id=next(iter(server.addresses), ""),
        public_address=floating[0] if floating else "",
    )


def _reason(job: Any) -> str:
    parts = [part.fail_reason for part in (job.entities.sub_jobs or []) if part.fail_reason] if job.entities else []
    return str(parts[0] if parts else job.fail_reason or job.error_code)
