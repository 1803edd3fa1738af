"""An unfit machine is refused in one sentence that says the way out."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from lab import cli, preflight
from lab.errors import LabError
from lab.image import build, recipe
from lab.progress import Progress

CGROUPS = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t4\t1\nmemory\t4\t4\t{memory}\npids\t8\t4\t1\n"
MOUNTED = "cgroup /sys/fs/cgroup/memory cgroup rw 0 0\n"
Usage = namedtuple("Usage", "total used free")


def test_missing_packages_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool, path: None if tool in {"runc", "ssh", "ssh-keygen"} else tool)
    with pytest.raises(LabError, match=r"apt-get install --no-install-recommends runc openssh-client$"):
        preflight.check_tools(preflight.TOOLS)


def test_control_groups_are_needed() -> None:
    preflight.check_cgroups(CGROUPS.format(memory=1), MOUNTED)
    with pytest.raises(LabError, match="Control groups are not mounted"):
        preflight.check_cgroups(CGROUPS.format(memory=1), "proc /proc proc rw 0 0\n")


def test_a_disabled_memory_controller_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    with pytest.raises(LabError, match="no control group for memory"):
        preflight.check_cgroups(CGROUPS.format(memory=0), MOUNTED)


def test_a_full_disk_is_refused_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_disk(tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12, 2_900_000_000))
    with pytest.raises(LabError, match=rf"Only 2\.9 GB are free at {tmp_path}: the lab needs 3 GB"):
        preflight.check_disk(tmp_path / "not" / "there" / "yet")


def test_memory_is_counted_by_servers() -> None:
    meminfo = f"MemTotal: 9 kB\nMemAvailable: {2048 * 1024} kB\n"
    preflight.check_memory(meminfo, servers=3)
    with pytest.raises(LabError, match="Only 2048 MiB of memory are free: 4 servers need 2560 MiB"):
        preflight.check_memory(meminfo, servers=4)


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
    assert started[0][2:] == ["-m", "lab.cli", "up", "--plan", "a b.yml"]


def test_no_package_source_is_said_with_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mmdebstrap and podman are replaced: being offline cannot be had in a test of a machine that is online."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "podman").write_text("#!/bin/sh\nexit 1\n")
    (tools / "mmdebstrap").write_text("#!/bin/sh\necho 'E: Failed to fetch Release' >&2\nexit 25\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(build, "LOCK", tmp_path / "lock")
    (tmp_path / "init.sh").write_text("")
    with pytest.raises(LabError, match=r"E: Failed to fetch Release Is Debian's package mirror reachable .*image\.log"):
        build.ensure(recipe.debian_11(tmp_path / "init.sh"), tmp_path / "image.log", Progress(quiet=True))
