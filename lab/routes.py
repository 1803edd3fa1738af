"""Routes between VPCs, kept in routes.json and changed at any time: VPC Peering in a region, Cloud Connect between two.

A route joins exactly two VPCs, both ways; it leads no further (VPC Peering is not transitive).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from lab.errors import LabError
from lab.region import codec
from lab.settings import LabSettings, RegionSettings, Vpc

FILE_NAME = "routes.json"
PEERING, CONNECT = "VPC Peering", "Cloud Connect"


@dataclass(frozen=True, order=True)
class Route:
    """The ids of two VPCs, the smaller one first: a pair is one route, whichever end was named first."""

    one: str
    other: str


@dataclass(frozen=True)
class _Routes:
    routes: tuple[Route, ...]


def load(directory: Path) -> frozenset[Route]:
    """The routes that exist now; none without a file. Raises LabError for a damaged file."""
    path = directory / FILE_NAME
    try:
        return frozenset(codec.from_json(_Routes, json.loads(path.read_text(encoding="utf-8"))).routes)
    except FileNotFoundError:
        return frozenset()
    except (TypeError, ValueError) as error:
        raise LabError(f"{path} is damaged ({error}): run `lab down` and `lab up`.") from error


def save(directory: Path, routes: Iterable[Route]) -> None:
    content = _Routes(tuple(sorted(routes)))
    codec.write_private(directory / FILE_NAME, (json.dumps(dataclasses.asdict(content), indent=2) + "\n").encode())


def between(settings: LabSettings, one: str, other: str) -> frozenset[Route]:
    """The routes that the two names stand for: VPC, REGION/VPC, or REGION for all its VPCs. Raises LabError."""
    ends = product(named(settings, one), named(settings, other))
    routes = frozenset(Route(*sorted((first.id, second.id))) for (_, first), (_, second) in ends if first != second)
    if not routes:
        raise LabError(f"A route from {one} to {other} leads nowhere: name two VPCs, or two regions.")
    return routes


def named(settings: LabSettings, name: str) -> list[tuple[RegionSettings, Vpc]]:
    """The VPCs of a name. Raises LabError when there is none, or more than one and the name is not a region's."""
    every = [(region, vpc) for region in settings.regions for vpc in region.vpcs]
    of_region = [(region, vpc) for region, vpc in every if region.id == name]
    if of_region:
        return of_region
    found = [(region, vpc) for region, vpc in every if name in {vpc.name, full_name(region, vpc), vpc.id}]
    if not found:
        known = ", ".join(full_name(region, vpc) for region, vpc in every)
        raise LabError(f"There is no VPC or region {name}: the lab has {known}.")
    if len(found) > 1:
        raise LabError(f"{len(found)} regions have a VPC {name}: write {full_name(*found[0])}, for example.")
    return found


def full_name(region: RegionSettings, vpc: Vpc) -> str:
    return f"{region.id}/{vpc.name}"


def describe(settings: LabSettings, route: Route) -> str:
    """For example `VPC Peering  lab-north-1/main - lab-north-1/closed`."""
    ends = [(region, vpc) for region in settings.regions for vpc in region.vpcs if vpc.id in {route.one, route.other}]
    kind = PEERING if len({region.id for region, _ in ends}) == 1 else CONNECT
    return f"{kind:<13}  {' - '.join(full_name(region, vpc) for region, vpc in ends)}"
