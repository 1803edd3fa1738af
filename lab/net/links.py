"""Bridges and other interfaces of the control node, by iproute2."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from lab.shell import CommandError, run


def routes_json() -> str:
    """Every IPv4 route of the control node, those of other labs and VPNs in their own tables too."""
    return run(["ip", "-4", "-json", "route", "show", "table", "all"])


def ensure_bridge(name: str, address: str) -> None:
    """Have the bridge `name` up with `address` (CIDR notation). Idempotent.

    IPv6 is off on it: the packet filter speaks IPv4, and a link-local address would be a door beside it.
    """
    if name not in names(name):
        run(["ip", "link", "add", name, "type", "bridge", "forward_delay", "0"])
    ipv6 = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    if ipv6.exists():
        ipv6.write_text("1", encoding="ascii")
    run(["ip", "address", "replace", address, "dev", name])
    run(["ip", "link", "set", name, "up"])


def names(prefix: str) -> list[str]:
    """The interfaces whose name begins with `prefix`."""
    links: list[dict[str, Any]] = json.loads(run(["ip", "-json", "link", "show"]))
    return [link["ifname"] for link in links if link["ifname"].startswith(prefix)]


def delete(name: str) -> None:
    """Remove an interface. Idempotent: a veth goes with its peer, so it may be gone already."""
    with contextlib.suppress(CommandError):
        run(["ip", "link", "delete", name])
