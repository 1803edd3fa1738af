"""`make bench WHAT=instance`: what a task costs over what cannot be had for less, and how often it asks."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.instance.region import IMAGE, PROJECT, SUBNET, VPC, ZONES, region
from bench.machine import describe, table
from lab.control import Control

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
TASKS = 10
Json = dict[str, Any]

COMMON: Json = {
    "project_id": PROJECT,
    "flavor": "c7.large.2",
    "image": IMAGE,
    "vpc_id": VPC,
    "networks": [{"subnet_id": SUBNET}],
}
PLANNED = [{"name": f"cluster-{number}", "exact_count": 10} for number in range(30)]


class Bench:
    """Plays of one kind of task, timed as a whole."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {
            **environment,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_LIBRARY": f"{ROOT / 'library'}:{ROOT / 'bench' / 'instance' / 'library'}",
            "ANSIBLE_INVENTORY_ENABLED": "host_list",
        }

    def seconds(self, tasks: Sequence[Json]) -> float:
        """Wall time of a play of these tasks on the control node. Raises RuntimeError when one fails."""
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": list(tasks)}
        play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        book = self._folder / "play.yml"
        book.write_text(json.dumps([play]))
        argv = [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "localhost,", str(book)]
        begun = time.monotonic()
        done = subprocess.run(
            argv, env=self._environment, capture_output=True, text=True, check=False, cwd=self._folder
        )
        seconds = time.monotonic() - begun
        if done.returncode:
            raise RuntimeError(f"The play failed: {done.stdout[-1500:]}")
        return seconds

    def task(self, **options: Any) -> Json:
        """A task of the instance module."""
        return {"huaweicloud_ecs_instance": {**COMMON, "state_file": str(self._folder / "orders.json"), **options}}


def run() -> str:
    """The tables as Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lab").mkdir(mode=0o700)
        with region(folder / "lab") as (environment, control):
            bench = Bench(folder, environment)
            rows = [*_unchanged(bench), *_ten(bench, control), *_planned(bench, control)]
    return f"{describe()}; load average {os.getloadavg()[0]:.1f}.\n\n" + table(
        ("what", "aim", "measured", "runs"), rows
    )


def _unchanged(bench: Bench) -> list[tuple[str, ...]]:
    bench.seconds([bench.task(name="one")])
    empty, floor, ours = [], [], []
    for _ in range(ROUNDS):  # side by side: what else the machine does hits all three
        empty.append(bench.seconds([]))
        floor.append((bench.seconds([{"sdk_import": {}}] * TASKS) - empty[-1]) / TASKS)
        ours.append((bench.seconds([bench.task(name="one")] * TASKS) - empty[-1]) / TASKS)
    ratio = statistics.median(ours) / statistics.median(floor)
    return [
        ("a module that imports the SDK and returns", "-", f"{statistics.median(floor):.2f} s", _runs(floor)),
        (
            "`present` on an unchanged server",
            "<= 1.3 x that",
            f"{statistics.median(ours):.2f} s, {ratio:.2f} x",
            _runs(ours),
        ),
    ]


def _ten(bench: Bench, control: Control) -> list[tuple[str, ...]]:
    control.add_fault("CreateServers", "job-takes=2")
    since = control.requests().last
    options = {"name": "ten", "exact_count": 10, "count_tags": {"pool": "ten"}, "availability_zones": list(ZONES)}
    seconds = bench.seconds([bench.task(**options)])
    control.clear_faults()
    creates = control.requests("CreateServers", since=since).total
    polls = control.requests("ShowJob", since=since).total
    return [
        ("ten servers in two zones, jobs of 2 s: create requests", "2", str(creates), "-"),
        ("the same: questions a job", "<= 6", f"{polls / creates:.1f}", "-"),
        ("the same: the whole play", "-", f"{seconds:.1f} s", "-"),
    ]


def _planned(bench: Bench, control: Control) -> list[tuple[str, ...]]:
    task = bench.task(plan="bench", availability_zones=list(ZONES), servers=PLANNED)
    bench.seconds([task])
    over, lists = [], 0
    for _ in range(ROUNDS):
        empty = bench.seconds([])
        since = control.requests().last
        over.append(bench.seconds([task]) - empty)
        lists = control.requests(since=since).total
    return [
        ("300 planned servers, all present: requests", "1", str(lists), "-"),
        ("the same: seconds over an empty play", "<= 3 s", f"{statistics.median(over):.2f} s", _runs(over)),
    ]


def _runs(seconds: Sequence[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in seconds)
