"""`make demo`: a region on this machine, then exactly what a user does on Huawei Cloud, timed and summed up."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOGS = ROOT / ".lab" / "logs"
RESULTS = ROOT / "reports" / "verify"
HEARTBEAT_SECONDS = 10
LOG_TAIL_LINES = 15

NEXT_COMMANDS = (
    ('. .venv/bin/activate && eval "$(lab env)"', "the keys and endpoints of the region, as you would export your own"),
    ("ansible-inventory --graph", "the groups your tags make"),
    ("lab ssh demo-1", "a root shell on the first member; try: journalctl -u hazelcast@5701"),
)


class StageError(Exception):
    """A stage failed; the message is the sentence the person sees."""


@dataclass
class Clock:
    """Elapsed time since `make` began, and how long each stage took (seconds)."""

    started: float
    stages: list[tuple[str, float]] = field(default_factory=list)

    def elapsed(self) -> float:
        return time.time() - self.started

    def say(self, text: str) -> None:
        print(f"==> [{self.elapsed():4.0f} s] {text}", flush=True)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.say(name)
        begun = time.monotonic()
        yield
        self.stages.append((name, time.monotonic() - begun))


def run(clock: Clock, argv: list[str], log: str, env: Mapping[str, str], show: bool = True) -> None:
    """Run one command; its output goes to the log, and to the terminal where `show`.

    Raises:
        StageError: the command ended with another code than 0.
    """
    path = LOGS / log
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out, heartbeat(clock, argv, enabled=not show):
        process = subprocess.Popen(
            argv, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if show:
                print(f"    {line}" if line.strip() else "", end="" if line.strip() else "\n", flush=True)
        code = process.wait()
    if code:
        tail = path.read_text().splitlines()[-LOG_TAIL_LINES:] if not show else []
        print("\n".join(f"    {line}" for line in tail), file=sys.stderr)
        raise StageError(f"`{shlex.join(argv)}` ended with code {code}; whole output: {path.relative_to(ROOT)}")


@contextmanager
def heartbeat(clock: Clock, argv: list[str], enabled: bool) -> Iterator[None]:
    """Say every ten seconds that a silent command is still at work."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            clock.say(f"... still running: {shlex.join(argv)}")

    thread = threading.Thread(target=beat, daemon=True)
    if enabled:
        thread.start()
    try:
        yield
    finally:
        done.set()


def region_environment() -> dict[str, str]:
    """The process environment plus what `lab env` exports (a shell's `export NAME=value` lines)."""
    text = subprocess.run([str(BIN / "lab"), "env"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    exports = [word for line in text.splitlines() for word in shlex.split(line, comments=True) if "=" in word]
    return dict(os.environ) | dict(word.split("=", 1) for word in exports)


def read_results() -> list[dict[str, Any]]:
    """Every verify result that this machine holds, in the order of system and cluster."""
    return [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/*.json"))]


def member_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """One line a member: host, address, availability zone, version."""
    for member in result["members"]:
        zone = member.get("availability_zone") or "-"
        yield f"    {member['host']:<12} {member['address']:<20} {zone:<14} {member.get('version') or '-'}"


def check_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """One line a check of the whole cluster, then one a kind of member check with how many members passed it."""
    passed: dict[str, list[bool]] = {}
    for member in result["members"]:
        for check in member["checks"]:
            passed.setdefault(check["name"], []).append(check["ok"])
    for check in result["checks"]:
        yield f"    {'ok' if check['ok'] else 'FAILED':<7} {check['name'].replace('_', ' ')}"
    for name, oks in passed.items():
        yield f"    {'ok' if all(oks) else 'FAILED':<7} {name.replace('_', ' ')} ({sum(oks)} of {len(oks)} members)"


def summary(clock: Clock, results: list[dict[str, Any]]) -> str:
    """What a person wants to know at the end: members, proof, times, what to type next."""
    lines: list[str] = []
    for result in results:
        verdict = "proven" if result["ok"] else "NOT PROVEN"
        lines += [
            "",
            f"{result['system']} cluster `{result['cluster']}`: {len(result['members'])} member(s), {verdict}",
        ]
        lines += member_lines(result)
        lines += check_lines(result)
    lines += ["", "Time"]
    lines += [f"    {seconds:6.1f} s  {name}" for name, seconds in clock.stages]
    lines += [f"    {clock.elapsed():6.1f} s  in all", "", "Next"]
    lines += [f"    {command:<46} # {why}" for command, why in NEXT_COMMANDS]
    lines += ["", "`make demo-down` takes everything away again."]
    return "\n".join(lines)


def demo(clock: Clock) -> None:
    here = dict(os.environ)
    with clock.stage("Discovery strategy and cluster probe (Maven)"):
        run(clock, ["make", "jar"], "jar.log", here, show=False)
    with clock.stage("A region on this machine, its servers made through its API"):
        run(clock, [str(BIN / "lab"), "up", "--plan", "lab/plans/demo.yml"], "up.log", here)
    user = region_environment()
    with clock.stage("ansible-inventory --graph"):
        run(clock, [str(BIN / "ansible-inventory"), "--graph"], "graph.log", user)
    for path in RESULTS.glob("*/*.json"):
        path.unlink()
    with clock.stage("ansible-playbook site.yml"):
        try:
            run(clock, [str(BIN / "ansible-playbook"), "site.yml"], "site.log", user)
        finally:
            # Most wanted when a cluster is not whole.
            report(clock, user)


def report(clock: Clock, user: Mapping[str, str]) -> None:
    """The page of what was proven; it says itself when nothing was."""
    run(clock, [str(BIN / "ansible-playbook"), "playbooks/report.yml"], "report.log", user, show=False)
    clock.say(f"The report page: {(ROOT / 'reports' / 'index.html').relative_to(ROOT)}")


def main() -> int:
    clock = Clock(started=float(os.environ.get("STARTED", time.time())))
    if clock.elapsed() > 1:
        clock.stages.append(("Packages of this machine (Debian and Python)", clock.elapsed()))
    try:
        demo(clock)
    except StageError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake demo: stopped; `make demo` goes on from here, `make demo-down` takes all away", file=sys.stderr)
        return 130
    print(summary(clock, read_results()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
