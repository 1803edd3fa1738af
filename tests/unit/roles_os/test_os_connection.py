"""group_vars and asserts as Ansible itself reads them; no host is contacted."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SERVER_ID = "0b1f7a52-6d0c-4a3e-9a53-3b8a8f1f2a10"
PASSWORDS = {
    "fine": "Fin{{al-1x",
    "placeholder": "${password}",
    "short": "Abc-1",
    "empty": "",
    "spaced": "Abc 12345",
}


def play(directory: Path, hosts: dict[str, Any], tasks: list[dict[str, Any]], **environment: str) -> str:
    """Runs ``tasks`` on ``hosts`` of a project in ``directory`` with our group_vars; returns what is printed."""
    (directory / "inventory").mkdir(parents=True)
    shutil.copytree(ROOT / "inventory/group_vars", directory / "inventory/group_vars")
    (directory / "inventory/hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    book = [{"name": "Test", "hosts": "all", "gather_facts": False, "tasks": tasks}]
    (directory / "play.yml").write_text(yaml.safe_dump(book))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory/hosts.yml", "play.yml"],
        cwd=directory,
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Host -> connection variables, of a server of the cloud and of a host written by hand, in a path with a space."""
    directory = tmp_path_factory.mktemp("connection") / "my project"
    names = [
        "user",
        "password",
        "control_path",
        "ssh_extra_args",
        "sftp_extra_args",
        "scp_extra_args",
        "sshpass_prompt",
    ]
    found = {name: f"{{{{ ansible_{name} }}}}" for name in names} | {"bootstrap": "{{ root_password_bootstrap }}"}
    out = f"{directory}/{{{{ inventory_hostname }}}}.json"
    task = {
        "name": "Write them down",
        "ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": out, "mode": "0600"},
        "vars": {"found": found},
        "delegate_to": "localhost",
    }
    printed = play(
        directory,
        {
            "server": {"ecs_id": SERVER_ID},
            "static": {},
            "behind": {"ecs_id": SERVER_ID, "ansible_ssh_common_args": "-o ProxyJump=jump@[2001:db8::7]:2222"},
            "chained": {"ecs_id": SERVER_ID, "ansible_ssh_common_args": "-o ProxyJump=one.example.com,two.example.com"},
            "ops": {"ecs_id": SERVER_ID, "ansible_user": "ops"},
        },
        [task],
        ECS_ROOT_PASSWORD=PASSWORDS["fine"],
        ECS_BOOTSTRAP_PASSWORD="{% boot %}",
    )
    assert "failed=0" in printed, printed
    return {file.stem: json.loads(file.read_text()) for file in directory.glob("*.json")}


def test_server_is_reached_under_its_id(variables: dict[str, dict[str, str]]) -> None:
    server = variables["server"]
    arguments = shlex.split(server["ssh_extra_args"])
    options = dict(argument.split("=", 1) for argument in arguments if argument != "-o")
    assert arguments[::2] == ["-o"] * len(options)
    assert options["HostKeyAlias"] == SERVER_ID
    assert options["StrictHostKeyChecking"] == "yes"
    # Quoted for ssh, which would read a path with a space as two.
    assert options["UserKnownHostsFile"].startswith('"/')
    assert options["UserKnownHostsFile"].endswith('my project/.state/known_hosts"')
    assert server["sftp_extra_args"] == server["scp_extra_args"] == server["ssh_extra_args"]
    assert server["control_path"] == f"%(directory)s/{SERVER_ID}-%%r"
    assert server["user"] == "root"


def test_what_ssh_hands_on_to_a_hop_is_the_bastions_own_file(variables: dict[str, dict[str, str]]) -> None:
    arguments = shlex.split(variables["behind"]["ssh_extra_args"])
    assert arguments[-2] == "-F"
    assert arguments[-1].endswith("my project/.state/bastions/jump@[2001:db8::7]:2222")
    for other in ("server", "chained"):
        assert "-F" not in shlex.split(variables[other]["ssh_extra_args"])


def test_the_password_is_for_the_prompt_of_the_server_alone(variables: dict[str, dict[str, str]]) -> None:
    assert variables["behind"]["sshpass_prompt"] == f"{SERVER_ID}'s password"


def test_another_user_than_root_is_not_given_roots_password(variables: dict[str, dict[str, str]]) -> None:
    assert (variables["ops"]["user"], variables["ops"]["password"]) == ("ops", "")


def test_passwords_arrive_as_they_are(variables: dict[str, dict[str, str]]) -> None:
    assert variables["server"]["password"] == PASSWORDS["fine"]
    assert variables["server"]["bootstrap"] == "{% boot %}"


def test_host_written_by_hand_keeps_ansibles_defaults(variables: dict[str, dict[str, str]]) -> None:
    static = variables["static"]
    assert {name: value for name, value in static.items() if value and name != "bootstrap"} == {}


def test_bad_passwords_are_refused_before_any_login_and_never_printed(tmp_path: Path) -> None:
    hosts = {name: {"root_password_final": password} for name, password in PASSWORDS.items() if name != "fine"}
    hosts["bootstrap"] = {"root_password_final": "Abc-12345", "root_password_bootstrap": "${password}"}
    hosts["fine"] = {"root_password_final": "Abc-12345"}
    check = {"name": "Check", "ansible.builtin.include_role": {"name": "root_password", "tasks_from": "assert"}}
    printed = play(tmp_path / "project", hosts, [check])
    recap = {line.split()[0]: "failed=1" in line for line in printed.splitlines() if "failed=" in line}
    assert recap == {host: host != "fine" for host in hosts}, printed
    flat = " ".join(printed.split())
    placeholder = "is the literal ${password} of the user-data example"
    assert f"(ECS_ROOT_PASSWORD or vault_root_password) {placeholder}" in flat
    assert f"(ECS_BOOTSTRAP_PASSWORD or vault_bootstrap_root_password) {placeholder}" in flat
    for words in ("has 5 characters", "is empty", "characters other than"):
        assert words in flat
    for secret in (PASSWORDS["short"], PASSWORDS["spaced"], "Abc-12345"):
        assert secret not in printed
