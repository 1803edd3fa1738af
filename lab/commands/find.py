"""Servers by the names a person types, over all regions of a lab."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from lab.customer import Customer, ServerView
from lab.errors import LabError
from lab.settings import LabSettings, RegionSettings


@dataclass(frozen=True)
class Found:
    """A server, its region and the customer who may change it."""

    customer: Customer
    region: RegionSettings
    server: ServerView


def every(settings: LabSettings, **filters: str) -> list[Found]:
    """All servers of all regions, or those that `filters` let pass. Raises LabError when the API does not answer."""
    customers = [(Customer(settings, index), region) for index, region in enumerate(settings.regions)]
    return [Found(customer, region, server) for customer, region in customers for server in customer.servers(**filters)]


def with_hosts(settings: LabSettings) -> list[Found]:
    """All servers but the canned ones of `lab seed`, whose addresses are elsewhere. Raises LabError."""
    network = IPv4Network(settings.cidr)
    first, second, *_ = settings.cidr.split(".")
    found = every(settings, ip=f"{first}.{second}.")
    return [one for one in found if IPv4Address(one.server.address) in network]


def find(settings: LabSettings, name: str) -> Found:
    """The one server of this name, NAME or REGION/NAME. Raises LabError."""
    return choose(every(settings, name=name.rsplit("/", 1)[-1]), name)


def choose(servers: list[Found], name: str) -> Found:
    """The one server of this name. Raises LabError when there is none, or more than one."""
    found = [one for one in servers if name in {one.server.name, f"{one.region.id}/{one.server.name}"}]
    if not found:
        raise LabError(f"There is no server {name}.")
    if len(found) > 1:
        regions = {one.region.id for one in found}
        hint = f": write {found[0].region.id}/{found[0].server.name}, for example." if len(regions) > 1 else "."
        raise LabError(f"{len(found)} servers are named {name}{hint}")
    return found[0]
