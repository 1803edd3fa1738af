"""The preflight on real hosts before anything was set up: what is red has its way out, and the rest is examined."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.commands import power
from lab.control import Control
from tests.lab.playbook import Play, Site
from tests.lab.world import World

PLAN = """\
regions:
  lab-north-1:
    security_groups:
      shut:
        - {protocol: tcp, ports: 22}
defaults:
  flavor: s6.medium.2
  agency: ecs-cluster-kit
  key_name: lab
  user_data: |
    #!/bin/bash
    echo 'root:${password}' | chpasswd
servers:
  - {name: fit-1, tags: {hazelcast: fit}}
  - {name: fit-2, tags: {hazelcast: fit}}
  - {name: shut-1, tags: {hazelcast: sick}, security_groups: [shut]}
  - {name: dark-1, tags: {hazelcast: sick}}
  - {name: bare-1, tags: {hazelcast: sick}, agency: ""}
"""
CHANGES = ("Create*", "Delete*", "Batch*", "Update*")
# What a deploy begins with, after the host keys.
DEPLOYS = "playbooks/hazelcast/preflight.yml"
HELD = "cat /proc/[0-9]*/comm | grep -x preflight-ports || true"


@dataclass(frozen=True)
class Checked:
    """One run of a preflight with what it wrote."""

    play: Play
    result: dict[str, Any]
    page: str

    def check(self, subject: str, name: str) -> dict[str, str]:
        """The check of a host, region or (by the begin of its name) account."""
        [found] = [
            check
            for each in self.result["subjects"]
            if each["name"].startswith(subject)
            for check in each["checks"]
            if check["name"] == name
        ]
        return found

    def red(self, subject: str) -> set[str]:
        checks = [each["checks"] for each in self.result["subjects"] if each["name"] == subject]
        assert checks, f"{subject} was not examined"
        return {check["name"] for check in checks[0] if check["state"] == "failed"}


@dataclass(frozen=True)
class Preflight:
    world: World
    site: Site
    page: Path

    def run(self, *arguments: str, **env: str) -> Checked:
        self.page.unlink(missing_ok=True)
        play = self.site.play(
            *arguments, "-e", f"preflight_page={self.page}", playbook="playbooks/preflight.yml", env=env
        )
        assert self.page.exists(), play.output
        result = json.loads(self.page.with_suffix(".json").read_text())
        return Checked(play, result, self.page.read_text())

    def ssh(self, name: str, command: str) -> str:
        return self.world.ssh(self.world.customer.find(name), command)

    @property
    def control(self) -> Control:
        return Control(self.world.workspace.directory)


@pytest.fixture(scope="module")
def preflight(labs: Callable[[str], World], tmp_path_factory: pytest.TempPathFactory) -> Preflight:
    world = labs("preflight")
    directory = tmp_path_factory.mktemp("preflight")
    plan = directory / "plan.yml"
    plan.write_text(PLAN)
    world.up(plan)
    for server in world.customer.servers():
        world.host_keys(server)
    return Preflight(world, Site(world, directory), directory / "preflight.html")


@pytest.fixture
def faults(preflight: Preflight) -> Iterator[Control]:
    yield preflight.control
    preflight.control.clear_faults()


@pytest.fixture(scope="module")
def sick(preflight: Preflight) -> Iterator[Checked]:
    """A run with all at once: full disk, taken port, closed group, lost network, no agency, a strange region."""
    workspace = preflight.world.workspace
    preflight.ssh("bare-1", "mount -t tmpfs -o size=100m none /home")
    preflight.ssh("bare-1", "systemd-run -q --unit=squatter python3 -m http.server 5701")
    power.network(workspace, "dark-1", "off")
    preflight.control.clear_requests()
    try:
        yield preflight.run(HW_REGION_NAME="lab-north-1,lab-west-9")
    finally:
        power.network(workspace, "dark-1", "on")
        preflight.ssh("bare-1", "systemctl stop squatter; umount /home")


def test_every_red_names_its_way_out_and_the_run_ends_with_an_error(sick: Checked) -> None:
    assert sick.play.code == 2, sick.play.output
    assert sick.result["counts"]["failed"] == 6
    assert re.search(r"6 of \d+ checks are red\. Each has its way out in ", sick.play.text)
    for subject in sick.result["subjects"]:
        for check in subject["checks"]:
            assert bool(check["way_out"]) == (check["state"] == "failed")
            assert f'data-check="{check["name"]}"' in sick.page
    assert not re.search(r"""(?:src|href)=["']?[^#"']|url\(|@import""", sick.page)  # nothing to fetch


def test_a_region_without_a_project_is_red_and_the_other_is_examined(sick: Checked) -> None:
    assert sick.red("lab-west-9") == {"project"}
    assert "no project for region lab-west-9" in sick.check("lab-west-9", "project")["said"]
    assert sick.red("lab-north-1") == set()
    assert sick.check("lab-north-1", "ecs:cloudServers:list")["said"] == "granted, 5 servers"
    assert sick.check("lab-north-1", "ecs:cloudServers:getConsoleOutput")["state"] == "ok"
    assert sick.check("access key ****", "iam:projects:listProjects")["state"] == "ok"


def test_a_host_without_network_is_red(sick: Checked) -> None:
    assert sick.red("dark-1") == {"ssh"}
    check = sick.check("dark-1", "ssh")
    assert re.fullmatch(r"TCP 22 of [\d.]+ does not answer", check["said"])
    assert "security group `default` has an ingress rule: TCP 22" in check["way_out"]


def test_a_full_disk_a_taken_port_and_a_missing_agency_are_told_together(sick: Checked) -> None:
    assert sick.red("bare-1") == {"disk", "port", "agency"}
    assert sick.check("bare-1", "disk")["said"] == "/home has 100 MiB free, 512 are needed"
    assert "taken by python3" in sick.check("bare-1", "port")["said"]
    assert "ecs:cloudServers:list" in sick.check("bare-1", "agency")["way_out"]


def test_a_closed_port_names_the_group_and_the_rule_it_lacks(sick: Checked) -> None:
    assert sick.red("shut-1") == {"member_ports"}
    check = sick.check("shut-1", "member_ports")
    assert "does not open from bare-1: no answer" in check["said"]
    assert (
        "Security group `shut` of shut-1 lacks an ingress rule: TCP 5701 from security group `default`"
        in (check["way_out"])
    )


def test_healthy_hosts_are_green_in_the_same_run(sick: Checked) -> None:
    assert sick.red("fit-1") == sick.red("fit-2") == set()
    assert sick.check("fit-1", "member_ports")["said"] == "TCP 5701 opens from fit-2"
    assert sick.check("fit-2", "ssh")["said"].endswith("with the bootstrap password: the deploy sets the final one")
    assert "lists servers of lab-north-1" in sick.check("fit-1", "discovery_key")["said"]


def test_nothing_was_changed_on_hosts_or_in_the_cloud(preflight: Preflight, sick: Checked) -> None:
    assert preflight.control.requests(*CHANGES).total == 0
    for name in ("fit-1", "fit-2"):
        # Neither installed nor configured nor left behind nor held open any more.
        traces = preflight.ssh(name, f"ls -d /home/hazelcast* /usr/lib/jvm /root/.ansible/tmp/* 2>&1; {HELD}")
        assert [line.endswith("No such file or directory") for line in traces.splitlines()] == [True] * 3, traces
    assert sick.play.changes["fit-1"] == sick.play.changes["bare-1"] == 0


def test_a_fit_cluster_is_all_green(preflight: Preflight) -> None:
    green = preflight.run("--limit", "hazelcast_fit")
    assert green.play.code == 0, green.play.output
    assert green.result["ok"] and {it["name"] for it in green.result["subjects"] if it["kind"] == "host"} == {
        "fit-1",
        "fit-2",
    }
    assert re.search(r"All \d+ checks are green\.", green.play.text)


def test_a_refused_key_is_a_red_line_and_asked_no_further(preflight: Preflight) -> None:
    preflight.control.clear_requests()
    refused = preflight.run(HUAWEICLOUD_SDK_AK="AKTHATISNOTTHERE0001")
    assert refused.play.code == 2
    check = refused.check("access key ****0001", "credentials")
    assert check["state"] == "failed" and "refused access key ****0001" in check["said"]
    assert "AKTHATISNOTTHERE0001" not in refused.play.output + refused.page
    assert preflight.control.requests().total == 2  # the inventory's and the preflight's: five would lock a real key
    assert "Traceback" not in refused.play.output


def test_a_wrong_clock_is_named(preflight: Preflight, faults: Control) -> None:
    faults.add_fault("*", "clock=20")
    late = preflight.run()
    assert "20 minutes behind the service's" in late.check("access key ****", "credentials")["way_out"]
    assert late.check("access key ****", "clock")["state"] == "failed"


def test_a_deploy_ends_before_members_with_a_refused_key(preflight: Preflight, tmp_path: Path) -> None:
    env = preflight.world.env()
    settings = {
        "mode": "aksk",
        "region": "lab-north-1",
        "access_key": env["HUAWEICLOUD_SDK_AK"],
        "secret_key": "a-secret-that-nobody-may-see",
    }
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({f"hazelcast_discovery_{name}": value for name, value in settings.items()}))
    preflight.control.clear_requests()
    refused = preflight.site.play("--limit", "hazelcast_fit", "-e", f"@{wrong}", "-vvv", playbook=DEPLOYS)
    assert refused.code != 0
    assert f"Access key ****{env['HUAWEICLOUD_SDK_AK'][-4:]} is refused" in refused.text
    assert settings["secret_key"] not in refused.output
    refusals = [count for count in preflight.control.requests("ListServersDetails").counts if count.status == 401]
    assert [count.requests for count in refusals] == [1]  # one host tries a key that all share
    assert "No such file" in preflight.ssh("fit-1", "ls -d /home/hazelcast-* 2>&1 || true")


def test_a_deploy_ends_before_members_where_ports_are_closed(preflight: Preflight) -> None:
    closed = preflight.site.play("--limit", "shut-1,bare-1", playbook=DEPLOYS)
    assert closed.code != 0
    assert "Security group `shut` of shut-1 lacks an ingress rule: TCP 5701" in closed.text
    assert "No such file" in preflight.ssh("shut-1", "ls -d /home/hazelcast-* 2>&1 || true")
