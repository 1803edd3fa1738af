"""Which addresses and names a lab uses. Pure functions: nothing here touches the machine.

A lab is one 10.N.0.0/16. VPC k is the /20 that begins at 10.N.(16k).0, each of its subnets a /24 10.N.i.0 on the bridge
ek<id>b<i>. The last /20 is the lab's own: 10.N.254.0/24 for floating addresses, 10.N.255.1 for the API.
Interface names are at most 15 characters, so a card is named by eight digits of a hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from ipaddress import IPv4Network

from lab.errors import LabError

FIRST, LAST = 200, 250
PUBLIC_BLOCK, API_BLOCK = 254, 255
SUBNETS_PER_VPC = 16
MAX_VPCS = 15
PREFIX = "ek"


def interface_prefix(lab_id: str) -> str:
    """How the name of every interface and namespace of this lab begins."""
    return f"{PREFIX}{lab_id}"


def bridge_name(lab_id: str, index: int) -> str:
    return f"{interface_prefix(lab_id)}b{index}"


def bridges(lab_id: str) -> str:
    """All bridges of the lab as iptables(8) names interfaces."""
    return f"{interface_prefix(lab_id)}b+"


def api_interface(lab_id: str) -> str:
    return f"{interface_prefix(lab_id)}api"


def public_interface(lab_id: str) -> str:
    return f"{interface_prefix(lab_id)}pub"


def veth_name(lab_id: str, server_id: str, index: int) -> str:
    digest = hashlib.sha256(f"{server_id}/{index}".encode()).hexdigest()
    return f"{interface_prefix(lab_id)}v{digest[:8]}"


def netns_name(lab_id: str, server_id: str) -> str:
    return f"{interface_prefix(lab_id)}-{server_id}"


def chain_name(lab_id: str, purpose: str) -> str:
    return f"EK-{lab_id}-{purpose}"


def choose_network(lab_id: str, taken: Collection[IPv4Network]) -> IPv4Network:
    """The first free 10.N.0.0/16, starting from the lab's id so that a lab keeps its network from run to run.

    Raises LabError when routes cover all of them.
    """
    count = LAST - FIRST + 1
    start = int(lab_id, 16) % count
    for step in range(count):
        network = IPv4Network(f"10.{FIRST + (start + step) % count}.0.0/16")
        if not any(network.overlaps(other) for other in taken):
            return network
    raise LabError(f"No network between 10.{FIRST}.0.0/16 and 10.{LAST}.0.0/16 is free: `ip route` shows who has them.")


def subnet(network: IPv4Network, index: int) -> IPv4Network:
    return IPv4Network((int(network.network_address) + (index << 8), 24))


def vpc(network: IPv4Network, index: int) -> IPv4Network:
    """The range of VPC `index`, which is below MAX_VPCS."""
    return IPv4Network((int(network.network_address) + (index * SUBNETS_PER_VPC << 8), 20))


def gateway(network: IPv4Network) -> str:
    return str(network.network_address + 1)


def api_address(network: IPv4Network) -> str:
    return gateway(subnet(network, API_BLOCK))


def public_network(network: IPv4Network) -> IPv4Network:
    """Where floating addresses come from; its first address is the control node's."""
    return subnet(network, PUBLIC_BLOCK)


def taken_networks(routes_json: str, ours: str) -> list[IPv4Network]:
    """The destinations in `ip -json route` output, except the default and those of interfaces named `ours`*."""
    routes: Iterable[dict[str, str]] = json.loads(routes_json or "[]")
    return [
        IPv4Network(route["dst"], strict=False)
        for route in routes
        if route["dst"] != "default" and not route.get("dev", "").startswith(ours)
    ]
