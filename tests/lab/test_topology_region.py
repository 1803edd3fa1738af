"""Real hosts in two regions: a bastion, security groups, routes that are cut, lost networks, dead servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import huaweicloudsdkecs.v2 as ecs
import pytest

from lab import process
from lab.commands import find, power, route, show, ssh
from lab.customer import ServerView, wait_for_ssh
from lab.errors import LabError
from lab.workspace import PROJECT
from tests.lab.world import World

PLAN = PROJECT / "lab" / "plans" / "two-regions.yml"
OPEN, REFUSED, SILENT = "open", "refused", "silent"
SILENCE_SECONDS = 1.0

# Connects to all of its arguments at once and prints what became of each, in their order.
PROBE = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def ask(place):
    host, port = place.split(":")
    try:
        socket.create_connection((host, int(port)), 1.0).close()
        return "open"
    except ConnectionRefusedError:
        return "refused"
    except socket.timeout:  # Python 3.9
        return "silent"
    except OSError as error:
        return error.strerror
print("|".join(ThreadPoolExecutor(16).map(ask, sys.argv[1:])))
"""

# Sends a byte every 0.1 s to an SSH server that it greeted and prints how the connection ended, if it did in N seconds.
HOLD = """
import socket, sys, time
connection = socket.create_connection((sys.argv[1], 22), 3)
connection.settimeout(3)
connection.recv(64)
print("greeted", flush=True)
connection.settimeout(float(sys.argv[2]))
try:
    print("closed" if connection.recv(64) == b"" else "spoken to", flush=True)
except socket.timeout:
    print("silent", flush=True)
except OSError as error:
    print(error.strerror, flush=True)
"""


class Regions:
    """The lab of this file with what its tests ask."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.workspace = world.workspace

    def server(self, name: str) -> ServerView:
        return find.find(self.world.settings, name).server

    def argv(self, name: str, *words: str) -> list[str]:
        return ["timeout", "60", *ssh.command(self.workspace, name, list(words))]

    def ssh(self, name: str, command: str, script: str = "") -> str:
        """Run a command as root on the server, as `lab ssh` does; `script` is its standard input."""
        done = subprocess.run(
            self.argv(name, command),
            input=script,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"`{command}` on {name} ended {done.returncode}: {done.stdout}"
        return done.stdout.strip()

    def reach(self, name: str, *places: str) -> list[str]:
        """What a server sees at each SERVER:PORT or ADDRESS:PORT."""
        every = {one.server.name: one.server.address for one in find.every(self.world.settings)}
        split = [place.split(":") for place in places]
        return self.ssh(
            name, "python3 - " + " ".join(f"{every.get(host, host)}:{port}" for host, port in split), PROBE
        ).split("|")

    def hold(self, name: str, to: str, seconds: float) -> subprocess.Popen[str]:
        """Start HOLD on a server and return when the connection stands."""
        self.ssh(name, "cat > /root/hold.py", HOLD)
        command = f"python3 /root/hold.py {self.server(to).address} {seconds}"
        holder = subprocess.Popen(self.argv(name, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "greeted\n"
        return holder


@pytest.fixture(scope="module")
def regions(labs: Callable[[str], World]) -> Regions:
    world = labs("two-regions")
    world.up(PLAN)
    return Regions(world)


@pytest.fixture
def connected(regions: Regions) -> Iterator[Regions]:
    """The two regions with Cloud Connect between their main VPCs."""
    route.change(regions.workspace, "add", "lab-north-1/main", "lab-south-1/main")
    yield regions
    route.change(regions.workspace, "cut", "lab-north-1/main", "lab-south-1/main")


def from_here(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), SILENCE_SECONDS).close()
    except ConnectionRefusedError:
        return REFUSED
    except TimeoutError:
        return SILENT
    except OSError as error:
        return str(error.strerror)
    return OPEN


def last_word(holder: subprocess.Popen[str]) -> str:
    return holder.communicate(timeout=30)[0].strip()


def test_the_api_shows_where_a_server_is(regions: Regions) -> None:
    settings = regions.world.settings
    [north, south] = settings.regions
    assert north.project_id != south.project_id
    vpcs = {vpc.name: vpc for vpc in north.vpcs}
    customer = find.find(settings, "bastion").customer
    request = ecs.ListServersDetailsRequest(limit=100)
    bodies = {server.name: server for server in customer._call("list_servers_details", request).servers}
    assert set(bodies) == {"bastion", "north-1", "hidden-1"}  # and not south-1: the project of the URL decides
    for name, vpc in (("bastion", vpcs["main"]), ("hidden-1", vpcs["closed"])):
        assert list(bodies[name].addresses) == [vpc.id]
        assert bodies[name].metadata["vpc_id"] == vpc.id
    [fixed, floating] = bodies["bastion"].addresses[vpcs["main"].id]
    assert (fixed.os_ext_ip_stype, floating.os_ext_ip_stype) == ("fixed", "floating")
    assert fixed.os_ext_ip_sport_id == floating.os_ext_ip_sport_id
    assert floating.addr == bodies["bastion"].network_interfaces[0].association.public_ip_address
    assert [group.name for group in bodies["bastion"].security_groups] == ["bastion"]
    zone = next(subnet for subnet in north.subnets if subnet.az == "lab-north-1b")
    assert regions.server("hidden-1").address.rsplit(".", 1)[0] == zone.cidr.rsplit(".", 1)[0]


def test_the_inventory_lists_both_regions_through_one_endpoint(regions: Regions) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "--list"],
        cwd=PROJECT, env=regions.world.env(), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    inventory = json.loads(done.stdout)
    assert sorted(inventory["hazelcast_wide"]["hosts"]) == ["north-1", "south-1"]
    assert inventory["region_lab_south_1"]["hosts"] == ["south-1"]
    bastion = inventory["_meta"]["hostvars"]["bastion"]
    assert bastion["ecs_public_ipv4"]["__ansible_unsafe"] == regions.server("bastion").public_address
    assert bastion["ansible_host"]["__ansible_unsafe"] == regions.server("bastion").address


def test_groups_hold_between_hosts_of_one_subnet(regions: Regions) -> None:
    assert regions.reach("bastion", "north-1:22", "north-1:5701") == [OPEN, SILENT]
    assert regions.reach("north-1", "bastion:22", "bastion:5701") == [OPEN, SILENT]


def test_no_host_gets_round_the_filter_on_its_own_subnet(regions: Regions) -> None:
    mac = regions.ssh("north-1", "cat /sys/class/net/eth0/address")
    address = regions.server("north-1").address
    regions.ssh("bastion", f"ip neigh replace {address} lladdr {mac} dev eth0")
    try:
        assert regions.reach("bastion", "north-1:5701", "north-1:22") == [SILENT, SILENT]  # its card hears nobody
    finally:
        regions.ssh("bastion", f"ip neigh delete {address} dev eth0")
    assert regions.reach("bastion", "north-1:22") == [OPEN]


def test_a_private_vpc_is_reached_through_the_bastion_only(regions: Regions) -> None:
    hidden, bastion = regions.server("hidden-1"), regions.server("bastion")
    assert from_here(hidden.address, 22) == "Network is unreachable"
    assert from_here(bastion.public_address, 22) == OPEN
    assert from_here(bastion.public_address, 5701) == SILENT  # its groups hold there
    nobody = bastion.public_address.rsplit(".", 1)[0] + ".77"
    assert from_here(nobody, 22) == REFUSED
    assert regions.ssh("hidden-1", "hostname") == "hidden-1"
    command = " ".join(ssh.command(regions.workspace, "hidden-1", []))
    assert f"root@{bastion.public_address} -W" in command and "StrictHostKeyChecking=yes" in command
    assert bastion.public_address not in regions.ssh("bastion", "ip -brief address")  # as on the cloud


def test_a_peering_is_cut_and_healed(regions: Regions) -> None:
    hold = regions.hold("bastion", "hidden-1", 2)
    pair = ("lab-north-1/main", "closed")
    try:
        assert (
            route.change(regions.workspace, "cut", *pair) == "cut  VPC Peering    lab-north-1/main - lab-north-1/closed"
        )
        assert regions.reach("bastion", "hidden-1:22") == [SILENT]
        assert route.change(regions.workspace, "cut", *reversed(pair)) == "nothing to do: there is no such route"
        with pytest.raises(LabError, match="hidden-1 is in a private VPC, and no running server"):
            ssh.command(regions.workspace, "hidden-1", [])
        assert last_word(hold) == SILENT
    finally:
        route.change(regions.workspace, "add", *pair)
    assert regions.reach("bastion", "hidden-1:22") == [OPEN]


def test_regions_meet_by_cloud_connect_as_far_as_rules_allow(regions: Regions) -> None:
    assert regions.reach("north-1", "south-1:5701") == [SILENT]
    added = route.change(regions.workspace, "add", "lab-north-1/main", "lab-south-1")
    assert added == "added  Cloud Connect  lab-north-1/main - lab-south-1/main"
    assert added.replace("added", "route") in show.status(regions.workspace)
    # Nobody listens on 5701: that the host itself refuses shows that the packets arrive, and its answers come back.
    assert regions.reach("north-1", "south-1:5701", "south-1:5704", "south-1:22") == [REFUSED, SILENT, SILENT]
    assert regions.reach("south-1", "north-1:5703", "north-1:22", "hidden-1:5701") == [REFUSED, SILENT, SILENT]
    route.change(regions.workspace, "cut", "lab-south-1/main", "lab-north-1/main")
    assert regions.reach("south-1", "north-1:5701") == [SILENT]


def test_what_is_no_vpc_stays_as_it_was(connected: Regions) -> None:
    settings = connected.world.settings
    places = [f"{settings.api_address}:{settings.api_port}", "169.254.169.254:80", "169.254.169.253:80"]
    for name in ("hidden-1", "south-1"):
        assert connected.reach(name, *places) == [OPEN, OPEN, REFUSED]


def test_a_lost_network_is_silence_on_both_sides(connected: Regions) -> None:
    workspace = connected.workspace
    assert power.network(workspace, "south-1", "off") == "the network of south-1 is off"
    assert power.network(workspace, "south-1", "off") == "the network of south-1 is off already"
    [line] = [line for line in show.status(workspace).splitlines() if "south-1 " in line and "ACTIVE" in line]
    assert line.endswith("network off")
    assert connected.reach("north-1", "south-1:5701") == [SILENT]
    assert power.network(workspace, "south-1", "on") == "the network of south-1 is on"
    assert connected.reach("north-1", "south-1:5701") == [REFUSED]


def test_a_killed_server_says_nothing_and_comes_back(regions: Regions) -> None:
    workspace, address = regions.workspace, regions.server("hidden-1").address
    regions.ssh("hidden-1", "echo kept > /root/file; sync")
    hold = regions.hold("bastion", "hidden-1", 3)
    assert power.kill(workspace, "hidden-1") == "hidden-1 is killed"
    assert power.kill(workspace, "hidden-1") == "hidden-1 is off already"
    assert regions.server("hidden-1").status == "SHUTOFF"
    assert regions.reach("bastion", "hidden-1:22") == [SILENT]
    assert last_word(hold) == SILENT
    with pytest.raises(LabError, match=r"hidden-1 cannot be switched: it has no network .*SHUTOFF"):
        power.network(workspace, "hidden-1", "off")
    assert power.start(workspace, "hidden-1") == "hidden-1 is started"
    assert power.start(workspace, "hidden-1") == "hidden-1 is running already"
    wait_until(lambda: regions.reach("bastion", "hidden-1:22") == [OPEN])
    assert regions.ssh("hidden-1", "cat /root/file; hostname --all-ip-addresses") == f"kept\n{address}"


def test_a_stopped_server_takes_its_leave(regions: Regions) -> None:
    hold = regions.hold("bastion", "north-1", 20)
    assert power.stop(regions.workspace, "north-1") == "north-1 is stopped"
    assert power.stop(regions.workspace, "north-1") == "north-1 is stopped already"
    assert last_word(hold) == "closed"
    assert regions.reach("bastion", "north-1:22") == [SILENT]
    power.start(regions.workspace, "north-1")
    wait_for_ssh(regions.server("north-1"))


def test_everything_outlives_the_api_process(connected: Regions) -> None:
    power.network(connected.workspace, "hidden-1", "off")
    before = show.status(connected.workspace)
    [pid] = process.pids(connected.workspace)
    os.kill(pid, signal.SIGKILL)
    while process.pids(connected.workspace):
        time.sleep(0.05)
    connected.world.up()
    assert show.status(connected.workspace) == before
    assert connected.reach("north-1", "south-1:5701", "south-1:22", "bastion:22") == [REFUSED, SILENT, OPEN]
    power.network(connected.workspace, "hidden-1", "on")
    rules = chains(connected)
    connected.world.up(PLAN)
    assert chains(connected) == rules


def test_a_word_that_names_nothing_is_one_sentence(regions: Regions) -> None:
    argv = [sys.executable, "-m", "lab.cli", "--root", str(regions.workspace.root)]
    for words, sentence in (
        (["route", "add", "main", "closed"], "lab: 2 regions have a VPC main: write lab-north-1/main, for example.\n"),
        (["kill", "nobody"], "lab: There is no server nobody.\n"),
    ):
        failed = subprocess.run([*argv, *words], capture_output=True, text=True, timeout=30, check=False)
        assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", sentence)


def test_down_takes_all_of_it_back(regions: Regions) -> None:
    lab_id = regions.workspace.id
    regions.world.down()
    shown = "".join(
        subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout
        for argv in (["iptables-save"], ["ip", "link"], ["ip", "netns"], ["ip", "route", "show", "table", "all"])
    )
    assert f"ek{lab_id}" not in shown and f"EK-{lab_id}" not in shown


def chains(regions: Regions) -> list[str]:
    """The lab's rules, without their counters."""
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True, timeout=30).stdout
    return sorted(line for line in rules.splitlines() if line.startswith("-A") and f"EK-{regions.workspace.id}" in line)


def wait_until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.3)
