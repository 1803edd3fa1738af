"""Who listens on a port of this host, from /proc (proc(5)), without any tool."""

from __future__ import annotations

import pwd
import re
from dataclasses import dataclass
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LISTEN = "0A"


@dataclass(frozen=True)
class Listener:
    """A socket that listens; ``uid`` is the user who made it."""

    inode: str
    uid: int


def parse_listeners(table: str, port: int) -> set[Listener]:
    """The sockets that listen on ``port``, in the text of /proc/net/tcp or tcp6."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return {
        Listener(inode=fields[9], uid=int(fields[7]))
        for fields in rows
        if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port
    }


def listeners_on(port: int) -> set[Listener]:
    found: set[Listener] = set()
    for path in map(Path, TABLES):
        if path.exists():
            found |= parse_listeners(path.read_text(), port)
    return found


def uid_of(pid: int) -> int:
    """The user of a process, -1 when it is gone."""
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except FileNotFoundError:
        return -1


def who(listeners: set[Listener]) -> str:
    """Who has these sockets, for a person: the process where it can be found, else the user."""
    for process in Path("/proc").glob("[0-9]*"):
        if sockets_of(process) & {listener.inode for listener in listeners}:
            try:
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
            except OSError:
                break
    uid = min(listener.uid for listener in listeners)
    try:
        return f"a process of user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"a process of user {uid}"


def sockets_of(process: Path) -> set[str]:
    """Inodes of a process's sockets; none when it is gone or not ours to look at. ``process`` is /proc/PID."""
    try:
        targets = [str(descriptor.resolve()) for descriptor in (process / "fd").iterdir()]
    except OSError:
        return set()
    return {match.group(1) for match in (re.search(r"socket:\[(\d+)\]$", target) for target in targets) if match}
