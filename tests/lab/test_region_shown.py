"""What `lab status` and `lab groups` show, and what is kept of a server that never answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.commands import show
from lab.commands.find import with_hosts
from lab.control import Control
from lab.customer import ServerView
from lab.region.seeds import SeedOrder
from tests.lab.world import World


def test_the_console_of_a_silent_server_is_kept(region: World, server: ServerView) -> None:
    log = show.keep_console(region.workspace, region.settings, server)
    assert log is not None
    assert log.parent == region.workspace.logs
    assert "END SSH HOST KEY KEYS" in log.read_text()


def test_canned_servers_are_one_line_of_the_status(region: World, server: ServerView) -> None:
    control = Control(region.workspace.directory)
    control.seed(SeedOrder(1200, name="crowd-{n}"))
    try:
        text = show.status(region.workspace)
        hosts = [one.server.name for one in with_hosts(region.settings)]
    finally:
        control.seed(SeedOrder(0))
    assert "crowd-" not in text
    [line] = [line for line in text.splitlines() if "canned" in line]
    assert line == "  and 1200 canned ones, without hosts (`lab seed --servers 0` removes them)"
    assert f"{1200 + len(hosts)} servers" in text
    assert server.name in hosts
    assert len(hosts) < 1200


def test_groups_are_shown_and_changed_by_a_plan(labs: Callable[[str], World], tmp_path: Path) -> None:
    world = labs("shown")
    world.up()
    assert show.groups(world.workspace).splitlines() == [
        "region lab-north-1",
        "  default",
        "    in  any  all         from default",
        "    out any  all         to anywhere",
    ]
    plan = tmp_path / "plan.yml"
    plan.write_text(
        "regions: {lab-north-1: {security_groups: {default: [{protocol: tcp, ports: 22, remote: 10.0.0.0/8}]}}}"
    )
    world.up(plan)
    assert show.groups(world.workspace).splitlines()[2] == "    in  tcp  22          from 10.0.0.0/8"
