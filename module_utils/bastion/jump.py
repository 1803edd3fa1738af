"""A bastion as it stands in ProxyJump, and the ssh configuration that makes logging in to it strict."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOCKETS = "~/.ansible/cp"
"""Ansible's own folder for open connections, of mode 0700."""

_JUMP = re.compile(
    r"(?:(?P<user>[A-Za-z_][A-Za-z0-9_.-]*)@)?(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*))"
    r"(?::(?P<port>[0-9]{1,5}))?\Z"
)


@dataclass(frozen=True)
class Jump:
    """One hop of ProxyJump (ssh_config(5)): `user` and `port` are empty where ssh's own configuration decides."""

    text: str
    user: str
    host: str
    port: str


def parse_jump(text: str) -> Jump:
    """`[user@]host[:port]` as a Jump. Raises ValueError for anything else, a chain of several hops too."""
    match = _JUMP.match(text)
    if not match:
        raise ValueError(f"{text!r} is no bastion: [user@]host[:port], one hop, is what ProxyJump may say here.")
    return Jump(text, match["user"] or "", match["ipv6"] or match["host"], match["port"] or "")


def owner(jump: Jump, servers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one of the servers (`id`, `name`, `addresses`) the jump leads to; empty texts where it is none or unsure."""
    same = [server for server in servers if jump.host in server["addresses"]]
    return same[0] if len(same) == 1 else {"id": "", "name": ""}


def socket(jump: Jump, server_id: str) -> str:
    """Where the open connection is found. With the id: another server at the same address is another connection."""
    name = hashlib.sha256(f"{server_id} {jump.text}".encode()).hexdigest()[:16]
    return f"{SOCKETS}/bastion-{name}"


def configuration(jump: Jump, server_id: str, known_hosts: Path, *, trust_first_use: bool = False) -> str:
    """The file for `ssh -F`, which ssh hands on to the hop of ProxyJump; nothing else of the command line gets there.

    A bastion that is a server of the cloud (`server_id`) must show the host key that its console log shows, any other
    the one that the user's own known_hosts has. The hop uses the connection that is open, else a key: never a password,
    which Ansible has for the server behind it. All else is as the user's own configuration says.
    """
    lines = [
        "# Written by playbooks/host_keys.yml.",
        f"Host {jump.host}",
        *([f"  HostKeyAlias {server_id}", f'  UserKnownHostsFile "{known_hosts}"'] if server_id else []),
        f"  StrictHostKeyChecking {'accept-new' if trust_first_use else 'yes'}",
        f"  ControlPath {socket(jump, server_id)}",
        "  PasswordAuthentication no",
        "  KbdInteractiveAuthentication no",
        "  ServerAliveInterval 15",
        "Match all",
        "  Include ~/.ssh/config",
        "  Include /etc/ssh/ssh_config",
    ]
    return "\n".join(lines) + "\n"
