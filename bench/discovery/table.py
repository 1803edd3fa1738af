"""The tables of docs/performance.md on the discovery strategy: its code, its memory, its part of a cluster's start.

`BENCH_ROUNDS` (10) says how often members are started; medians of fewer say little.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.discovery import java, members
from bench.discovery.members import Settings
from bench.discovery.region import lists, region
from bench.machine import describe, table

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))
FEWER_ROUNDS = max(1, ROUNDS // 3)
HEAPS_MB = (8, 10, 12, 16, 20, 24, 32, 48, 64, 128, 256)
KIB = 1024
MEMBERS_OF_A_DAY = 10
HAZELCASTS_OWN = Settings(wait=5, timeout=5)
OTHERS = (HAZELCASTS_OWN, Settings(wait=1, timeout=5), Settings(wait=1, timeout=1))
FORMED = "Members {size:3"
STARTED = "is STARTED"


@dataclass(frozen=True)
class Start:
    """Seconds a start takes with the strategy and with a fixed list: medians of interleaved rounds."""

    strategy: float
    fixed: float
    rounds: int

    @property
    def added(self) -> float:
        return self.strategy - self.fixed


def run() -> str:
    """All tables as Markdown. Raises AssertionError or RoundFailedError when a program fails."""
    java.class_path()
    steps: tuple[Callable[[], tuple[str, ...]], ...] = (listing, memory, lone_start, cluster_start, day)
    rows = [step() for step in steps]
    return "\n\n".join(
        [
            f"{describe()}, {java.version()}.",
            table(("what", "aim", "measured"), rows),
            join_settings(),
        ]
    )


def listing() -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder, region(1000) as url:
        medians = java.jmh("ListingBenchmark", Path(folder) / "jmh.json", "-p", f"url={url}")
    ours, floor = medians["discoverNodes"], medians["fetchTheBytes"]
    return (
        "discoverNodes, 1,000 matching servers (3 MB), API at 0 ms, one request",
        "<= 3 x fetching the bytes",
        f"{ours:.1f} ms, {ours / floor:.1f} x ({floor:.1f} ms)",
    )


def memory() -> tuple[str, ...]:
    least_alone, least = _least_heap(1, 0), _least_heap(10_000, 32 * KIB)
    return (
        "10,000 other servers with 32 KB user_data each, no tag configured",
        "<= 64 MB more heap, no failure with -Xmx128m",
        f"works from -Xmx{least}m on ({least_alone}m for one server): {least - least_alone} MB more",
    )


def _least_heap(servers: int, user_data: int) -> int:
    """The smallest of HEAPS_MB in which the list can be had. Raises AssertionError when it cannot in any."""
    with region(servers, user_data) as url:
        for heap_mb in HEAPS_MB:
            done = java.run("ListOnce", url, heap_mb=heap_mb)
            if done.returncode == 0 and done.stdout.strip() == str(servers):
                return heap_mb
    raise AssertionError(f"{servers} servers need more than {HEAPS_MB[-1]} MB: {done.stderr[-500:]}")


def day() -> tuple[str, ...]:
    with region(1) as url:
        done = java.run("OneDay", url, str(MEMBERS_OF_A_DAY))
        assert done.returncode == 0, done.stderr[-500:]
        asked = lists(url)
    return ("requests of ten members in 24 h at the default split-brain interval", "<= 1,000", str(asked))


def lone_start() -> tuple[str, ...]:
    start = _start(1, members.role_settings(), STARTED, ROUNDS)
    return (
        "start time added by the strategy (metadata mode, one server)",
        "<= 250 ms",
        f"{1000 * start.added:.0f} ms ({start.strategy:.2f} s, fixed list {start.fixed:.2f} s)",
    )


def cluster_start() -> tuple[str, ...]:
    start = _start(3, members.role_settings(), FORMED, ROUNDS)
    return (
        f"three members at the same instant, the role's own settings: median of {start.rounds} interleaved rounds",
        "within 0.6 s of a fixed list",
        f"{start.added:+.2f} s ({start.strategy:.2f} s, fixed list {start.fixed:.2f} s)",
    )


def join_settings() -> str:
    """How long three members need, by the two settings that decide it."""
    found = {settings: _start(3, settings, FORMED, FEWER_ROUNDS) for settings in OTHERS}
    found[members.role_settings()] = _start(3, members.role_settings(), FORMED, FEWER_ROUNDS)
    notes = {HAZELCASTS_OWN: "Hazelcast's own", members.role_settings(): "the role's own"}
    header = ("hazelcast.wait.seconds.before.join", "tcp-ip connection-timeout-seconds", "strategy", "fixed list", "")
    rows: list[tuple[str, ...]] = [
        (str(it.wait), str(it.timeout), f"{start.strategy:.1f} s", f"{start.fixed:.1f} s", notes.get(it, ""))
        for it, start in sorted(found.items(), key=lambda pair: -pair[1].strategy)
    ]
    return f"Three members at the same instant, medians of {FEWER_ROUNDS}:\n\n{table(header, rows)}"


def _start(count: int, settings: Settings, line: str, rounds: int) -> Start:
    with tempfile.TemporaryDirectory(prefix="bench-discovery-") as name, region(1) as url:
        ours = members.configure(Path(name) / "strategy", count, settings, url)
        fixed = members.configure(Path(name) / "fixed", count, settings, None)
        seconds: dict[members.Home, list[float]] = {ours: [], fixed: []}
        members.seconds_until(ours, line)  # once unmeasured: fills the page cache
        for number in range(rounds):
            for home in (ours, fixed) if number % 2 else (fixed, ours):
                seconds[home].append(members.seconds_until(home, line))
    return Start(statistics.median(seconds[ours]), statistics.median(seconds[fixed]), rounds)
