"""`lab route add A B` and `lab route cut A B`: VPC Peering and Cloud Connect at run time."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lab import routes
from lab.commands.show import settings_of
from lab.net import firewall
from lab.routes import Route
from lab.settings import LabSettings
from lab.workspace import Workspace

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: Commands) -> None:
    """Add the command to the parser of `lab`."""
    parser = commands.add_parser("route", help="let VPCs reach each other, or no more: VPC Peering, Cloud Connect")
    parser.add_argument("action", choices=["add", "cut"])
    for end in ("one", "other"):
        parser.add_argument(end, metavar="VPC", help="VPC, REGION/VPC, or REGION for all its VPCs")


def change(workspace: Workspace, action: str, one: str, other: str) -> str:
    """Add or cut the routes between two names; returns what was done. Needs root. Raises LabError.

    Cut at once: connections that are open get no further packet through.
    """
    settings = settings_of(workspace)
    named = routes.between(settings, one, other)
    present = routes.load(workspace.directory)
    wanted = present | named if action == "add" else present - named
    save(workspace, settings, wanted)
    changed = sorted(present ^ wanted)
    if not changed:
        return "nothing to do: the route is there" if action == "add" else "nothing to do: there is no such route"
    done = "added" if action == "add" else "cut"
    return "\n".join(f"{done}  {routes.describe(settings, route)}" for route in changed)


def save(workspace: Workspace, settings: LabSettings, wanted: frozenset[Route]) -> None:
    """Keep the routes for the next `up` and let them hold now."""
    routes.save(workspace.directory, wanted)
    firewall.change_routes(settings, wanted)
