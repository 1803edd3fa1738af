"""An unfit machine is refused in one sentence that says the way out."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from lab import cli, preflight
from lab.errors import LabError
from lab.workspace import Workspace

MEMINFO = f"MemTotal: 9 kB\nMemAvailable: {2048 * 1024} kB\n"
Usage = namedtuple("Usage", "total used free")


def test_missing_packages_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool, path: None if tool in {"runc", "ssh", "ssh-keygen"} else tool)
    with pytest.raises(LabError, match=r"apt-get install --no-install-recommends runc openssh-client$"):
        preflight.check_tools(preflight.TOOLS)


def mounted(root: Path, *controllers: str) -> Path:
    """Control groups of version 1 as files: those of this machine cannot be changed."""
    for controller in controllers:
        (root / controller).mkdir()
        (root / controller / "cgroup.procs").touch()
    return root


def test_control_groups_are_needed(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Control groups are not mounted"):
        preflight.check_cgroups(tmp_path)
    preflight.check_cgroups(mounted(tmp_path, "cpu", "memory", "pids"))


def test_a_missing_controller_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no control group for memory, the hosts' limits"):
        preflight.check_cgroups(mounted(tmp_path, "cpu", "pids"))


@pytest.mark.parametrize(("controllers", "missing"), [("cpu io memory pids", ""), ("cpu memory", "pids")])
def test_the_controllers_of_version_2_are_a_list(tmp_path: Path, controllers: str, missing: str) -> None:
    (tmp_path / "cgroup.procs").touch()
    (tmp_path / "cgroup.controllers").write_text(f"{controllers}\n")
    if not missing:
        preflight.check_cgroups(tmp_path)
        return
    with pytest.raises(LabError, match=f"no control group for {missing}"):
        preflight.check_cgroups(tmp_path)


def test_a_full_disk_is_refused_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_disk(tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 2_900_000_000))
    with pytest.raises(LabError, match=rf"Only 2\.9 GB are free at {tmp_path}: the lab needs 3 GB"):
        preflight.check_disk(tmp_path / "not" / "there" / "yet")


def test_memory_is_counted_by_servers() -> None:
    preflight.check_memory(2048, servers=3)
    with pytest.raises(LabError, match="Only 2048 MiB of memory are free: 4 servers need 2560 MiB"):
        preflight.check_memory(2048, servers=4)


@pytest.mark.parametrize("files", preflight.MEMORY_FILES)
def test_a_containers_memory_limit_counts(tmp_path: Path, files: tuple[str, ...]) -> None:
    limit, usage, stat, cache = files
    assert preflight.available_memory(MEMINFO, tmp_path) == 2048
    (tmp_path / "memory").mkdir()
    (tmp_path / limit).write_text(f"{1 << 30}\n")
    (tmp_path / usage).write_text(f"{600 << 20}\n")
    (tmp_path / stat).write_text(f"anon 7\n{cache} {100 << 20}\n")
    assert preflight.available_memory(MEMINFO, tmp_path) == 524
    (tmp_path / limit).write_text("max\n")
    assert preflight.available_memory(MEMINFO, tmp_path) == 2048


def test_hosts_that_run_need_no_further_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.setattr(preflight, "NETWORKS", tmp_path)
    monkeypatch.setattr(preflight, "available_memory", lambda meminfo, cgroups: 1023)
    with pytest.raises(LabError, match="2 servers need 1536 MiB"):
        preflight.check(2, image_missing=False, workspace=workspace)
    for number in range(2):
        (tmp_path / f"ek{workspace.id}-{number}").touch()
    preflight.check(2, image_missing=False, workspace=workspace)


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_root_and_sudo(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    assert cli.main([command]) == 1
    assert capsys.readouterr().err == "lab: This needs root, and there is no sudo here: run it as root.\n"


def test_with_sudo_the_same_words_are_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def execvp(_: str, argv: list[str]) -> None:
        started.append(argv)
        raise KeyboardInterrupt  # as a process that is replaced, it does not come back

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("os.execvp", execvp)
    monkeypatch.setattr(shutil, "which", lambda tool: f"/usr/bin/{tool}")
    assert cli.main(["up", "--plan", "a b.yml"]) == 130
    assert started[0][0] == "sudo"
    assert started[0][4:] == ["-m", "lab.cli", "up", "--plan", "a b.yml"]
