"""Ansible's own commands with the project's ansible.cfg: output forms, exit codes, secrecy at full verbosity."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from fake_cloud import KEY, SECRET, refused, server
from inventory_runner import ROOT

BIN = Path(sys.executable).parent


@pytest.fixture
def ansible(runner, cloud, tmp_path):
    """`ansible(command, …)` runs an Ansible command on an inventory file of its own."""
    cloud.servers["test-1"] = [server(1, tags=["hazelcast=prod"]), server(2, tags=["hazelcast=test"])]

    def run(command, *arguments, config=ROOT / "ansible.cfg", **options):
        path = runner.file(**options)
        environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(config), "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(
            [BIN / command, "-i", path, *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )

    return run


def test_list_forms(ansible):
    listed = json.loads(ansible("ansible-inventory", "--list", "--export").stdout)
    assert listed["hazelcast"]["children"] == ["hazelcast_prod", "hazelcast_test"]
    assert listed["_meta"]["hostvars"]["web-1"]["ansible_host"] == {"__ansible_unsafe": "10.0.0.1"}
    as_yaml = yaml.safe_load(ansible("ansible-inventory", "--list", "--yaml").stdout.replace("!unsafe ", ""))
    assert (
        as_yaml["all"]["children"]["hazelcast"]["children"]["hazelcast_prod"]["hosts"]["web-1"]["ecs_name"] == "web-1"
    )


def test_graph_host_and_limit(ansible):
    graph = ansible("ansible-inventory", "--graph", "--vars").stdout
    assert "|  |--@hazelcast_prod:" in graph
    assert "{ansible_host = 10.0.0.1}" in graph
    assert json.loads(ansible("ansible-inventory", "--host", "web-2").stdout)["ecs_tags"] == {"hazelcast": "test"}
    limited = json.loads(ansible("ansible-inventory", "--list", "-l", "hazelcast_test").stdout)
    assert list(limited["_meta"]["hostvars"]) == ["web-2"]


def test_a_failed_source_ends_non_zero_with_one_sentence_and_no_host(ansible, cloud):
    cloud.trouble = lambda seen: refused()
    result = ansible("ansible-inventory", "--list")
    assert result.returncode != 0
    assert result.stdout == ""
    assert "IAM of region test-1 refused access key ****WXYZ" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_failed_file_that_looks_like_ini_leaves_no_host(ansible, cloud, runner):
    """A file that begins with a brace: Ansible's ini plugin would make a host called `{` of it."""
    cloud.trouble = lambda seen: refused()
    path = runner.file()
    path.write_text(json.dumps(yaml.safe_load(path.read_text()), indent=1))
    result = ansible("ansible", "all", "--list-hosts", "-i", str(path))
    assert result.returncode != 0
    assert "{" not in result.stdout


def test_half_characters_are_printed(ansible, cloud):
    """JSON allows half a surrogate pair; no terminal does."""
    cloud.servers["test-1"][0]["name"] = "half-\ud83d-name"
    result = ansible("ansible-inventory", "--graph")
    assert result.returncode == 0, result.stderr
    assert "half-?-name" in result.stdout


def test_no_secret_at_full_verbosity(ansible, cloud):
    whole = ansible("ansible-inventory", "--list", "-vvvvv", security_token="tok-tok-tok")
    cloud.trouble = lambda seen: refused(f"{KEY} {SECRET} tok-tok-tok {seen.headers}")
    failed = ansible("ansible-inventory", "--list", "-vvvvv", security_token="tok-tok-tok")
    assert whole.returncode == 0
    assert failed.returncode != 0
    for text in (whole.stdout, whole.stderr, failed.stdout, failed.stderr):
        for secret in (KEY, SECRET, "tok-tok-tok"):
            assert secret not in text
    assert "****WXYZ" in failed.stderr


def test_refresh_in_a_play_makes_deleted_servers_vanish(ansible, cloud, tmp_path):
    play = tmp_path / "play.yml"
    play.write_text(
        """
- hosts: localhost
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.debug: {msg: "BEFORE {{ groups['all'] | sort | join(' ') }}"}
    - ansible.builtin.meta: refresh_inventory
    - ansible.builtin.debug: {msg: "AFTER {{ groups['all'] | sort | join(' ') }}"}
"""
    )
    lists = []

    def deleted_later(seen):
        if seen.path.endswith("/detail"):
            lists.append(seen)
            if len(lists) == 2:
                cloud.servers["test-1"].pop()

    cloud.trouble = deleted_later
    result = ansible("ansible-playbook", str(play), cache=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "BEFORE web-1 web-2" in result.stdout
    assert "AFTER web-1\n" in result.stdout.replace("'", "")


def test_a_warm_cache_imports_no_sdk(ansible, runner, tmp_path):
    """Watched from inside the interpreter: the modules that were loaded when Ansible has ended."""
    assert ansible("ansible-inventory", "--list", cache=True).returncode == 0
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "late = ('requests', 'huaweicloudsdkcore')\n"
        "atexit.register(lambda: print('LOADED', *[it for it in late if it in sys.modules], file=sys.stderr))\n"
    )
    os.environ["PYTHONPATH"] = str(spy)
    try:
        warm = ansible("ansible-inventory", "--list", cache=True)
        cold = ansible("ansible-inventory", "--list")
    finally:
        del os.environ["PYTHONPATH"]
    assert "LOADED\n" in warm.stderr
    assert "LOADED requests huaweicloudsdkcore" in cold.stderr


def test_documentation_is_complete_and_its_examples_run(runner, cloud, tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    shown = subprocess.run(
        [BIN / "ansible-doc", "-t", "inventory", "huaweicloud_ecs", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    doc = json.loads(shown.stdout)["huaweicloud_ecs"]
    for name, option in doc["doc"]["options"].items():
        assert option["description"], name
    for number, example in enumerate(yaml.safe_load_all(doc["examples"])):
        cloud.servers = {region: [server(number + 1)] for region in example.get("regions", ["test-1"])}
        runner.run(**{**example, "secret_key": SECRET, "network": None, "regions": list(cloud.servers)})
        assert "filters" not in " ".join(runner.warnings)
