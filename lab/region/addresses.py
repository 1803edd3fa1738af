"""Which private address a new port gets."""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Iterator

from lab.region.errors import Refusal
from lab.settings import Subnet


def choose(subnet: Subnet, requested: str, used: Container[str]) -> str:
    """Return the requested address or, for "", the lowest free one. Raises Refusal Ecs.0039, Ecs.0010 or Ecs.0012."""
    if not requested:
        for address in usable(subnet):
            if address not in used:
                return address
        raise Refusal(
            "Ecs.0012",
            "The subnet does not contain enough IP addresses. Release some IP addresses or select a different subnet.",
        )
    try:
        wanted = ipaddress.IPv4Address(requested)
    except ValueError:
        raise Refusal("Ecs.0005", f"ip_address {requested} is not an IPv4 address.") from None
    if wanted not in subnet.network or requested in _reserved(subnet):
        raise Refusal("Ecs.0039", "The specified IP address does not belong to the subnet.")
    if requested in used:
        raise Refusal("Ecs.0010", "The private IP address is already being used. Select another IP address.")
    return requested


def choose_public(cidr: str, used: Container[str]) -> str:
    """The lowest free floating address; the first one of the network is its router's. Raises Refusal Ecs.0013."""
    candidates = map(str, ipaddress.IPv4Network(cidr).hosts()) if cidr else iter(())
    next(candidates, None)
    for address in candidates:
        if address not in used:
            return address
    raise Refusal("Ecs.0013", "The current EIP quota limit has been reached. Apply to increase the quota.")


def usable(subnet: Subnet) -> Iterator[str]:
    """All addresses a port may have, in ascending order."""
    reserved = _reserved(subnet)
    return (address for address in map(str, subnet.network.hosts()) if address not in reserved)


def _reserved(subnet: Subnet) -> frozenset[str]:
    """What a VPC keeps for itself: network, gateway, the system's and DHCP's address (.253, .254), broadcast."""
    network = subnet.network
    own = {network.network_address, ipaddress.IPv4Address(subnet.gateway), network.broadcast_address}
    if network.num_addresses >= 16:
        own |= {network.broadcast_address - 1, network.broadcast_address - 2}
    return frozenset(map(str, own))
