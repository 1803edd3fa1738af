"""Servers that only a bastion reaches: the whole path there, logins by key and by password, and who is turned away."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import passwords
from lab.commands import power, ssh
from lab.control import Control
from lab.customer import Customer, ServerView, greets, wait_for_greeting
from lab.plan import ServerPlan
from lab.region.seeds import SeedOrder
from lab.workspace import PROJECT
from tests.lab.playbook import Play, Site
from tests.lab.world import FLAVOR, SEED_USER_DATA, World

EXAMPLE = "behind_a_bastion.huaweicloud_ecs.yml"
TOPOLOGY = """
regions:
  lab-north-1:
    vpcs:
      closed: {private: true}
    security_groups:
      bastion: [{protocol: tcp, ports: 22}]
      members: [{remote: members}, {protocol: tcp, ports: 22, remote: bastion}]
"""
# The bastion's user may open connections and nothing else.
BASTION_USER_DATA = """#!/bin/bash
useradd --create-home --shell /usr/sbin/nologin jump
echo 'jump:{password}' | chpasswd
install -d -o jump -g jump -m 0700 /home/jump/.ssh
install -o jump -g jump -m 0600 /root/.ssh/authorized_keys /home/jump/.ssh/authorized_keys
"""
KEYS_ANEW = "mkdir -p /root/kept && mv -n /etc/ssh/ssh_host_* /root/kept/ && ssh-keygen -q -A && systemctl restart ssh"
KEYS_BACK = "mv /root/kept/ssh_host_* /etc/ssh/ && systemctl restart ssh"


@dataclass
class Closed:
    """A user's project whose servers `closed-1` (key pair) and `closed-2` (password alone) are behind a bastion."""

    site: Site
    inventory: Path
    agent: dict[str, str]
    bastion_password: str
    bastion: ServerView
    servers: dict[str, ServerView]

    def create(self, name: str, key_name: str) -> ServerView:
        tags = {"hazelcast": "closed", "bastion": self.bastion.public_address}
        order(self.site.world, ServerPlan(
            name, FLAVOR, tags=tags, agency="ecs-cluster-kit", key_name=key_name, user_data=SEED_USER_DATA,
            security_groups=("members",),
        ))  # fmt: skip
        self.servers[name] = self.customer.find(name)
        self.site.world.host_keys(self.servers[name])
        return self.servers[name]

    @property
    def customer(self) -> Customer:
        return self.site.world.customer

    @property
    def by_key(self) -> dict[str, str]:
        """The environment of somebody with the key pair and without the bastion's password."""
        return self.agent | self.afresh()

    @property
    def by_password(self) -> dict[str, str]:
        """The environment of somebody without any key."""
        return {"SSH_AUTH_SOCK": "", "ECS_BASTION_PASSWORD": self.bastion_password} | self.afresh()

    def afresh(self) -> dict[str, str]:
        """No open connection of an earlier run: the next one meets the servers anew."""
        directory = self.inventory.parent / "cp"
        for socket in directory.glob("*"):
            subprocess.run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "x"], capture_output=True, check=False)
        return {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(directory)}

    def play(self, env: dict[str, str], *arguments: str, playbook: str = "site.yml") -> Play:
        return self.site.play("-i", str(self.inventory), *arguments, playbook=playbook, env=env)

    def on(self, server: ServerView, command: str) -> str:
        """Run it as root on a server, by the lab's own way there."""
        done = subprocess.run(
            ["timeout", "60", *ssh.command(self.site.world.workspace, server.name, [command])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"`{command}` on {server.name} ended {done.returncode}: {done.stdout}"
        return done.stdout.strip()

    @contextmanager
    def other_keys(self, server: ServerView) -> Iterator[None]:
        """The same server with SSH host keys made anew, as an impostor would have them."""
        self.on(server, KEYS_ANEW)
        try:
            yield
        finally:
            lenient = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]
            key = ["-i", str(self.site.world.workspace.private_key)]
            way = shlex.join(["ssh", *key, *lenient, "-W", "%h:%p", f"root@{self.bastion.public_address}"])
            to = (
                [f"root@{self.bastion.public_address}"]
                if server is self.bastion
                else ["-o", f"ProxyCommand={way}", f"root@{server.address}"]
            )
            subprocess.run(["ssh", *key, *lenient, *to, KEYS_BACK], capture_output=True, timeout=60, check=True)


def order(world: World, plan: ServerPlan) -> None:
    world.customer.wait([world.customer.create(plan, world.secrets.bootstrap_password)])


@pytest.fixture(scope="module")
def agent(labs: Callable[[str], World]) -> Iterator[dict[str, str]]:
    """An SSH agent of this test alone."""
    with subprocess.Popen(["ssh-agent", "-D"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.match(r"SSH_AUTH_SOCK=([^;]+);", process.stdout.readline())
        assert found
        yield {"SSH_AUTH_SOCK": found[1]}
        process.terminate()


@pytest.fixture(scope="module")
def closed(
    labs: Callable[[str], World], agent: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Closed]:
    directory = tmp_path_factory.mktemp("closed")
    world = labs("bastion")
    topology = directory / "topology.yml"
    topology.write_text(TOPOLOGY)
    world.up(topology)
    add = ["ssh-add", "-q", str(world.workspace.private_key)]
    subprocess.run(add, env=os.environ | agent, check=True, capture_output=True)
    password = passwords.generate()
    order(world, ServerPlan(
        "bastion", FLAVOR, key_name="lab", security_groups=("bastion",), public=True,
        user_data=BASTION_USER_DATA.format(password=password),
    ))  # fmt: skip
    bastion = world.customer.find("bastion")
    shutil.copytree(PROJECT / "inventory" / "group_vars", directory / "inventory" / "group_vars")
    shutil.copy(PROJECT / "inventory" / "examples" / EXAMPLE, directory / "inventory")
    site = Site(world, directory)
    made = Closed(site, directory / "inventory", agent, password, bastion, {})
    made.create("closed-1", key_name="lab")
    made.create("closed-2", key_name="")
    world.host_keys(bastion)
    yield made
    made.afresh()


@pytest.fixture(scope="module")
def formed(closed: Closed) -> Play:
    """The first run. `closed-2` is another server by then, at the address of one that was logged in to before."""
    met = closed.play(closed.by_password, playbook="playbooks/host_keys.yml")
    assert met.code == 0, met.output
    before = closed.servers["closed-2"]
    closed.site.world.delete(before)
    again = closed.create("closed-2", key_name="")
    assert (again.address, again.id != before.id) == (before.address, True)
    return closed.play(closed.by_password)


def test_bare_servers_behind_a_bastion_become_a_proven_cluster_by_passwords_alone(closed: Closed, formed: Play) -> None:
    assert formed.code == 0, formed.output
    result = closed.site.result("closed")
    assert result["ok"] is True
    assert {member["host"] for member in result["members"]} == {"closed-1", "closed-2"}
    accepted = closed.on(closed.bastion, "journalctl -u ssh -o cat | grep '^Accepted .* for jump'")
    assert "Accepted password" in accepted and "publickey" not in accepted
    secrets = closed.site.world.secrets
    for secret in (closed.bastion_password, secrets.root_password, secrets.bootstrap_password):
        assert secret not in formed.output


def test_the_servers_passwords_never_reach_the_bastion(closed: Closed, formed: Play) -> None:
    # One that did would have been a refused login of `jump`.
    log = closed.on(closed.bastion, "journalctl -u ssh -o cat")
    assert "Failed password" not in log, log


def test_a_second_run_by_keys_changes_nothing(closed: Closed, formed: Play) -> None:
    again = closed.play(closed.by_key)
    assert again.code == 0, again.output
    assert set(again.changes.values()) == {0}, again.changed_tasks
    assert "Accepted publickey for jump" in closed.on(closed.bastion, "journalctl -u ssh -o cat")
    assert "Accepted publickey for root" in closed.on(closed.servers["closed-1"], "journalctl -u ssh -o cat")


def test_a_server_with_other_host_keys_is_refused_and_nothing_is_done(closed: Closed, formed: Play) -> None:
    server, since = closed.servers["closed-1"], "systemctl show -P ActiveEnterTimestampMonotonic hazelcast@5701"
    before = closed.on(server, since)
    with closed.other_keys(server):
        refused = closed.play(closed.by_key)
    assert refused.code != 0
    assert re.search(r"closed-1 \(\S+\) does not show the SSH host key known for it", refused.text), refused.text
    assert set(refused.changes.values()) == {0}, refused.changed_tasks
    assert closed.on(server, since) == before


def test_a_bastion_with_other_host_keys_is_refused_and_nobody_logs_in(closed: Closed, formed: Play) -> None:
    with closed.other_keys(closed.bastion):
        refused = closed.play(closed.by_password)
    assert refused.code != 0
    assert "(bastion) does not show the SSH host key that its console log shows" in refused.text, refused.text
    assert set(refused.changes.values()) == {0}
    assert "unreachable=1" not in refused.output


def test_a_login_the_bastion_refuses_is_said(closed: Closed, formed: Play) -> None:
    refused = closed.play(closed.by_password | {"ECS_BASTION_PASSWORD": "Wrong-Jump-1"})
    assert refused.code != 0
    assert "refuses the login with every key and the password" in refused.text, refused.text
    assert "Wrong-Jump-1" not in refused.output
    page = closed.inventory.parent / "preflight.html"
    checked = closed.play(
        closed.by_password | {"ECS_BASTION_PASSWORD": "Wrong-Jump-1"}, "-e", f"preflight_page={page}",
        playbook="playbooks/preflight.yml",
    )  # fmt: skip
    assert checked.code != 0
    assert page.exists(), checked.output
    subjects = json.loads(page.with_suffix(".json").read_text())["subjects"]
    [bastion] = [subject for subject in subjects if subject["kind"] == "bastion"]
    assert (bastion["name"], bastion["place"]) == (f"jump@{closed.bastion.public_address}", "bastion")
    assert bastion["checks"][0]["way_out"].startswith("Load the key it knows into the SSH agent")


def test_a_bastion_that_is_down_is_said_once(closed: Closed, formed: Play) -> None:
    workspace = closed.site.world.workspace
    power.stop(workspace, "bastion")
    try:
        silent = closed.play(closed.by_key)
    finally:
        power.start(workspace, "bastion")
        wait_for_greeting(closed.bastion, lambda: greets(closed.bastion.public_address))
    assert silent.code != 0
    address = closed.bastion.public_address
    assert re.search(rf"Bastion jump@{address} \(bastion\) cannot be reached: ssh: connect to host", silent.text), (
        silent.text
    )
    assert "UNREACHABLE" not in silent.output


def test_a_tag_that_is_no_address_leaves_the_server_out(closed: Closed) -> None:
    control = Control(closed.site.world.workspace.directory)
    control.seed(SeedOrder(1, name="sly", tags={"bastion": "-oProxyCommand=reboot"}))
    try:
        shown = subprocess.run(
            ["ansible-inventory", "-i", str(closed.inventory), "--graph"],
            cwd=PROJECT, env=closed.site.world.env(), capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    finally:
        control.seed(SeedOrder(0))
    assert "closed-1" in shown.stdout and "sly" not in shown.stdout
    assert re.search(r"its tag bastion is no name or address of a bastion.*sly", " ".join(shown.stderr.split()))
