"""`lab ssh`: a root shell on a server, its host key checked against what the server wrote to its console.

A server of a private VPC is reached by its floating address, else through a bastion: a server that has one, in its VPC
or in a VPC with a route there.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

from lab import routes
from lab.commands import find
from lab.commands.find import Found
from lab.commands.show import settings_of
from lab.customer import Customer, ServerView, host_keys
from lab.errors import LabError
from lab.region.codec import write_private
from lab.settings import LabSettings
from lab.workspace import Workspace

KEYS_SECONDS = 60.0
POLL_SECONDS = 0.5


def command(workspace: Workspace, name: str, words: list[str]) -> list[str]:
    """The ssh command line for the server `name`. Raises LabError when it, or its host keys, cannot be had."""
    settings = settings_of(workspace)
    servers = find.with_hosts(settings)
    return [*way(workspace, settings, servers, find.choose(servers, name)), *words]


def way(workspace: Workspace, settings: LabSettings, servers: list[Found], target: Found) -> list[str]:
    """The ssh command line up to and with the destination. Raises LabError when no way leads there."""
    server = target.server
    trusted = options(workspace, server, _keys(target.customer, server))
    if not is_private(settings, server):
        return ["ssh", *trusted, f"root@{server.address}"]
    if server.public_address:
        return ["ssh", *trusted, f"root@{server.public_address}"]
    proxy = shlex.join(forward(workspace, bastion(workspace, settings, servers, server))).replace("%", "%%")
    return ["ssh", *trusted, "-o", f"ProxyCommand={proxy} -W %h:%p", f"root@{server.address}"]


def forward(workspace: Workspace, hop: Found) -> list[str]:
    """The ssh command line to a bastion, to which `-W host:port` can be added."""
    trusted = options(workspace, hop.server, _keys(hop.customer, hop.server))
    return ["ssh", "-o", "BatchMode=yes", *trusted, f"root@{hop.server.public_address}"]


def bastion(workspace: Workspace, settings: LabSettings, servers: list[Found], server: ServerView) -> Found:
    """A running server with a floating address, in the server's VPC or in one with a route to it. Raises LabError."""
    present = routes.load(workspace.directory)
    for other in servers:
        near = other.server.vpc_id == server.vpc_id
        routed = routes.Route(*sorted((other.server.vpc_id, server.vpc_id))) in present
        if other.server.public_address and other.server.status == "ACTIVE" and (near or routed):
            return other
    raise LabError(f"{server.name} is in a private VPC, and no running server with a floating address leads there.")


def is_private(settings: LabSettings, server: ServerView) -> bool:
    vpcs = (vpc for region in settings.regions for vpc in region.vpcs)
    return any(vpc.private for vpc in vpcs if vpc.id == server.vpc_id)


def greets_through(command_line: list[str], address: str) -> bool:
    """Whether an SSH server answers at `address` when asked from the bastion that the command line leads to."""
    try:
        argv = [*command_line, "-W", f"{address}:22"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tunnel:
            assert tunnel.stdout is not None
            try:
                return tunnel.stdout.read(4) == b"SSH-"
            finally:
                tunnel.terminate()
    except OSError:
        return False


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
