"""`site.yml` on three and on twelve bare hosts: how the time to a verified cluster grows, and which tasks grow it."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from bench.machine import describe, table
from bench.path import PLAN, ROOT, SERVER, timed
from lab.commands import show
from lab.commands.down import down
from lab.commands.up import up
from lab.progress import Progress
from lab.workspace import Workspace

FEW, MANY = 3, 12
AIM = 2.5
SHOWN = 12


@dataclass(frozen=True)
class Run:
    """One run on bare hosts: wall seconds, processor seconds of the whole machine, seconds by task."""

    seconds: float
    busy: float
    tasks: dict[str, float]

    @property
    def share(self) -> float:
        """Of all processors during the run."""
        return self.busy / self.seconds / (os.cpu_count() or 1)


def run() -> str:
    """Two Markdown tables: the times, and the tasks whose time grows most. Needs root and 8 GB of memory."""
    if not (ROOT / ".state" / "artifacts").is_dir():
        bare_to_verified(FEW)  # it fetches what later runs have
    few, many = bare_to_verified(FEW), bare_to_verified(MANY)
    ratio = many.seconds / few.seconds
    rows: list[tuple[str, ...]] = [
        (f"`site.yml`, {FEW} bare hosts to a verified cluster", "-", f"{few.seconds:.1f} s"),
        (
            f"`site.yml`, {MANY} bare hosts to a verified cluster",
            f"<= {AIM} x",
            f"{many.seconds:.1f} s ({ratio:.2f} x)",
        ),
        *(
            (f"processors of the machine, {count} hosts", "-", f"{run.busy:.0f} s, {run.share:.0%} of what there is")
            for count, run in ((FEW, few), (MANY, many))
        ),
    ]
    grown = sorted(many.tasks, key=lambda task: few.tasks.get(task, 0.0) - many.tasks[task])
    profile: list[tuple[str, ...]] = [
        (task, f"{few.tasks.get(task, 0.0):.1f} s", f"{many.tasks[task]:.1f} s") for task in islice(grown, SHOWN)
    ]
    tasks = table(("task", f"{FEW} hosts", f"{MANY} hosts"), profile)
    return f"{describe()}\n\n{table(('what', 'aim', 'time'), rows)}\n\nWhat grows most:\n\n{tasks}"


def bare_to_verified(count: int) -> Run:
    """Boot so many hosts of one cluster in a lab of their own, then run site.yml once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eck-bench-")))
        workspace = Workspace(folder)
        plan, log = folder / "plan.yml", folder / "tasks"
        zones = enumerate(islice(cycle("abc"), count), 1)
        plan.write_text(PLAN.format(servers="".join(SERVER.format(n=number, zone=zone) for number, zone in zones)))
        stack.callback(down, workspace, Progress(quiet=True))
        up(workspace, plan, Progress(quiet=True))
        before = busy()
        seconds = timed(site(folder), ROOT, environment(workspace, log))
        return Run(seconds, busy() - before, read(log.read_text()))


def busy() -> float:
    """Seconds so far in which a processor of this machine had something to do (proc(5), the first line of stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def site(folder: Path) -> list[str]:
    """The command; its verify result is not among those of the user's own clusters."""
    kept = json.dumps({"hazelcast_result_file": f"{folder}/{{{{ hazelcast_cluster_name }}}}.json"})
    return [".venv/bin/ansible-playbook", "site.yml", "-e", kept]


def environment(workspace: Workspace, log: Path) -> dict[str, str]:
    """What `lab env` exports, and the callback that notes the time of each task."""
    exports = shlex.split(show.env(workspace).replace("export ", ""))
    return (
        dict(os.environ)
        | dict(word.split("=", 1) for word in exports)
        | {
            "ANSIBLE_CALLBACK_PLUGINS": "bench/callback_plugins",
            "ANSIBLE_CALLBACKS_ENABLED": "task_times",
            "TASK_TIMES_LOG": str(log),
        }
    )


def read(log: str) -> dict[str, float]:
    """Seconds by task of the callback's lines, "SECONDS NAME"; a name that comes again counts together."""
    tasks: dict[str, float] = defaultdict(float)
    for line in log.splitlines():
        seconds, name = line.split(maxsplit=1)
        tasks[name] += float(seconds)
    return dict(tasks)
