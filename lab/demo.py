"""`make demo`: a region on this machine, then exactly what a user does on Huawei Cloud, timed and summed up."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.stage import Clock, StageError, run

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
RESULTS = ROOT / "reports" / "verify"

NEXT_COMMANDS = (
    ('. .venv/bin/activate && eval "$(lab env)"', "the keys and endpoints of the region, as you would export your own"),
    ("ansible-inventory --graph", "the groups your tags make"),
    ("lab ssh demo-1", "a root shell on the first member; try: journalctl -u hazelcast@5701"),
)


def region_environment() -> dict[str, str]:
    """The process environment plus what `lab env` exports (a shell's `export NAME=value` lines)."""
    done = subprocess.run([str(BIN / "lab"), "env"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StageError(f"`lab env` failed: {done.stderr.strip()}")
    exports = [word for line in done.stdout.splitlines() for word in shlex.split(line, comments=True) if "=" in word]
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
    """All of it. Raises StageError at the first stage that fails."""
    with clock.stage(what := "Discovery strategy and cluster probe (Maven)"):
        run(clock, ["make", "jar"], "jar.log", what)
    with clock.stage(what := "A region on this machine, its servers made through its API"):
        run(clock, [str(BIN / "lab"), "up", "--plan", "lab/plans/demo.yml"], "up.log", what, show=True)
    user = region_environment()
    with clock.stage(what := "ansible-inventory --graph"):
        run(clock, [str(BIN / "ansible-inventory"), "--graph"], "graph.log", what, env=user, show=True)
    for path in RESULTS.glob("*/*.json"):
        path.unlink()
    with clock.stage(what := "ansible-playbook site.yml"):
        try:
            run(clock, [str(BIN / "ansible-playbook"), "site.yml"], "site.log", what, env=user, show=True)
        except StageError:
            with contextlib.suppress(StageError):  # most wanted when a cluster is not whole; the first failure counts
                report(clock, user)
            raise
        report(clock, user)


def report(clock: Clock, user: Mapping[str, str]) -> None:
    """The page of what was proven; it says itself when nothing was."""
    argv = [str(BIN / "ansible-playbook"), "playbooks/report.yml"]
    run(clock, argv, "report.log", "The report page", env=user)
    clock.say(f"The report page: {(ROOT / 'reports' / 'index.html').relative_to(ROOT)}")


def main() -> int:
    clock = Clock()
    if clock.elapsed() > 1:
        clock.stages.append(("Packages of this machine (Debian and Python)", clock.elapsed()))
    try:
        demo(clock)
    except StageError as error:
        print(f"make demo: {error}", file=sys.stderr)
        print("make demo: goes on from here when it is run again; `make demo-down` takes all away", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake demo: stopped; `make demo` goes on from here, `make demo-down` takes all away", file=sys.stderr)
        return 130
    print(summary(clock, read_results()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
