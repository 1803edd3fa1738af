"""`lab stop`, `lab start`, `lab kill` and `lab network`: what happens to servers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lab.commands.find import Found, find
from lab.commands.show import settings_of
from lab.errors import LabError
from lab.net import netns
from lab.workspace import Workspace

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

RUNNING = {"ACTIVE", "REBOOT", "HARD_REBOOT"}
STOPPED = {"SHUTOFF"}


def register(commands: Commands) -> None:
    """Add the four commands to the parser of `lab`."""
    for command, text in (
        ("stop", "shut a server down"),
        ("start", "start a server that was stopped or killed"),
        ("kill", "take a server's power away, without a word to anybody"),
    ):
        commands.add_parser(command, help=text).add_argument("name", metavar="NAME")
    cards = commands.add_parser("network", help="take a server's network away, or give it back")
    cards.add_argument("name", metavar="NAME")
    cards.add_argument("state", choices=["on", "off"])


def stop(workspace: Workspace, name: str) -> str:
    """Shut the server down. Raises LabError."""
    found = find(settings_of(workspace), name)
    if not _must_change(found, "stopped", RUNNING, STOPPED):
        return f"{name} is stopped already"
    found.customer.wait([found.customer.stop([found.server.id], "SOFT")])
    return f"{name} is stopped"


def kill(workspace: Workspace, name: str) -> str:
    """Take the server's power away: nobody hears from it again. Raises LabError."""
    found = find(settings_of(workspace), name)
    if not _must_change(found, "killed", RUNNING, STOPPED):
        return f"{name} is off already"
    found.customer.wait([found.customer.stop([found.server.id], "HARD")])
    return f"{name} is killed"


def start(workspace: Workspace, name: str) -> str:
    """Start the server again; SSH answers some seconds later. Raises LabError."""
    found = find(settings_of(workspace), name)
    if not _must_change(found, "started", STOPPED, RUNNING):
        return f"{name} is running already"
    found.customer.wait([found.customer.start([found.server.id])])
    return f"{name} is started"


def network(workspace: Workspace, name: str, state: str) -> str:
    """Switch the server's network cards `on` or `off`, until it is stopped or started again. Needs root."""
    settings = settings_of(workspace)
    server = find(settings, name).server
    try:
        changed = netns.switch(settings.lab_id, server.id, state == "on")
    except LabError as error:
        raise LabError(f"The network of {name} cannot be switched: {error} (it is {server.status}).") from error
    return f"the network of {name} is {state}" + ("" if changed else " already")


ACTS = {"stop": stop, "start": start, "kill": kill}


def _must_change(found: Found, verb: str, from_states: set[str], to_states: set[str]) -> bool:
    """Whether the server has to be changed. Raises LabError for one that can neither be nor is in the wanted state."""
    status = found.server.status
    if status not in from_states | to_states:
        raise LabError(f"{found.server.name} is {status}: it cannot be {verb} now.")
    return status in from_states
