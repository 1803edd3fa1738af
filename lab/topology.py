"""The regions somebody wants and the routes between their VPCs: the part of a plan beside its servers.

    regions:
      lab-north-1:                     # the first one is the default of servers; with `zones` other than a, b and c
        vpcs:
          main: {}                     # the first one is the default of servers; one subnet for all zones
          closed: {private: true, zonal: true}   # only a floating address leads in; one subnet a zone
        security_groups:               # `default`, its members among themselves, is there unless it is named here
          bastion: [{protocol: tcp, ports: 22}]
          members: [{protocol: tcp, ports: 5701-5703, remote: lab-south-1/main}]
      lab-south-1: {}
    routes:
      - [lab-north-1/main, lab-north-1/closed]   # VPC Peering
      - [lab-north-1, lab-south-1]               # Cloud Connect: a region stands for all its VPCs

A rule has a `direction` (ingress), a `protocol` (any, tcp, udp, icmp), `ports` and a `remote`: a CIDR, a security group
of the region, or a VPC (REGION/VPC). A group without an egress rule lets everything out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import plan_file
from lab.region import codec

REGION, VPC, GROUP = "lab-north-1", "vpc-default", "default"
ANYWHERE = "0.0.0.0/0"
DIRECTIONS, PROTOCOLS = ("ingress", "egress"), ("any", "tcp", "udp", "icmp")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True)
class RulePlan:
    """A rule as it is written; `remote` is still a name where it is one."""

    direction: str = "ingress"
    protocol: str = "any"
    ports: str = ""
    remote: str = ANYWHERE


DEFAULT_GROUP = (RulePlan(remote=GROUP),)
EGRESS = RulePlan("egress")


@dataclass(frozen=True)
class VpcPlan:
    """`zonal`: a subnet for each zone instead of one for all; `private`: hidden from the control node."""

    private: bool = False
    zonal: bool = False


@dataclass(frozen=True)
class RegionPlan:
    """`zones` are letters; names are in the order of the file."""

    zones: tuple[str, ...] = ("a", "b", "c")
    vpcs: dict[str, VpcPlan] = field(default_factory=dict)
    security_groups: dict[str, tuple[RulePlan, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """`routes` are pairs of names as `lab route` takes them."""

    regions: dict[str, RegionPlan] = field(default_factory=dict)
    routes: tuple[tuple[str, str], ...] = ()


def load(path: Path) -> Topology:
    """Read the topology of a plan. Raises LabError naming the file and what is wrong with it."""
    return plan_file.read(path, parse)


def parse(data: Any) -> Topology:
    """Build the topology of a decoded plan, which may have none. Raises TypeError or ValueError naming the member."""
    plan = _mapping(data, "the plan")
    regions = _mapping(plan.get("regions"), "`regions`")
    return Topology(
        {_name(name): _region(name, region) for name, region in regions.items()},
        tuple(_route(route) for route in _list(plan.get("routes"), "`routes`")),
    )


def _region(name: str, data: Any) -> RegionPlan:
    members = dict(_mapping(data, f"the region {name}"))
    vpcs = _mapping(members.pop("vpcs", None), f"`vpcs` of {name}")
    groups = _mapping(members.pop("security_groups", None), f"`security_groups` of {name}")
    zones = codec.from_json(RegionPlan, members).zones
    if not zones or any(re.fullmatch("[a-z]", zone) is None for zone in zones) or len(set(zones)) < len(zones):
        raise ValueError(f"`zones` of {name} must be different letters")
    return RegionPlan(
        zones,
        {_name(vpc): codec.from_json(VpcPlan, _mapping(member, vpc)) for vpc, member in vpcs.items()},
        {_name(group): tuple(_rule(group, rule) for rule in _list(rules, group)) for group, rules in groups.items()},
    )


def _rule(group: str, data: Any) -> RulePlan:
    members = dict(_mapping(data, f"a rule of {group}"))
    members["ports"] = str(members.get("ports", ""))
    rule = codec.from_json(RulePlan, members)
    if rule.direction not in DIRECTIONS or rule.protocol not in PROTOCOLS:
        raise ValueError(f"a rule of {group} has the direction {rule.direction} and the protocol {rule.protocol}")
    if rule.ports and (rule.protocol not in {"tcp", "udp"} or not _is_range(rule.ports)):
        raise ValueError(f"a rule of {group} has the ports {rule.ports} of {rule.protocol}")
    return rule


def _is_range(ports: str) -> bool:
    match = PORTS.fullmatch(ports)
    return match is not None and 1 <= int(match[1]) <= int(match[2] or match[1]) <= 65535


def _route(data: Any) -> tuple[str, str]:
    ends = _list(data, "a route")
    if len(ends) != 2 or not all(isinstance(end, str) for end in ends):
        raise TypeError("a route must be two names")
    return ends[0], ends[1]


def _name(name: Any) -> str:
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise ValueError(f"the name {name} must be letters, digits, _, - and .")
    return name


def _mapping(value: Any, what: str) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{what} must be a mapping")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{what} must be a list")
    return value
