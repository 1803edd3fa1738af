"""What is wanted: one server, or so many with given tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .seen import AGENCY, PROTECTED

PLAN_TAG, SLOT_TAG = "ecs-plan", "ecs-slot"
"""Tags of the servers a plan made: the plan's name, and the name of the entry within it."""

MOST_AT_ONCE = 100
"""Servers of one create request (ECS API, 'Creating ECSs')."""


@dataclass(frozen=True)
class Network:
    """A network interface. `zone`: only for servers of that availability zone."""

    subnet: str
    address: str = ""
    ipv6: bool = False
    zone: str = ""


@dataclass(frozen=True)
class Disk:
    """`size` in GB; a system disk goes with its server always."""

    type: str
    size: int | None
    delete_on_termination: bool = True


@dataclass(frozen=True)
class Eip:
    """A new public address with `size` Mbit/s, or a share of the bandwidth `bandwidth`."""

    type: str
    size: int | None
    share: str = "PER"
    charge: str = "traffic"
    bandwidth: str = ""
    delete_on_termination: bool = True


@dataclass(frozen=True)
class Wanted:
    """One entry: a server (by `id`, `name` or the tags `select`), or with `count` that many servers with `select`.

    What is None or empty is left as it is. `tags` and `metadata` are what the user wrote; a
    None among the values of `metadata` removes the item.
    """

    where: str
    region: str
    state: str
    id: str = ""
    name: str = ""
    count: int | None = None
    select: Mapping[str, str] = field(default_factory=dict)
    scale_in: str = "newest"
    zones: tuple[str, ...] = ()
    flavor: str = ""
    image: str = ""
    vpc: str = ""
    networks: tuple[Network, ...] = ()
    security_groups: tuple[str, ...] = ()
    system_disk: Disk | None = None
    data_disks: tuple[Disk, ...] = ()
    eip: Eip | None = None
    key_name: str = ""
    admin_password: str = field(default="", repr=False)
    user_data: str = field(default="", repr=False)
    tags: Mapping[str, str] | None = None
    purge_tags: bool = True
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    agency: str = ""
    server_group: str = ""
    enterprise_project: str = ""
    protection: bool | None = None
    force: bool = False
    on_failure: str = "delete"
    delete_eip: bool = True
    delete_volumes: bool = False

    @property
    def key(self) -> str:
        """What this entry is called in the state file: the same for the same servers in every run."""
        tags = ",".join(f"{key}={value}" for key, value in sorted(self.select.items()))
        return f"{self.region}/{tags or self.id or self.name}"

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of a new server."""
        return {**(self.tags or {}), **self.select}

    @property
    def new_metadata(self) -> dict[str, str]:
        """The metadata of a new server."""
        given = {key: value for key, value in self.metadata.items() if value is not None}
        agency = {AGENCY: self.agency} if self.agency else {}
        return {**given, **agency, **({PROTECTED: "true"} if self.protection else {})}

    def networks_in(self, zone: str) -> list[Network]:
        """The interfaces of a server in `zone`."""
        return [it for it in self.networks if it.zone in ("", zone)]

    def missing(self) -> list[str]:
        """The options without which no server can be made."""
        given = {
            "name": self.name,
            "flavor": self.flavor,
            "image": self.image,
            "vpc_id": self.vpc,
            "networks": self.networks,
        }
        return [name for name, value in given.items() if not value]
