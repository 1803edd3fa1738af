"""A create request after its form was checked: what is ordered, still to be held against what the region has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NicOrder:
    subnet_id: str
    address: str = ""


@dataclass(frozen=True)
class VolumeOrder:
    """`size` in GB."""

    type: str
    size: int
    delete_on_termination: bool = False


@dataclass(frozen=True)
class ServerOrder:
    """`availability_zone` "" lets the region choose, once for all servers or, with `spread`, for each one.

    `public`: the first card gets a floating address (EIP), which with `public_kept` outlives the server.
    """

    name: str
    image_id: str
    flavor_id: str
    vpc_id: str
    nics: tuple[NicOrder, ...]
    root_volume: VolumeOrder
    data_volumes: tuple[VolumeOrder, ...] = ()
    security_groups: tuple[str, ...] = ()
    count: int = 1
    availability_zone: str = ""
    spread: bool = False
    key_name: str | None = None
    admin_pass: str | None = None
    user_data: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""
    enterprise_project_id: str = "0"
    metadata_options: dict[str, str] = field(default_factory=dict)
    public: bool = False
    public_kept: bool = False
    server_group: str = ""

    def names(self) -> list[str]:
        """The servers' names: the given one, or numbered with four digits from its own number or from 0001."""
        if self.count == 1:
            return [self.name]
        numbered = re.fullmatch(r"(.*-)(\d{4})", self.name)
        stem, first = (numbered[1], int(numbered[2])) if numbered else (f"{self.name}-", 1)
        return [f"{stem}{number:04d}" for number in range(first, first + self.count)]
