"""The `lab` command as a person types it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from lab.cli import LOCKS
from lab.customer import ServerView
from tests.lab.world import World

Lab = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lab(region: World) -> Lab:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "lab.cli", "--root", str(region.workspace.root), *words]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_status_shows_the_servers(lab: Lab, region: World, server: ServerView) -> None:
    shown = lab("status")
    assert shown.returncode == 0, shown.stderr
    assert region.settings.endpoint in shown.stdout
    [line] = [line for line in shown.stdout.splitlines() if server.id in line]
    assert line.split() == [
        server.name, "ACTIVE", server.address, "lab-north-1a", server.flavor, server.id, "hazelcast=demo",
    ]  # fmt: skip


def test_env_is_for_a_shell(lab: Lab, region: World) -> None:
    script = lab("env").stdout + 'printf "%s\\n" "$HUAWEICLOUD_SDK_AK" "$HW_IAM_ENDPOINT" "$ECS_ROOT_PASSWORD"\n'
    shell = subprocess.run(["bash", "-eu"], input=script, capture_output=True, text=True, check=True, timeout=10)
    account = region.settings.accounts[0]
    expected = [account.access_key, region.settings.endpoint, region.secrets.root_password]
    assert shell.stdout.splitlines() == expected


def test_ssh_runs_a_command_and_returns_its_code(lab: Lab, server: ServerView) -> None:
    assert lab("ssh", server.name, "hostname", "--short").stdout.strip() == server.name
    assert lab("ssh", server.name, "exit 7").returncode == 7


def test_ssh_refuses_a_host_with_other_keys(region: World, server: ServerView) -> None:
    impostor = region.create("impostor")
    region.host_keys(impostor)
    try:
        with pytest.raises(AssertionError, match="Host key verification failed"):
            region.ssh(replace(server, address=impostor.address), "true")
    finally:
        region.delete(impostor)


def test_logs_show_a_servers_console(lab: Lab, server: ServerView) -> None:
    console = lab("logs", server.name).stdout
    assert "Welcome to" in console
    assert "END SSH HOST KEY KEYS" in console


@pytest.mark.parametrize("words", [("ssh", "nobody"), ("logs", "nobody")])
def test_an_unknown_server_is_one_line(lab: Lab, words: tuple[str, ...]) -> None:
    failed = lab(*words)
    assert (failed.returncode, failed.stderr) == (1, "lab: There is no server nobody.\n")


def test_a_second_up_at_the_same_time_is_refused(lab: Lab, region: World) -> None:
    with (LOCKS / f"ecs-cluster-kit-{region.workspace.id}").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        failed = lab("up")
    assert failed.returncode == 1
    assert "Another `lab up` or `lab down` of this checkout is running" in failed.stderr


def test_files_belong_to_the_user_who_called_sudo(region: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12345")
    try:
        region.workspace.give_to_caller()
        assert {path.stat().st_uid for path in region.workspace.directory.iterdir()} == {12345}
    finally:
        for path in (region.workspace.directory, *region.workspace.directory.rglob("*")):
            os.chown(path, 0, 0)
