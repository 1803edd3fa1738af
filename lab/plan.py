"""A plan: the servers somebody wants, as a YAML file.

    defaults: {flavor: s6.medium.2, key_name: lab, user_data: "#!/bin/bash ..."}
    servers:
      - {name: demo-1, availability_zone: lab-north-1a, tags: {hazelcast: demo}, agency: ecs-cluster-kit}

`defaults` holds any member of a server but its name. `${password}` in user_data becomes the bootstrap password.
`regions` and `routes` may stand beside them: lab/topology.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import plan_file
from lab.region import codec


@dataclass(frozen=True)
class ServerPlan:
    """One server. `user_data` is clear text; an empty member means the cloud's own default, or none.

    `region`, `vpc` and `security_groups` are names, `image` is an id; `public` orders a floating address.
    """

    name: str
    flavor: str
    availability_zone: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    agency: str = ""
    key_name: str = ""
    user_data: str = ""
    region: str = ""
    vpc: str = ""
    security_groups: tuple[str, ...] = ()
    public: bool = False
    image: str = ""


def load(path: Path) -> list[ServerPlan]:
    """Read a plan. Raises LabError naming the file and what is wrong with it."""
    return plan_file.read(path, parse)


def parse(data: Any) -> list[ServerPlan]:
    """Build the servers of a decoded plan. Raises TypeError or ValueError naming the member."""
    if not isinstance(data, dict) or not isinstance(data.get("servers", [] if "regions" in data else None), list):
        raise TypeError("it needs a list `servers`")
    unknown = sorted(set(data) - {"defaults", "servers", "regions", "routes"})
    if unknown:
        raise ValueError(f"unknown members {unknown}")
    defaults = data.get("defaults") or {}
    wanted = data.get("servers", [])
    if not isinstance(defaults, dict) or not all(isinstance(server, dict) for server in wanted):
        raise TypeError("`defaults` and every server must be mappings")
    servers = [_server({**defaults, **server}) for server in wanted]
    names = [server.name for server in servers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the name {twice[0]} is used twice")
    return servers


def _server(data: dict[str, Any]) -> ServerPlan:
    missing = [name for name in ("name", "flavor") if name not in data]
    if missing:
        raise ValueError(f"the server {data.get('name', '?')} has no {missing[0]}")
    return codec.from_json(ServerPlan, data)
