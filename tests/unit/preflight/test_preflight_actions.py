"""What the preflight's actions do before they speak to anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.huaweicloud_action import files_in

from action_plugins.ssh_login import ActionModule
from tests.unit.preflight.conftest import ROOT


def test_inventory_files_are_found_as_ansible_reads_them(tmp_path):
    for name in ("b.yml", "a.yml", "examples/x.yml", "group_vars/all.yml", "more/c.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = files_in([str(tmp_path), "localhost,"], ["^examples$"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.yml", "b.yml", "more/c.yml"]


@pytest.mark.parametrize(
    ("given", "tried"),
    [
        ({"final": "a", "bootstrap": "b"}, {"final": "a", "bootstrap": "b"}),
        ({"final": "a", "bootstrap": "a"}, {"final": "a"}),
        ({"final": "", "bootstrap": "b"}, {"bootstrap": "b"}),
        ({"final": "", "bootstrap": ""}, {"key": ""}),
    ],
)
def test_each_password_is_tried_once(given, tried):
    assert ActionModule._passwords(given) == tried


def test_only_the_preflight_goes_on_without_hosts(tmp_path):
    play = tmp_path / "preflight.yml"
    play.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: []\n")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [Path(sys.executable).with_name("ansible-playbook"), play]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and "No region: set HW_REGION_NAME" in done.stderr
