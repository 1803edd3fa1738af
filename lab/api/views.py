"""Servers as the ECS API shows them. Field by field: SDK models ServerDetail, CloudServer; doc "Querying Details"."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lab.region.cloud import Cloud, groups_of
from lab.region.model import Server
from lab.region.store import Memo
from lab.settings import SecurityGroup

POWER_STATES = {"ACTIVE": 1, "REBOOT": 1, "HARD_REBOOT": 1, "RESIZE": 4, "SHUTOFF": 4}
VM_STATES = {
    "BUILD": "building",
    "ACTIVE": "active",
    "REBOOT": "active",
    "HARD_REBOOT": "active",
    "RESIZE": "stopped",
    "SHUTOFF": "stopped",
    "ERROR": "error",
}


USER_DATA = "OS-EXT-SRV-ATTR:user_data"

# The keys of `Views.detail` (a test holds the two together).
DETAIL_FIELDS = (
    "OS-DCF:diskConfig",
    "OS-EXT-AZ:availability_zone",
    "OS-EXT-SRV-ATTR:host",
    "OS-EXT-SRV-ATTR:hostname",
    "OS-EXT-SRV-ATTR:hypervisor_hostname",
    "OS-EXT-SRV-ATTR:instance_name",
    "OS-EXT-SRV-ATTR:kernel_id",
    "OS-EXT-SRV-ATTR:launch_index",
    "OS-EXT-SRV-ATTR:ramdisk_id",
    "OS-EXT-SRV-ATTR:reservation_id",
    "OS-EXT-SRV-ATTR:root_device_name",
    USER_DATA,
    "OS-EXT-STS:power_state",
    "OS-EXT-STS:task_state",
    "OS-EXT-STS:vm_state",
    "OS-SRV-USG:launched_at",
    "OS-SRV-USG:terminated_at",
    "accessIPv4",
    "accessIPv6",
    "addresses",
    "auto_terminate_time",
    "capacity_reservation_id",
    "capacity_reservation_specification",
    "config_drive",
    "cpu_options",
    "created",
    "description",
    "enclave_options",
    "enterprise_project_id",
    "fault",
    "flavor",
    "hostId",
    "host_status",
    "hypervisor",
    "id",
    "image",
    "key_name",
    "locked",
    "metadata",
    "name",
    "network_interfaces",
    "os-extended-volumes:volumes_attached",
    "os:scheduler_hints",
    "progress",
    "security_groups",
    "security_options",
    "spod_id",
    "status",
    "sys_tags",
    "tags",
    "tenant_id",
    "updated",
    "user_id",
)


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Views:
    """Renders servers; the JSON of each is made once and kept until its record changes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._details: Memo[Server] = Memo(lambda server: encode(self.detail(server) | {USER_DATA: ""}))

    def detail_json(self, server: Server) -> bytes:
        """The detail as JSON. User-data, up to 43 KB of base64 that many servers share, is kept only once."""
        without = self._details(server)
        if not server.user_data:
            return without
        return b'%b%b"}' % (without[:-2], server.user_data.encode())

    def detail(self, server: Server) -> dict[str, Any]:
        """ServerDetail of ListServersDetails and ShowServer. Numbers that the API shows as strings are strings."""
        flavor = self._cloud.flavor(server.flavor_id)
        return {
            "fault": asdict(server.fault) if server.fault else None,
            "id": server.id,
            "name": server.name,
            "addresses": {server.vpc_id: self._addresses(server, version="4")},
            "flavor": {
                "disk": "0",
                "vcpus": str(flavor.vcpus),
                "ram": str(flavor.ram),
                "id": flavor.id,
                "name": flavor.id,
                "gpus": [],
                "asic_accelerators": [],
            },
            "accessIPv4": "",
            "accessIPv6": "",
            "status": server.status,
            "progress": 0,
            "image": {"id": server.image_id},
            "hostId": server.host_id,
            "updated": server.updated,
            "created": server.created,
            "metadata": server.metadata,
            "tags": tag_texts(server),
            "description": server.description,
            "locked": False,
            "config_drive": "",
            "tenant_id": server.project_id,
            "user_id": server.user_id,
            "key_name": server.key_name,
            "os-extended-volumes:volumes_attached": [
                {
                    "device": volume.device,
                    "bootIndex": volume.boot_index,
                    "id": volume.id,
                    "delete_on_termination": str(volume.delete_on_termination).lower(),
                }
                for volume in server.volumes
            ],
            "OS-EXT-STS:task_state": server.task_state,
            "OS-EXT-STS:power_state": POWER_STATES.get(server.status, 0),
            "OS-EXT-STS:vm_state": VM_STATES[server.status],
            "OS-EXT-SRV-ATTR:host": f"pod01.{server.availability_zone}",
            "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.number:08x}",
            "OS-EXT-SRV-ATTR:hypervisor_hostname": "nova001@1",
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-AZ:availability_zone": server.availability_zone,
            "os:scheduler_hints": {"group": [server.server_group]} if server.server_group else {},
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-SRV-USG:launched_at": server.launched_at,
            "OS-SRV-USG:terminated_at": None,
            "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
            "host_status": "UP",
            "OS-EXT-SRV-ATTR:reservation_id": server.reservation_id,
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
            "enterprise_project_id": server.enterprise_project_id,
            "sys_tags": [{"key": "_sys_enterprise_project_id", "value": server.enterprise_project_id}],
            "security_groups": [{"id": group.id, "name": group.name} for group in self._groups(server)],
            "hypervisor": None,
            "auto_terminate_time": "",
            "cpu_options": {"hw:cpu_threads": None},
            "security_options": None,
            "enclave_options": None,
            "capacity_reservation_id": None,
            "capacity_reservation_specification": None,
            "spod_id": None,
            "network_interfaces": [
                {
                    "port_id": nic.port_id,
                    "primary": index == 0,
                    "ip_addresses": [nic.address],
                    "ipv6_addresses": [],
                    "subnet_id": nic.subnet_id,
                    "association": {"public_ip_address": nic.public_address} if nic.public_address else None,
                }
                for index, nic in enumerate(server.nics)
            ],
            USER_DATA: server.user_data,  # the last one: see detail_json
        }

    def updated(self, server: Server) -> dict[str, Any]:
        """UpdateServerResult: Nova's shape of a server."""
        return {
            "id": server.id,
            "name": server.name,
            "description": server.description,
            "status": server.status,
            "progress": 0,
            "locked": False,
            "tenant_id": server.project_id,
            "user_id": server.user_id,
            "hostId": server.host_id,
            "image": server.image_id,
            "flavor": {"id": server.flavor_id, "links": []},
            "metadata": server.metadata,
            "tags": tag_texts(server),
            "addresses": {server.vpc_id: [{"version": 4, "addr": nic.address} for nic in server.nics]},
            "links": [],
            "accessIPv4": "",
            "accessIPv6": "",
            "created": server.created,
            "updated": server.updated,
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
        }

    def unknown(self, server_id: str, created: str) -> dict[str, Any]:
        """What the list shows for an unknown `server_id`: all null but id and fault (SDK text of the parameter)."""
        fault = {"code": 404, "message": f"Instance {server_id} could not be found.", "created": created}
        return dict.fromkeys(DETAIL_FIELDS) | {"id": server_id, "fault": fault}

    def brief(self, server: Server, expected: frozenset[str]) -> dict[str, Any]:
        """CloudServer of ListCloudServers: the default fields and the expected ones. Never user_data."""
        flavor = self._cloud.flavor(server.flavor_id)
        fields: dict[str, Any] = {
            "id": server.id,
            "name": server.name,
            "status": server.status,
            "tenant_id": server.project_id,
            "user_id": server.user_id,
            "availability_zone": server.availability_zone,
            "vm_state": VM_STATES[server.status],
            "task_state": server.task_state,
            "created": server.created,
            "updated": server.updated,
            "description": server.description,
            "in_recycle_bin": False,
            "spod_id": None,
            "fault": asdict(server.fault) if server.fault else None,
            "flavor": {
                "id": flavor.id,
                "name": flavor.id,
                "vcpus": flavor.vcpus,
                "ram": flavor.ram,
                "disk": 0,
                "gpus": [],
                "asic_accelerators": [],
            },
        }
        return fields | self._optional(server, expected)

    def _optional(self, server: Server, expected: frozenset[str]) -> dict[str, Any]:
        make: dict[str, Callable[[], Any]] = {
            "launched_at": lambda: server.launched_at,
            "key_name": lambda: server.key_name,
            "locked": lambda: False,
            "root_device_name": lambda: "/dev/vda",
            "tenancy": lambda: None,
            "dedicated_host_id": lambda: None,
            "enterprise_project_id": lambda: server.enterprise_project_id,
            "tags": lambda: tag_texts(server),
            "metadata": lambda: server.metadata,
            "addresses": lambda: {server.vpc_id: self._addresses(server, version=4)},
            "security_groups": lambda: [{"id": group.id, "name": group.name} for group in self._groups(server)],
            "volumes_attached": lambda: self._volumes(server),
            "image": lambda: {"id": server.image_id},
            "power_state": lambda: POWER_STATES.get(server.status, 0),
            "cpu_options": lambda: {"hw:cpu_threads": None},
            "market_info": lambda: {"charge_mode": server.metadata.get("charging_mode", "0"), "prepaid_info": None},
        }
        return {name: make[name]() for name in make if name in expected}

    def _groups(self, server: Server) -> tuple[SecurityGroup, ...]:
        region = self._cloud.region(server.project_id)
        return () if region is None or not server.security_groups else groups_of(region, server.security_groups)

    @staticmethod
    def _addresses(server: Server, version: str | int) -> list[dict[str, Any]]:
        """One element per private address and, after it, one per EIP with the same port (type floating)."""
        listed = []
        for index, nic in enumerate(server.nics):
            kinds = [("fixed", nic.address), ("floating", nic.public_address)]
            for kind, address in kinds:
                if address is not None:
                    element = {
                        "version": version,
                        "addr": address,
                        "OS-EXT-IPS-MAC:mac_addr": nic.mac,
                        "OS-EXT-IPS:port_id": nic.port_id,
                        "OS-EXT-IPS:type": kind,
                    }
                    listed.append(element | ({"primary": index == 0} if kind == "fixed" else {}))
        return listed

    @staticmethod
    def _volumes(server: Server) -> list[dict[str, Any]]:
        return [
            {
                "id": volume.id,
                "device": volume.device,
                "bootIndex": volume.boot_index,
                "delete_on_termination": volume.delete_on_termination,
                "size": volume.size,
            }
            for volume in server.volumes
        ]


def tag_texts(server: Server) -> list[str]:
    """`key=value`, or the bare key when the value is empty."""
    return [f"{key}={value}" if value else key for key, value in server.tags.items()]
