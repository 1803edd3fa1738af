"""`lab ssh`: a root shell on a server, its host key checked against what the server wrote to its console."""

from __future__ import annotations

import time
from pathlib import Path

from lab.commands.show import settings_of
from lab.customer import Customer, ServerView, host_keys
from lab.errors import LabError
from lab.region.codec import write_private
from lab.workspace import Workspace

KEYS_SECONDS = 60.0
POLL_SECONDS = 0.5


def command(workspace: Workspace, name: str, words: list[str]) -> list[str]:
    """The ssh command line for the server `name`. Raises LabError when it, or its host keys, cannot be had."""
    customer = Customer(settings_of(workspace))
    server = customer.find(name)
    return ["ssh", *options(workspace, server, _keys(customer, server)), f"root@{server.address}", *words]


def options(workspace: Workspace, server: ServerView, keys: list[str]) -> list[str]:
    """Options that accept these host keys alone, under the server's id: addresses are used again, ids never."""
    return [
        *("-i", str(workspace.private_key)),
        *("-o", f"HostKeyAlias={server.id}"),
        *("-o", f"UserKnownHostsFile={remember(workspace.known_hosts, server.id, keys)}"),
        *("-o", "GlobalKnownHostsFile=/dev/null"),
        *("-o", "StrictHostKeyChecking=yes"),
        *("-o", "LogLevel=ERROR"),
    ]


def remember(known_hosts: Path, server_id: str, keys: list[str]) -> Path:
    """Write the server's keys to `known_hosts` in place of those it had there."""
    lines = known_hosts.read_text(encoding="ascii").splitlines() if known_hosts.exists() else []
    kept = [line for line in lines if line.split(" ", 1)[0] != server_id]
    text = "\n".join([*kept, *(f"{server_id} {key}" for key in keys)])
    write_private(known_hosts, f"{text}\n".encode())
    return known_hosts


def _keys(customer: Customer, server: ServerView) -> list[str]:
    deadline = time.monotonic() + KEYS_SECONDS
    while not (keys := host_keys(customer.console(server.id))):
        if time.monotonic() > deadline:
            raise LabError(f"{server.name} has not printed its SSH host keys: see `lab logs {server.name}`.")
        time.sleep(POLL_SECONDS)
    return keys
