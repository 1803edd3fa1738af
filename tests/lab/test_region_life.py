"""Servers come and go, processes die: what stays and what must not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import blueprint, process
from lab.commands.show import status
from lab.customer import ServerView, wait_for_ssh
from lab.errors import LabError
from lab.hosts.podman import LAB_LABEL, PodmanDriver
from lab.net import kernel
from lab.net.addresses import netns_name
from lab.plan import ServerPlan
from lab.workspace import PROJECT
from tests.lab.world import FLAVOR, SEED_USER_DATA, World


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout


def traces(world: World) -> list[str]:
    """Every line about this lab that the control node shows."""
    lab_id = world.workspace.id
    lines = [
        *output("ip", "-brief", "link").splitlines(),
        *output("ip", "netns", "list").splitlines(),
        *output("ip", "route", "show", "table", "all").splitlines(),
        *output("iptables-save").splitlines(),
        *output(
            "podman", "ps", "--all", "--filter", f"label={LAB_LABEL}={lab_id}", "--format", "{{.Names}}"
        ).splitlines(),
        *output("ps", "-eo", "args").splitlines(),
        *Path("/proc/mounts").read_text().splitlines(),
    ]
    ours = (f"ek{lab_id}", f"EK-{lab_id}", str(world.workspace.directory))
    return [line for line in lines if any(mark in line for mark in ours)]


def machine(world: World) -> dict[str, list[str]]:
    """What a lab changes on the machine, as it is now; lines of other labs, which come and go, are left out."""
    others = re.compile(rf"\b(ek|EK-)(?!{world.workspace.id})[0-9a-f]{{4}}")
    listings = {
        "links": [line.split()[0] for line in output("ip", "-brief", "link").splitlines()],
        "rules": [line.split(" [")[0] for line in output("iptables-save").splitlines() if line[0] != "#"],
        "namespaces": [line.split()[0] for line in output("ip", "netns", "list").splitlines()],
        "containers": output("podman", "ps", "--all", "--format", "{{.Names}}").splitlines(),
        "kernel": [(kernel.SETTINGS / name).read_text() for name in kernel.NEEDED],
    }
    return {name: [line for line in lines if not others.search(line)] for name, lines in listings.items()}


@pytest.fixture
def other(labs: Callable[[str], World], request: pytest.FixtureRequest) -> Iterator[World]:
    """A second lab beside the shared one, down at first and again after the test."""
    world: World = labs(request.node.name)
    yield world
    world.down()


def test_down_leaves_the_control_node_as_it_was(other: World) -> None:
    before = machine(other)
    other.up()
    other.create("short-lived", ssh_answers=False)
    assert traces(other)
    other.down()
    assert traces(other) == []
    assert machine(other) == before
    assert [path.name for path in other.workspace.directory.iterdir()] == ["logs"]
    other.down()  # nothing to remove is no error


def test_two_labs_live_side_by_side_and_do_not_meet(region: World, server: ServerView, other: World) -> None:
    other.up()
    assert other.workspace.id != region.workspace.id
    assert other.settings.cidr != region.settings.cidr
    neighbour = other.create("neighbour")
    connect = "timeout 5 bash -c 'exec 3<>/dev/tcp/{}/{}' && echo open || true"
    for address, port in [(neighbour.address, 22), (other.settings.api_address, other.settings.api_port)]:
        assert "Connection refused" in region.ssh(server, connect.format(address, port))
    same = region.create("same-network")
    assert region.ssh(server, connect.format(same.address, 22)) == "open"
    region.delete(same)


def test_a_second_up_keeps_what_runs_and_makes_what_is_missing(other: World, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yml"
    plan.write_text("defaults: {flavor: s6.small.1, key_name: lab}\nservers: [{name: one}]\n")
    other.up(plan)
    first, pid, settings = other.customer.find("one"), process.pids(other.workspace), other.settings
    plan.write_text("defaults: {flavor: s6.small.1, key_name: lab}\nservers: [{name: one}, {name: two}]\n")
    other.up(plan)
    assert other.customer.find("one") == first
    assert {server.name for server in other.customer.servers()} == {"one", "two"}
    assert process.pids(other.workspace) == pid
    assert other.settings == settings


def test_a_killed_api_comes_back_with_its_servers(other: World) -> None:
    other.up()
    server = other.create("survivor")
    boot = other.ssh(server, "systemctl show --property UserspaceTimestampMonotonic")
    [pid] = process.pids(other.workspace)
    time.sleep(1)  # the state is written within a second of a change
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LabError, match="does not answer: run `lab up`"):
        status(other.workspace)
    other.up()
    assert process.pids(other.workspace) != [pid]
    assert other.customer.find("survivor") == server
    assert other.ssh(server, "systemctl show --property UserspaceTimestampMonotonic") == boot


def test_up_removes_hosts_of_a_killed_run_that_no_server_owns(other: World) -> None:
    other.up()
    server = other.create("forgotten", ssh_answers=False)
    process.stop(other.workspace)
    (other.workspace.directory / "state.json").unlink()
    other.up()
    assert other.customer.servers() == []
    assert PodmanDriver(other.workspace.id, other.workspace.directory).known() == set()
    assert netns_name(other.workspace.id, server.id) not in output("ip", "netns", "list")


def test_down_needs_no_files_of_the_lab(other: World) -> None:
    other.up()
    other.create("nameless", ssh_answers=False)
    process.stop(other.workspace)
    shutil.rmtree(other.workspace.directory)
    other.down()
    assert traces(other) == []


def kill_up_while_it_creates(world: World, plan: Path) -> None:
    """Start `lab up` as a process of its own and kill it, and the API, in the middle of the first boots."""
    argv = [sys.executable, "-m", "lab.cli", "--root", str(world.workspace.root), "up", "--plan", str(plan)]
    up = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not process.boots(world.workspace.id):
        assert time.monotonic() < deadline and up.poll() is None, "no host began to boot"
        time.sleep(0.01)
    for pid in (up.pid, *process.pids(world.workspace)):
        os.kill(pid, signal.SIGKILL)
    up.wait()


def test_down_cleans_up_after_a_killed_up(other: World) -> None:
    kill_up_while_it_creates(other, PROJECT / "lab" / "plans" / "demo.yml")
    other.down()
    assert traces(other) == []


def test_up_goes_on_after_a_killed_up(other: World) -> None:
    plan = PROJECT / "lab" / "plans" / "demo.yml"
    kill_up_while_it_creates(other, plan)
    other.up(plan)
    servers = other.customer.servers()
    assert sorted(server.name for server in servers) == ["demo-1", "demo-2", "demo-3", "other-1", "untagged-1"]
    assert {server.status for server in servers} == {"ACTIVE"}
    driver = PodmanDriver(other.workspace.id, other.workspace.directory)
    assert driver.known() == driver.running() == {server.id for server in servers}


def test_hosts_that_a_reboot_stopped_start_again_at_their_address(other: World) -> None:
    other.up()
    server = other.create("rebooted")
    other.ssh(server, "echo kept >/root/file")
    process.stop(other.workspace)
    name = netns_name(other.workspace.id, server.id)
    output("podman", "--runtime", "runc", "stop", "--time", "5", name)
    output("ip", "netns", "delete", name)
    other.up()
    again = other.customer.find("rebooted")
    assert (again.status, again.address) == ("ACTIVE", server.address)
    wait_for_ssh(again)
    assert other.ssh(again, "cat /root/file") == "kept"


def test_a_deleted_server_leaves_nothing(region: World) -> None:
    server = region.create("deleted")
    assert any(server.id in line for line in traces(region))
    region.delete(server)
    assert [line for line in traces(region) if server.id in line] == []
    assert not (region.workspace.directory / "hosts" / server.id).exists()
    assert server.address not in output("ip", "neigh", "show", "nud", "reachable")


def test_user_data_that_fails_still_boots(region: World, make_server: Callable[..., ServerView]) -> None:
    server = make_server("unlucky", user_data="#!/bin/bash\nexit 3\n")
    region.host_keys(server)
    assert region.ssh(server, "systemctl is-system-running --wait", check=False) == "degraded"
    assert "cloud-final.service" in region.ssh(server, "systemctl --failed --plain --no-legend")


def test_ten_servers_boot_together(region: World) -> None:
    begun = time.monotonic()
    password = region.secrets.bootstrap_password
    plans = [ServerPlan(f"many-{n}", FLAVOR, key_name="lab", user_data=SEED_USER_DATA) for n in range(10)]
    region.customer.wait([region.customer.create(plan, password) for plan in plans])
    servers = [server for server in region.customer.servers() if server.name.startswith("many-")]
    assert len(servers) == 10
    for server in servers:
        wait_for_ssh(server)
    seconds = time.monotonic() - begun
    region.customer.wait([region.customer.delete([server.id for server in servers])])
    assert seconds < 60, f"{seconds:.1f} s"  # aim: 20 s on two idle cores; a shared machine may be three times slower


def test_a_taken_port_is_avoided(other: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr(blueprint, "API_PORTS", (taken, *blueprint.API_PORTS))
        settings = other.up()
        assert settings.api_port != taken
        assert process.answers(settings)
