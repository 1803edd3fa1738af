"""The whole path, timed: `make demo`, `site.yml` on bare and on converged servers, `make check`, `make test`.

Works in a clone of its own in a temporary folder, so that it starts from what is committed and nothing else.
"""

from __future__ import annotations

import collections
import os
import shlex
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.machine import describe, table

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
PLAN = """\
defaults:
  flavor: s6.medium.2
  key_name: lab
  agency: ecs-cluster-kit
  user_data: |
    #!/bin/bash
    echo 'root:${{password}}' | chpasswd
    bash /home/init.sh
servers:
{servers}"""
SERVER = """\
  - name: bench-{n}
    availability_zone: lab-north-1{zone}
    tags: {{hazelcast: bench}}
"""


@dataclass(frozen=True)
class Measure:
    what: str
    aim: str
    seconds: list[float]
    note: str = ""

    def row(self) -> tuple[str, ...]:
        median = statistics.median(self.seconds)
        runs = " / ".join(f"{value:.1f}" for value in self.seconds)
        return self.what, self.aim, f"{median:.1f} s", runs, self.note


def timed(argv: list[str], cwd: Path, env: dict[str, str] | None = None) -> float:
    """Run to the end and return the wall time in seconds; a failure prints the output's tail and stops the bench."""
    begun = time.monotonic()
    done = subprocess.run(
        argv, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-30:]))
        raise SystemExit(f"bench: `{shlex.join(argv)}` ended with {done.returncode}")
    return time.monotonic() - begun


def clone(folder: Path) -> Path:
    checkout = folder / "ecs-cluster-kit"
    timed(["git", "clone", "--quiet", str(ROOT), str(checkout)], folder)
    return checkout


def forget_images() -> None:
    """Remove the lab's host images that nothing uses, so that the next `make demo` builds them."""
    names = subprocess.run(
        ["podman", "images", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, check=True
    ).stdout.split()
    ours = [name for name in names if name.startswith("localhost/ecs-cluster-kit/")]
    if ours:
        subprocess.run(["podman", "rmi", *ours], capture_output=True, check=False)


def environment(checkout: Path) -> dict[str, str]:
    text = subprocess.run([".venv/bin/lab", "env"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    words = [word for line in text.splitlines() for word in shlex.split(line, comments=True) if "=" in word]
    return dict(os.environ) | dict(word.split("=", 1) for word in words)


def demo(checkout: Path) -> list[Measure]:
    forget_images()
    first = timed(["make", "demo"], checkout)
    converged = timed(["make", "demo"], checkout)
    timed(["make", "demo-down"], checkout)
    again = timed(["make", "demo"], checkout)
    timed(["make", "demo-down"], checkout)
    return [
        Measure("`make demo` from nothing (Debian packages there)", "<= 240 s", [first]),
        Measure("`make demo` again, converged", "-", [converged]),
        Measure("`make demo` again after `make demo-down`", "<= 100 s", [again]),
    ]


def site(checkout: Path) -> list[Measure]:
    plan = checkout.parent / "three-servers.yml"
    plan.write_text(PLAN.format(servers="".join(SERVER.format(n=n, zone=zone) for n, zone in enumerate("abc", 1))))
    bare, again = [], []
    calls: collections.Counter[str] = collections.Counter()
    for number in range(ROUNDS):
        timed([".venv/bin/lab", "up", "--plan", str(plan)], checkout)
        env = environment(checkout)
        bare.append(timed([".venv/bin/ansible-playbook", "site.yml"], checkout, env))
        log = checkout.parent / f"module-calls-{number}"
        counting = env | {
            "MODULE_CALLS_LOG": str(log),
            "ANSIBLE_CALLBACK_PLUGINS": "bench/callback_plugins",
            "ANSIBLE_CALLBACKS_ENABLED": "module_calls",
        }
        again.append(timed([".venv/bin/ansible-playbook", "site.yml"], checkout, counting))
        calls = collections.Counter(line.split()[0] for line in log.read_text().splitlines())
        timed([".venv/bin/lab", "down"], checkout)
    most = max(count for host, count in calls.items() if host != "localhost")
    return [
        Measure("`site.yml`, three bare booted hosts to a verified cluster", "<= 75 s", bare),
        Measure(
            "`site.yml` again, changed=0", "<= 30 s, <= 40 module calls a host", again, f"{most} module calls a host"
        ),
    ]


def checks(checkout: Path) -> list[Measure]:
    return [
        Measure("`make check`", "<= 60 s", [timed(["make", "check"], checkout)]),
        Measure("`make test`", "<= 720 s", [timed(["make", "test"], checkout)]),
    ]


def run() -> str:
    """The Markdown table of figures for the whole path."""
    with tempfile.TemporaryDirectory(prefix="eck-bench-") as folder:
        checkout = clone(Path(folder))
        try:
            measures = demo(checkout) + site(checkout) + checks(checkout)
        finally:
            subprocess.run(["make", "demo-down"], cwd=checkout, capture_output=True, check=False)
    rows = [measure.row() for measure in measures]
    return f"{describe()}\n\n{table(('what', 'aim', 'median', 'runs (s)', 'note'), rows)}"
