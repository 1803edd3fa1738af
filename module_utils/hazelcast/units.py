"""The units hazelcast@PORT.service of one host: what runs, and what runs with other files than those on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

# What `systemctl show` is asked for.
PROPERTIES = ("Id", "LoadState", "ActiveState", "MainPID", "UnitFileState", "NeedDaemonReload")
# A unit that waits for its next attempt (auto-restart) is "activating": systemd has been told to run it.
RUNNING = ("active", "activating", "reloading")


@dataclass(frozen=True)
class Unit:
    """One member as systemd sees it; ``pid`` is 0 when no process runs."""

    port: int
    installed: bool
    running: bool
    enabled: bool
    pid: int
    reload_needed: bool


def unit_name(port: int) -> str:
    return f"hazelcast@{port}.service"


def parse_show(text: str) -> dict[int, Unit]:
    """Port -> unit, from the output of `systemctl show -p PROPERTIES`, one block of NAME=VALUE lines a unit."""
    units = {}
    for block in text.strip().split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        port = int(values["Id"].split("@")[1].split(".")[0])
        units[port] = Unit(
            port=port,
            installed=values["LoadState"] == "loaded",
            running=values["ActiveState"] in RUNNING,
            enabled=values["UnitFileState"] == "enabled",
            pid=int(values["MainPID"]),
            reload_needed=values["NeedDaemonReload"] == "yes",
        )
    return units


def parse_sums(text: str) -> dict[str, str]:
    """Path -> sha256, from the output of `sha256sum`."""
    return {path: digest for digest, path in (line.split("  ", 1) for line in text.splitlines() if "  " in line)}


def sums_of(roots: list[str]) -> dict[str, str]:
    """Path -> sha256 of every regular file at or below ``roots``, as `find ROOTS -type f -exec sha256sum` gives it."""
    files = [
        path
        for root in map(Path, roots)
        for path in ([root] if root.is_file() else sorted(root.rglob("*")))
        if path.is_file() and not path.is_symlink()
    ]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def below(roots: list[str], sums: dict[str, str]) -> dict[str, str]:
    """Those of ``sums`` (path -> sha256) whose file is at or below one of ``roots``."""
    return {path: digest for path, digest in sums.items() if {path, *map(str, Path(path).parents)} & set(roots)}


def changed_since_start(started_with: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs between a member's start and now, as "path (changed|new|gone)"; empty when nothing."""
    words = [
        (path, "new" if path not in started_with else "gone" if path not in now else "changed")
        for path in sorted(started_with.keys() | now.keys())
        if started_with.get(path) != now.get(path)
    ]
    return [f"{path} ({word})" for path, word in words]
