"""Real members as the role hazelcast configures them, as processes on loopback; how long they take to start."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from bench.discovery import java
from tests.unit.hazelcast import rendered

FIRST_PORT = 25701
LONGEST = 90
"""Seconds until a round counts as failed."""
STRATEGY = re.compile(r"<discovery-strategy .*?</discovery-strategy>", re.DOTALL)


@dataclass(frozen=True)
class Settings:
    """`wait` and `timeout` in seconds: hazelcast_join_wait_seconds and hazelcast_join_connection_timeout_seconds."""

    wait: int
    timeout: int


def role_settings() -> Settings:
    """The role's own."""
    variables = rendered.variables([rendered.host(1)])
    return Settings(variables["hazelcast_join_wait_seconds"], variables["hazelcast_join_connection_timeout_seconds"])


@dataclass(frozen=True)
class Home:
    """A Hazelcast home with the configuration of `members` members."""

    folder: Path
    members: int

    @property
    def ports(self) -> list[int]:
        return list(range(FIRST_PORT, FIRST_PORT + self.members))


def configure(folder: Path, members: int, settings: Settings, url: str | None) -> Home:
    """Writes what the role writes for members on one server in mode metadata; without `url`, with a fixed list."""
    home = Home(folder, members)
    host = {**rendered.host(1, tuple(home.ports)), "address": "127.0.0.1"}
    texts = rendered.texts(
        [host],
        hazelcast_home=str(folder),
        hazelcast_cluster_name="bench",
        hazelcast_heap_mb=256,
        hazelcast_join_wait_seconds=settings.wait,
        hazelcast_join_connection_timeout_seconds=settings.timeout,
        hazelcast_discovery_endpoint_ecs=url or "",
        hazelcast_discovery_properties={"endpoint-metadata": url or ""},
    )
    if not url:
        texts["hazelcast.xml"] = STRATEGY.sub(_fixed_list(home), texts["hazelcast.xml"])
    (folder / "config").mkdir(parents=True)
    for name in ("hazelcast.xml", "jvm.options", "log4j2.properties"):
        (folder / "config" / name).write_text(texts[name])
    return home


def _fixed_list(home: Home) -> str:
    listed = ",".join(f"127.0.0.1:{port}" for port in home.ports)
    name = quoteattr(f"{java.PACKAGE}.FixedListStrategy")
    properties = f'<properties><property name="members">{listed}</property></properties>'
    return f'<discovery-strategy enabled="true" class={name}>{properties}</discovery-strategy>'


class RoundFailedError(Exception):
    """Members did not get there: the message has the last lines of one that did not."""


def seconds_until(home: Home, line: str) -> float:
    """Starts all members at the same instant; seconds until the last of them has logged a line with these words."""
    begun = time.monotonic()
    with _started(home) as processes:
        watches = [_Watch(process, line) for process in processes]
        for watch in watches:
            watch.join(max(0.0, begun + LONGEST - time.monotonic()))
        for watch in watches:
            if watch.seen is None:
                raise RoundFailedError("\n".join(watch.lines[-20:]))
        return max(watch.seen for watch in watches if watch.seen) - begun


@contextmanager
def _started(home: Home) -> Iterator[list[subprocess.Popen[str]]]:
    command = ["java", f"@{home.folder}/config/jvm.options", "-cp", java.class_path()]
    member = "com.hazelcast.core.server.HazelcastMemberStarter"
    processes = [
        subprocess.Popen(
            [*command, f"-Dhz.network.port.port={port}", member],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for port in home.ports
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


class _Watch(threading.Thread):
    """Reads what a member logs and notes when the line came (`seen`, on the monotonic clock)."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._line = line
        self.lines: list[str] = []
        self.seen: float | None = None
        self.start()

    def run(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if self._line in line:
                self.seen = time.monotonic()
                return
