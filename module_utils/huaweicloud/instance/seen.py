"""A server as the instance modules see and return it: one shape, made from the API's object or predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..redact import is_secret_field
from ..servers import Server, parse_server

Json = dict[str, Any]

GONE = frozenset({"DELETED", "SOFT_DELETED"})
STABLE = frozenset({"ACTIVE", "SHUTOFF", "ERROR", "SUSPENDED", "PAUSED", "SHELVED_OFFLOADED", "UNKNOWN"})

PROTECTED = "delete_protection"
"""The metadata item that keeps a server from being deleted by these modules."""

AGENCY = "agency_name"

# What the cloud itself writes into a server's metadata (seen in ListServersDetails).
_SYSTEM_METADATA = frozenset({"charging_mode", "image_name", "os_bit", "os_type", "vpc_id", "virtual_env_type", AGENCY})
_SYSTEM_PREFIXES = ("metering.", "cascaded.", "__", "EcmRes", "lockScene", "lockSource")


@dataclass(frozen=True)
class Group:
    """A security group; either part may be empty: not every answer has both."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Instance:
    """A server: what `Server` holds and what the instance modules plan with besides. Texts may be empty.

    `metadata` is the user's, `system_metadata` the cloud's. `subnets` and `fixed_addresses` are those of its network
    interfaces in order. `data_disks` is their number, None where an answer does not say; `kept_disks` are the ids of
    those that stay when it is deleted. `fault` says why it is in ERROR. A predicted one has no id, or values that are
    not real yet.
    """

    server: Server
    groups: tuple[Group, ...] = ()
    image_name: str = ""
    key_name: str = ""
    agency: str = ""
    server_group: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    system_metadata: Mapping[str, str] = field(default_factory=dict)
    subnets: tuple[str, ...] = ()
    fixed_addresses: tuple[str, ...] = ()
    data_disks: int | None = None
    kept_disks: tuple[str, ...] = ()
    created: str = ""
    launched: bool = False
    task: str = ""
    fault: str = ""

    @property
    def id(self) -> str:
        return self.server.id

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def label(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def leaving(self) -> bool:
        """True while it is being deleted."""
        return self.task == "deleting" or self.server.status in GONE

    @property
    def moving(self) -> bool:
        """True while the cloud is at work on it: it cannot be changed now."""
        return self.server.status not in STABLE or bool(self.task)

    @property
    def half_made(self) -> bool:
        """True when its creation failed: it never ran, nothing on it is worth keeping."""
        return self.server.status == "ERROR" and not self.launched

    @property
    def protected(self) -> bool:
        return self.metadata.get(PROTECTED, "").lower() == "true"

    def result(self) -> Json:
        """What the modules return, the same keys always; None where nothing is known (yet)."""
        server = self.server
        return {
            "id": server.id or None,
            "name": server.name,
            "status": server.status,
            "region": server.region,
            "project_id": server.project_id or None,
            "availability_zone": server.availability_zone or None,
            "flavor": server.flavor,
            "image_id": server.image_id or None,
            "image_name": self.image_name or None,
            "vpc_id": server.vpc_id,
            "subnet_ids": list(self.subnets),
            "private_ipv4": next(iter(self.fixed_addresses), None) or _first(server, 4, "fixed"),
            "public_ipv4": _first(server, 4, "floating"),
            "ipv6": _first(server, 6, "fixed"),
            "security_groups": [{"id": it.id or None, "name": it.name or None} for it in self.groups],
            "tags": dict(server.tags),
            "metadata": {name: value for name, value in self.metadata.items() if name != PROTECTED},
            "delete_protection": self.protected,
            "key_name": self.key_name or None,
            "agency": self.agency or None,
            "server_group": self.server_group or None,
            "kept_disks": list(self.kept_disks),
            "enterprise_project_id": server.enterprise_project_id or None,
            "created": self.created or None,
            "fault": self.fault or None,
        }


def parse_instance(raw: Json, region: str, project_id: str) -> Instance:
    """The Instance in one element of ListServersDetails' `servers`."""
    server = parse_server(raw, region, project_id)
    metadata = {str(key): str(value) for key, value in _mapping(raw.get("metadata")).items()}
    interfaces = [_mapping(it) for it in _list(raw.get("network_interfaces"))]
    disks = _data_disks(raw)
    return Instance(
        server=server,
        groups=tuple(_groups(raw.get("security_groups"))),
        image_name=metadata.get("image_name", ""),
        key_name=_text(raw.get("key_name")),
        agency=metadata.get(AGENCY, ""),
        server_group=_server_group(raw.get("os:scheduler_hints")),
        metadata={name: value for name, value in metadata.items() if is_users(name)},
        system_metadata={
            name: value for name, value in metadata.items() if not is_users(name) and not is_secret_field(name)
        },
        subnets=tuple(_text(it.get("subnet_id")) for it in interfaces if it.get("subnet_id")),
        fixed_addresses=tuple(it.ip for it in server.addresses if it.kind == "fixed" and it.version == 4),
        data_disks=None if disks is None else len(disks),
        kept_disks=tuple(_text(it.get("id")) for it in disks or () if _stays(it)),
        created=_text(raw.get("created")),
        launched=bool(raw.get("OS-SRV-USG:launched_at")),
        task=_text(raw.get("OS-EXT-STS:task_state")),
        fault=_text(_mapping(raw.get("fault")).get("message")),
    )


def is_users(name: str) -> bool:
    """True for an item of metadata that is not the cloud's own."""
    return name not in _SYSTEM_METADATA and not name.startswith(_SYSTEM_PREFIXES) and not is_secret_field(name)


def _first(server: Server, version: int, kind: str) -> str | None:
    return next((it.ip for it in server.addresses if it.version == version and it.kind == kind), None)


def _data_disks(raw: Json) -> list[Mapping[str, Any]] | None:
    """The attached volumes but the system disk, whose bootIndex is 0; None when the answer does not show volumes."""
    volumes = raw.get("os-extended-volumes:volumes_attached")
    if not isinstance(volumes, list):
        return None
    return [_mapping(it) for it in volumes if str(_mapping(it).get("bootIndex")) != "0"]


def _stays(volume: Mapping[str, Any]) -> bool:
    return str(volume.get("delete_on_termination")).lower() == "false"


def _groups(value: object) -> list[Group]:
    found = (_mapping(it) for it in _list(value))
    groups = [Group(_text(it.get("id")), _text(it.get("name"))) for it in found]
    return list(dict.fromkeys(groups))  # Nova lists a group once for each network interface


def _server_group(hints: object) -> str:
    """`{"group": ["id"]}`; some answers have the id alone."""
    group = _mapping(hints).get("group")
    return _text(group[0]) if isinstance(group, list) and group else _text(group)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
