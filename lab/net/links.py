"""Bridges and other interfaces of the control node, by iproute2."""

from __future__ import annotations

import contextlib
import json
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from lab.region.ids import mac_address
from lab.shell import CommandError, run

BRIDGE_SETTINGS = {
    "ipv6/conf/{}/disable_ipv6": "1",
    "ipv4/conf/{}/proxy_arp_pvlan": "1",
    "ipv4/neigh/{}/proxy_delay": "0",  # it answers up to 0.8 s late otherwise
}


def routes_json() -> str:
    """Every IPv4 route of the control node, those of other labs and VPNs in their own tables too."""
    return run(["ip", "-4", "-json", "route", "show", "table", "all"])


def ensure_bridge(name: str, address: str) -> None:
    """Have the bridge `name` up with `address` (CIDR notation). Idempotent.

    IPv6 is off on it: the packet filter speaks IPv4, and a link-local address would be a door beside it. The bridge
    answers ARP in place of the cards (a private VLAN, RFC 3069): they cannot hear one another. Its MAC is its own: one
    that it borrows from its cards changes as they come and go, and hosts would speak to the old one for a minute.
    """
    if name not in names(name):
        run(["ip", "link", "add", name, "type", "bridge", "forward_delay", "0"])
    run(["ip", "link", "set", name, "address", mac_address(str(IPv4Interface(address).ip))])
    for setting, value in BRIDGE_SETTINGS.items():
        path = Path("/proc/sys/net") / setting.format(name)
        if path.exists():  # a kernel may have no IPv6
            path.write_text(value, encoding="ascii")
    run(["ip", "address", "replace", address, "dev", name])
    run(["ip", "link", "set", name, "up"])


def names(prefix: str) -> list[str]:
    """The interfaces whose name begins with `prefix`."""
    links: list[dict[str, Any]] = json.loads(run(["ip", "-json", "link", "show"]))
    return [link["ifname"] for link in links if link["ifname"].startswith(prefix)]


def are_up(wanted: set[str]) -> dict[str, bool]:
    """Of those of these interfaces that exist, which are switched on."""
    links: list[dict[str, Any]] = json.loads(run(["ip", "-json", "link", "show"]))
    return {link["ifname"]: "UP" in link["flags"] for link in links if link["ifname"] in wanted}


def switch(name: str, on: bool) -> None:
    run(["ip", "link", "set", name, "up" if on else "down"])


def forget(address: str, name: str) -> None:
    """Drop what the control node knows of a neighbour on an interface. Idempotent."""
    with contextlib.suppress(CommandError):  # the interface is gone
        run(["ip", "neighbour", "flush", "to", address, "dev", name])


def delete(name: str) -> None:
    """Remove an interface. Idempotent: a veth goes with its peer, so it may be gone already."""
    with contextlib.suppress(CommandError):
        run(["ip", "link", "delete", name])
