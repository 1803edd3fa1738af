"""A server as this toolkit sees it, made from the API's object, whatever that leaves out."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """One address of one NIC. `kind` is `fixed` (in the VPC) or `floating` (an EIP); `port` identifies the NIC."""

    ip: str
    version: int
    kind: str
    vpc_id: str
    port: str


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of an ECS server that name, group and reach it. Absent texts are empty."""

    id: str
    name: str
    status: str
    region: str
    project_id: str
    availability_zone: str
    flavor: str
    image_id: str
    vpc_id: str
    enterprise_project_id: str
    addresses: tuple[Address, ...]
    tags: Mapping[str, str]
    security_groups: tuple[str, ...]


def parse_server(raw: Json, region: str, project_id: str) -> Server:
    """The Server in one element of ListServersDetails' `servers` (it must have an `id`)."""
    addresses = tuple(_addresses(raw))
    metadata = _mapping(raw.get("metadata"))
    return Server(
        id=raw["id"],
        name=_text(raw.get("name")),
        status=_shared(raw.get("status")),
        region=region,
        project_id=project_id,
        availability_zone=_shared(raw.get("OS-EXT-AZ:availability_zone")),
        flavor=_shared(_mapping(raw.get("flavor")).get("id")),
        image_id=_shared(_mapping(raw.get("image")).get("id")),
        vpc_id=_shared(metadata.get("vpc_id")) or (addresses[0].vpc_id if addresses else ""),
        enterprise_project_id=_text(raw.get("enterprise_project_id")),
        addresses=addresses,
        tags=parse_tags(raw.get("tags")),
        security_groups=tuple(_security_groups(raw.get("security_groups"))),
    )


def parse_tags(value: object) -> dict[str, str]:
    """`["key=value", "alone"]` -> `{"key": "value", "alone": ""}`: cut at the first `=`, a key's first value wins."""
    tags: dict[str, str] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str):
            key, _, content = item.partition("=")
            if key:
                tags.setdefault(sys.intern(key), content)
    return tags


def _addresses(raw: Json) -> Iterator[Address]:
    """Addresses in the API's order, those of the primary NIC first. The outer key is the VPC's id, not a name."""
    interfaces = raw.get("network_interfaces")
    marked = [_mapping(it) for it in interfaces] if isinstance(interfaces, list) else []
    first = {it.get("port_id") for it in marked if it.get("primary") is True}
    found = []
    for vpc_id, items in _mapping(raw.get("addresses")).items():
        for item in items if isinstance(items, list) else ():
            entry = _mapping(item)
            try:
                ip = ipaddress.ip_address(entry.get("addr", ""))
            except ValueError:
                continue
            found.append(
                Address(
                    ip=str(ip),
                    version=ip.version,
                    kind=_text(entry.get("OS-EXT-IPS:type")) or "fixed",
                    vpc_id=vpc_id,
                    port=_text(entry.get("OS-EXT-IPS:port_id")) or _text(entry.get("OS-EXT-IPS-MAC:mac_addr")),
                )
            )
            if entry.get("primary") is True:
                first.add(found[-1].port)
    yield from sorted(found, key=lambda address: address.port not in first)


def _security_groups(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        name = _mapping(item).get("name")
        if isinstance(name, str):
            yield name


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _shared(value: object) -> str:
    """A text that many servers have: one object for all of them."""
    return sys.intern(value) if isinstance(value, str) else ""
