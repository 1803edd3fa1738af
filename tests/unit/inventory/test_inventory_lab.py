"""Signed, end to end: the plugin and the host key module against the lab's API, which checks every signature."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from inventory_runner import ROOT, picture

sys.path.insert(0, str(ROOT / "tests" / "unit" / "lab"))

from region_world import GROUP, PASSWORD, PROJECT, NoHosts, World, listening

SECRET_SCRIPT = base64.b64encode(b"#!/bin/bash\necho root:hunter2 | chpasswd\n").decode()


class Consoles(NoHosts):
    """Hosts whose console shows what a test puts there."""

    def __init__(self):
        super().__init__()
        self.logs = {}

    def console(self, server_id):
        return self.logs.get(server_id, "")


@pytest.fixture
def world():
    return World(Consoles())


@pytest.fixture
def url(world):
    with listening(world.api) as address:
        yield address


@pytest.fixture
def lab(runner, world, url):
    """The runner with the lab's account instead of the fake cloud's."""
    runner.defaults.update(
        regions=["lab-north-1"],
        access_key=world.account.access_key,
        secret_key=world.account.secret_key,
        endpoints={"ecs": url, "iam": url},
    )
    return runner


def test_servers_groups_and_nothing_secret(lab, world):
    (one,) = world.make(name="hz-1", tags={"hazelcast": "prod-a"}, user_data=SECRET_SCRIPT, security_groups=(GROUP,))
    world.make(name="other", tags={})
    hosts, groups = picture(lab.run(full_hostvars=True))
    assert hosts["hz-1"]["ansible_host"] == one.nics[0].address
    assert hosts["hz-1"]["ecs_id"] == one.id
    assert hosts["hz-1"]["ecs_project_id"] == PROJECT
    assert hosts["hz-1"]["ecs_security_groups"] == ["default"]
    assert groups["hazelcast_prod_a"] == ["hz-1"]
    assert sorted(groups["region_lab_north_1"]) == ["hz-1", "other"]
    assert SECRET_SCRIPT not in repr(hosts)


@pytest.mark.parametrize("tags", [{"env": "prod"}, {"团队": "支付"}, {"note": "a b+c&d"}, {"plus~": "x%y"}])
def test_every_filter_is_signed_as_it_is_sent(lab, world, tags):
    world.make(name="wanted", tags=tags)
    world.make(name="other", tags={"env": "test"})
    filters = {"tags": tags, "status": "active", "name": "wanted", "not_tags": ["gone"]}
    assert list(lab.run(filters=filters).hosts) == ["wanted"]


def test_two_regions_and_pages(lab, world):
    made = world.make(name="hz", count=7)
    assert len(made) == 7
    manager = lab.run(regions=["lab-north-1", "lab-south-1"])
    assert len(manager.hosts) == 7
    assert manager.hosts[made[0].name].vars["ecs_region"] == "lab-north-1"


def test_a_wrong_secret_is_told(lab):
    sentence = lab.failure(secret_key="not-the-secret-of-this-account-000000001")
    assert "refused access key ****0001" in sentence
    assert "Check the access key, the secret key" in sentence


def test_login_with_a_password(lab, world):
    world.make(name="hz-1")
    login = {"iam_domain": world.account.domain, "iam_user": world.account.user, "iam_password": PASSWORD}
    assert list(lab.run(access_key=None, secret_key=None, **login).hosts) == ["hz-1"]
    assert "wrong" in lab.failure(access_key=None, secret_key=None, **{**login, "iam_password": "Not-The-Password-1"})


def console(public_key):
    return f"boot\n-----BEGIN SSH HOST KEY KEYS-----\n{public_key}\n-----END SSH HOST KEY KEYS-----\nlogin: \n"


@pytest.fixture
def keys(tmp_path):
    """Two public host keys as ssh-keygen writes them."""
    made = []
    for name in ("first", "second"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "root@host", "-f", tmp_path / name]
        subprocess.run(command, check=True)
        made.append((tmp_path / f"{name}.pub").read_text().strip())
    return made


def test_host_keys_playbook(lab, world, url, keys, tmp_path):
    """Learnt once; again no change; a key that differs is refused; a console without keys ends the run."""
    (one,), known_hosts = world.make(name="hz-1"), tmp_path / "state" / "known_hosts"
    world.driver.logs[one.id] = console(keys[0])
    path = lab.file()
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "HUAWEICLOUD_SDK_AK": world.account.access_key,
        "HUAWEICLOUD_SDK_SK": world.account.secret_key,
        "HW_ECS_ENDPOINT": url,
        "HW_IAM_ENDPOINT": url,
    }

    def run(command, *arguments):
        return subprocess.run(
            [Path(sys.executable).parent / command, "-i", path, *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )

    def play(*arguments):
        settings = ["-e", f"host_keys_path={known_hosts}", "-e", "host_keys_timeout=1"]
        return run("ansible-playbook", "playbooks/host_keys.yml", *settings, *arguments)

    wanted = {"path": str(known_hosts), "servers": [{"id": one.id, "region": "lab-north-1", "project_id": PROJECT}]}
    module = [
        "-m",
        "huaweicloud_ecs_host_keys",
        "-a",
        json.dumps(wanted),
        "-e",
        f"ansible_python_interpreter={sys.executable}",
    ]
    predicted = run("ansible", "localhost", *module, "--check", "--diff")
    assert "CHANGED" in predicted.stdout
    assert f"+{one.id} ssh-ed25519 " in predicted.stdout
    assert not known_hosts.exists()

    assert "changed=1" in play().stdout
    assert known_hosts.read_text() == f"{one.id} {keys[0].removesuffix(' root@host')}\n"
    assert "changed=0" in play("--limit", "hz-1").stdout

    world.driver.logs[one.id] = console(keys[1])
    refused = play("-e", "host_keys_verify_known=true")
    assert refused.returncode != 0
    assert "shows other SSH host keys than" in refused.stdout + refused.stderr
    assert keys[0].split()[1] in known_hosts.read_text()

    world.make(name="hz-2")
    silent = play()
    assert silent.returncode != 0
    assert "No SSH host keys for hz-2" in silent.stdout + silent.stderr
    assert play("-e", "host_keys_trust_first_use=true").returncode == 0
    for result in (predicted, refused, silent):
        assert world.account.secret_key not in result.stdout + result.stderr
