"""Canned servers: shown by the API beside the real ones, without a host, in any number.

They are kept as their seed and made again when the service starts, so a change made to one of them lasts until then.
Their addresses are of 198.18.0.0/15, which RFC 2544 sets aside for benchmarks: whoever contacts one reaches nobody.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address

from lab.region import ids
from lab.region.model import Fault, Seed, Server, ServerNic, Volume
from lab.settings import LabSettings, RegionSettings

PRIVATE, PUBLIC = int(IPv4Address("198.18.0.1")), int(IPv4Address("198.19.0.1"))
MOST = 65_000  # what has an address there
MAX_USER_DATA = 32
STATUSES = ("ACTIVE", "SHUTOFF", "BUILD", "ERROR")
FIELD = re.compile(r"\{n(?:%(\d+))?(?::(\d+))?\}")


class SeedError(ValueError):
    """Canned servers that cannot be made. The message is one sentence for a person."""


@dataclass(frozen=True)
class SeedOrder:
    """`servers` canned ones, in place of those the region has or, with `add`, beside them.

    `region` "" is the first one, `flavor` "" too; no `zones`: all, in turn. In `name` and in the values of `tags`
    {n} is the server's number from 1, {n:5} that with leading zeros, {n%3} its remainder. `user_data` in KB.
    Names and tags may break the API's rules: a client has to live with whatever it is shown.
    """

    servers: int
    region: str = ""
    name: str = "canned-{n:5}"
    tags: dict[str, str] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    flavor: str = ""
    status: str = "ACTIVE"
    user_data: int = 0
    public: bool = False
    add: bool = False


def check(order: SeedOrder, region: RegionSettings, settings: LabSettings) -> None:
    """Raises SeedError for what the region does not have."""
    if not 0 <= order.servers <= MOST:
        raise SeedError(f"There can be 0 to {MOST} canned servers.")
    if not 0 <= order.user_data <= MAX_USER_DATA:
        raise SeedError(f"User-data has 0 to {MAX_USER_DATA} KB.")
    if order.status not in STATUSES:
        raise SeedError(f"The status is one of {', '.join(STATUSES)}.")
    unknown = [zone for zone in order.zones if zone not in region.azs]
    if unknown:
        raise SeedError(f"{region.id} has no zone {unknown[0]}: it has {', '.join(region.azs)}.")
    if order.flavor and order.flavor not in {flavor.id for flavor in settings.flavors}:
        raise SeedError(f"There is no flavor {order.flavor}.")


def servers(seed: Seed, region: RegionSettings, settings: LabSettings) -> Iterator[Server]:
    """The servers of a seed: always the same ones. What they have in common they share."""
    image, subnet = settings.images[0], region.subnets[0]
    groups = tuple(group.id for group in region.security_groups[:1])
    metadata = {"image_name": image.name, "os_type": "Linux", "charging_mode": "0", "vpc_id": subnet.vpc_id}
    fault = Fault(500, "No valid host was found.", seed.created) if seed.status == "ERROR" else None
    namespace = uuid.UUID(seed.id)
    for index in range(seed.count):
        number = index + 1
        address = str(IPv4Address(PRIVATE + seed.address + index))
        public = str(IPv4Address(PUBLIC + seed.address + index)) if seed.public else None
        server_id = str(uuid.uuid5(namespace, str(number)))
        # Ids of the parts: as good as random, but the same after a restart.
        port_id, volume_id = server_id[:-1] + "p", server_id[:-1] + "v"
        yield Server(
            id=server_id,
            number=seed.first + index,
            name=expand(seed.name, number),
            project_id=seed.project_id,
            domain_id=seed.domain_id,
            user_id=seed.user_id,
            availability_zone=seed.zones[index % len(seed.zones)],
            flavor_id=seed.flavor_id,
            image_id=image.id,
            vpc_id=subnet.vpc_id,
            nics=(ServerNic(port_id, ids.mac_address(address), address, subnet.id, public),),
            volumes=(Volume(volume_id, "/dev/vda", "GPSSD", 40, "0", True),),
            security_groups=groups,
            created=seed.created,
            updated=seed.created,
            status=seed.status,
            task_state="spawning" if seed.status == "BUILD" else None,
            launched_at=None if seed.status in {"BUILD", "ERROR"} else seed.created.removesuffix("Z") + ".000000",
            fault=fault,
            metadata=metadata,
            tags={key: expand(value, number) for key, value in seed.tags.items()},
            user_data=_user_data(seed.user_data),
            canned=True,
        )


def expand(pattern: str, number: int) -> str:
    """Fill in the server's number."""

    def field_of(match: re.Match[str]) -> str:
        modulus, width = match.groups()
        return str(number % int(modulus) if modulus else number).zfill(int(width or 0))

    return FIELD.sub(field_of, pattern)


@cache
def _user_data(kilobytes: int) -> str:
    """A script of that size as base64: one string, however many servers have it."""
    if not kilobytes:
        return ""
    return base64.b64encode(b"#!/bin/bash\n".ljust(1024 * kilobytes, b"#")).decode()
