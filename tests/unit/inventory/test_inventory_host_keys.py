"""The host key play on the lab's API, in this process: only here a test can say what a server's console shows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from inventory_runner import ROOT

sys.path.insert(0, str(ROOT / "tests" / "unit" / "lab"))

from region_world import PROJECT, NoHosts, World, listening


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
    (Path(path).parent / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
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

    first = play()
    assert "changed=1" in first.stdout, first.stdout + first.stderr
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
