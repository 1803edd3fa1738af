"""Who listens on a port of this host, from /proc (proc(5)), without any tool."""

from __future__ import annotations

import re
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LISTEN = "0A"


def listening_inodes(table: str, port: int) -> set[str]:
    """Inodes of the sockets that listen on ``port``, in the text of /proc/net/tcp or tcp6."""
    inodes = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
            inodes.add(fields[9])
    return inodes


def inodes_listening_on(port: int) -> set[str]:
    found: set[str] = set()
    for name in TABLES:
        path = Path(name)
        if path.exists():
            found |= listening_inodes(path.read_text(), port)
    return found


def sockets_of(process: Path) -> set[str]:
    """Inodes of a process's sockets; none when it is gone or not ours to look at. ``process`` is /proc/PID."""
    inodes = set()
    try:
        for descriptor in (process / "fd").iterdir():
            match = re.fullmatch(r".*socket:\[(\d+)\]", str(descriptor.resolve()))
            if match:
                inodes.add(match.group(1))
    except OSError:
        return inodes
    return inodes


def cgroup_unit(process: Path) -> str:
    """The systemd service that a process belongs to, "" for none."""
    try:
        match = re.search(r"/([^/]+\.service)$", (process / "cgroup").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return match.group(1) if match else ""
