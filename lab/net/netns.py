"""A host's network: a namespace of its own whose cards are plugged into the subnets' bridges.

We make it, not podman: podman's own networks would add rules of theirs. It lives as long as the host has power: a
namespace that outlived its processes would go on to answer for them.

The cards are isolated: two of one bridge reach each other only by way of the control node, where the filter is.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator

from lab.errors import LabError
from lab.hosts.driver import Nic
from lab.net import links
from lab.net.addresses import interface_prefix, netns_name, veth_name
from lab.shell import CommandError, run

MAX_NICS = 12  # of an ECS server


def path(lab_id: str, server_id: str) -> str:
    return f"/run/netns/{netns_name(lab_id, server_id)}"


def exists(lab_id: str, server_id: str) -> bool:
    return netns_name(lab_id, server_id) in of_lab(lab_id)


def of_lab(lab_id: str) -> list[str]:
    """The names of all namespaces of a lab."""
    listing: list[dict[str, str]] = json.loads(run(["ip", "-json", "netns", "list"]) or "[]")
    return [entry["name"] for entry in listing if entry["name"].startswith(f"{interface_prefix(lab_id)}-")]


def create(lab_id: str, server_id: str, nics: tuple[Nic, ...]) -> None:
    """Make the namespace with a card per NIC; the first card has the default route. Raises CommandError."""
    name = netns_name(lab_id, server_id)
    run(["ip", "netns", "add", name])
    run(["ip", "-batch", "-"], text="".join(_outside(lab_id, server_id, name, nics)))
    run(["ip", "-netns", name, "-batch", "-"], text="".join(_inside(nics)))


def _outside(lab_id: str, server_id: str, name: str, nics: tuple[Nic, ...]) -> list[str]:
    lines = []
    for index, nic in enumerate(nics):
        veth = veth_name(lab_id, server_id, index)
        lines += [
            f"link add {veth} type veth peer name eth{index} address {nic.mac} netns {name}\n",
            f"link set {veth} master {nic.bridge}\n",
            f"link set {veth} type bridge_slave isolated on\n",
            f"link set {veth} up\n",
        ]
    return lines


def _inside(nics: tuple[Nic, ...]) -> list[str]:
    lines = ["link set lo up\n"]
    for index, nic in enumerate(nics):
        lines += [
            f"address add {nic.address}/{nic.prefix_len} broadcast + dev eth{index}\n",
            f"link set eth{index} up\n",
        ]
    lines += [f"route add default via {nic.gateway}\n" for nic in nics[:1]]
    return lines


def delete(lab_id: str, server_id: str, nics: Iterable[Nic] = ()) -> None:
    """Remove the namespace and its cards, and the memory of those at `nics`. Idempotent."""
    delete_named(netns_name(lab_id, server_id), list(_veths(lab_id, server_id)))
    for nic in nics:
        links.forget(nic.address, nic.bridge)


def unplug(lab_id: str, server_id: str) -> None:
    """Take the cards away and leave the namespace to those who still live in it. Idempotent."""
    for veth in links.are_up(set(_veths(lab_id, server_id))):
        links.delete(veth)


def switch(lab_id: str, server_id: str, on: bool) -> bool:
    """Switch all cards on or off; whether any was in the other state. Raises LabError for a host without a network."""
    cards = links.are_up(set(_veths(lab_id, server_id)))
    if not cards:
        raise LabError("it has no network while it does not run")
    wrong = [veth for veth, is_on in cards.items() if is_on != on]
    for veth in wrong:
        links.switch(veth, on)
    return bool(wrong)


def switched_off(lab_id: str, server_ids: Iterable[str]) -> set[str]:
    """Those of these servers that have a network and none of it is on."""
    server_of = {veth: server_id for server_id in server_ids for veth in _veths(lab_id, server_id)}
    cards = links.are_up(set(server_of))
    return {server_of[veth] for veth in cards} - {server_of[veth] for veth, is_on in cards.items() if is_on}


def _veths(lab_id: str, server_id: str) -> Iterator[str]:
    return (veth_name(lab_id, server_id, index) for index in range(MAX_NICS))


def delete_named(name: str, veths: list[str]) -> None:
    """Remove a namespace by its own name. The cards go first: with the namespace they would go some time later."""
    present = set(links.names(""))
    for veth in veths:
        if veth in present:
            links.delete(veth)
    with contextlib.suppress(CommandError):
        run(["ip", "netns", "delete", name])
