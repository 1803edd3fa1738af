"""A create request's body. Pure but for the image's id, which the caller has looked up.

API: ECS CreateServers, POST /v1.1/{project_id}/cloudservers (SDK model PrePaidServer; ECS API, 'Creating ECSs').
"""

from __future__ import annotations

from typing import Any

from .faults import encoded
from .wanted import Disk, Eip, Network, Wanted

Json = dict[str, Any]


def body(wanted: Wanted, image_id: str, zone: str, name: str, count: int) -> Json:
    """`count` pay-per-use servers in `zone` ("": wherever the cloud likes); of several, `name` is the first one's.

    The same arguments make the same body: a repeated X-Client-Token needs that.
    """
    server: Json = {
        "name": name,
        "count": count,
        "imageRef": image_id,
        "flavorRef": wanted.flavor,
        "vpcid": wanted.vpc,
        "nics": [_nic(it) for it in wanted.networks_in(zone)],
        "root_volume": _disk(wanted.system_disk or Disk("GPSSD", 40)),
        "extendparam": {"chargingMode": "postPaid"},
    }
    optional: Json = {
        "availability_zone": zone,
        "data_volumes": [_disk(it) | {"delete_on_termination": it.delete_on_termination} for it in wanted.data_disks],
        "security_groups": [{"id": it} for it in wanted.security_groups],
        "publicip": _eip(wanted.eip) if wanted.eip else None,
        "key_name": wanted.key_name,
        "adminPass": wanted.admin_password,
        "user_data": encoded(wanted.user_data),
        "server_tags": [{"key": key, "value": value} for key, value in sorted(wanted.all_tags.items())],
        "metadata": dict(sorted(wanted.new_metadata.items())),
        "os:scheduler_hints": {"group": wanted.server_group} if wanted.server_group else None,
    }
    if wanted.enterprise_project:
        server["extendparam"]["enterprise_project_id"] = wanted.enterprise_project
    return {"dry_run": False, "server": server | {name: value for name, value in optional.items() if value}}


def _nic(network: Network) -> Json:
    nic: Json = {"subnet_id": network.subnet}
    if network.address:
        nic["ip_address"] = network.address
    return nic | ({"ipv6_enable": True} if network.ipv6 else {})


def _disk(disk: Disk) -> Json:
    return {"volumetype": disk.type} | ({"size": disk.size} if disk.size else {})


def _eip(eip: Eip) -> Json:
    bandwidth: Json = {"sharetype": eip.share, "chargemode": eip.charge}
    bandwidth |= {"id": eip.bandwidth} if eip.bandwidth else {"size": eip.size}
    return {
        "eip": {"iptype": eip.type, "bandwidth": bandwidth},
        "delete_on_termination": eip.delete_on_termination,
    }
