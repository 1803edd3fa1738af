"""docs/tour.md is a script: runs the commands of its console blocks on a lab and compares what they print.

    python -m tools.tour            run it and show what prints something else (needs root, about two minutes)
    python -m tools.tour --write    run it and write the page's outputs anew

In a block that begins with ```console each line `$ COMMAND` is run, one after the other in one shell, and must end with
exit code 0, every part of a pipe too; what follows is its output. Compared is what stays the same from run to run:
addresses, ids, times and the order of lines do not count.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tour.md"
JARS = ("discovery/target/*.jar", "services/*/target/*.jar")
ARTIFACTS = ".state/artifacts"
# What the checkout is called on the page.
HOME = "~/ecs-cluster-kit"

# What differs from run to run, and what stands for it in a comparison.
VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "HEX"),
    (re.compile(r"\b(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?"), "TIME"),
    (re.compile(r"\b10\.\d+\.\d+\.\d+\b"), "ADDRESS"),
    (re.compile(r"\b\d+(?:\.\d+)? s\b"), "N s"),
    (re.compile(r"\blab [0-9a-f]{4}\b"), "lab ID"),
    (re.compile(r"\b(ok|changed|skipped)=[1-9]\d*"), r"\1=N"),
    (re.compile(r"\*{4}[A-Z0-9]{4}\b"), "KEY"),
    (re.compile(r"\*{3,}"), "***"),
    (re.compile(r"\bver:\d+"), "ver:N"),
    (re.compile(r"\s+"), " "),
)
# Said again every ten seconds: how often depends on the machine.
HEARTBEAT = re.compile(r"\(\d+ s so far\)$")


class TourError(Exception):
    """A command of the page failed; the message has what it printed."""


@dataclass
class Step:
    """One command, what the page says that it prints, and the lines of the page that output takes: [first, end)."""

    command: str
    output: list[str]
    first: int
    end: int


def steps(text: str) -> list[Step]:
    """The commands of a page in their order."""
    found: list[Step] = []
    inside = False
    for number, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            inside = not inside and line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Step(line[2:], [], number + 1, number + 1))
        elif inside and found:
            found[-1].output.append(line)
            found[-1].end = number + 1
    return found


def constant(lines: list[str]) -> list[str]:
    """The part of an output that is the same in every run."""
    kept = []
    for line in lines:
        if not HEARTBEAT.search(line):
            for pattern, name in VARYING:
                line = pattern.sub(name, line)  # noqa: PLW2901 - each pattern works on what the one before has left
            kept.append(line.strip())
    return sorted(line for line in kept if line)


def differences(step: Step, output: list[str]) -> str:
    """How an output differs from the page's; empty when it does not."""
    lines = unified_diff(
        constant(step.output), constant(output), f"{PAGE.name}: {step.command}", "now", "", "", lineterm=""
    )
    return "\n".join(lines)


def written(text: str, outputs: list[list[str]]) -> str:
    """The page with these outputs in place of its own, one for each step."""
    lines = text.splitlines()
    for step, output in reversed(list(zip(steps(text), outputs, strict=True))):
        lines[step.first : step.end] = output
    return "\n".join(lines) + "\n"


def copy_checkout(destination: Path) -> None:
    """A checkout of its own, with its own lab and state: the files git knows, as they are here, jars and artifacts."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    built = [path.relative_to(ROOT).as_posix() for pattern in JARS for path in ROOT.glob(pattern)]
    for name in [*filter(None, listed.split("\0")), *built]:
        if (ROOT / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)
    if (ROOT / ARTIFACTS).is_dir():
        shutil.copytree(ROOT / ARTIFACTS, destination / ARTIFACTS)


class Shell:
    """One bash in a checkout, as a person has one open: what a command exports, the next one sees."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        names = ("HOME", "LANG", "TERM", "SUDO_UID", "SUDO_GID")
        env = {name: os.environ[name] for name in names if name in os.environ}
        paths = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--norc", "-o", "pipefail"],
            cwd=checkout,
            # The lab's code of this checkout, not the one that is installed.
            env=env | {"PATH": paths, "PYTHONPATH": str(checkout), "ANSIBLE_NOCOLOR": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> list[str]:
        """What a command prints on both streams, as lines, the checkout's path as the page has it. Raises TourError."""
        assert self._bash.stdin and self._bash.stdout
        mark = uuid.uuid4().hex
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null 2>&1; printf '\\n{mark} %s\\n' $?\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        code = 1
        for line in self._bash.stdout:
            if line.startswith(mark):
                code = int(line.split()[1])
                break
            lines.append(line.rstrip().replace(str(self.checkout), HOME))
        while lines and not lines[-1]:
            lines.pop()
        if code:
            raise TourError(f"`{command}` ended with {code}:\n" + "\n".join(lines))
        return lines

    def close(self) -> None:
        self._bash.communicate()


@contextmanager
def shell(checkout: Path) -> Iterator[Shell]:
    """A shell in a fresh checkout; its lab is taken down at the end, whatever happened."""
    copy_checkout(checkout)
    opened = Shell(checkout)
    try:
        yield opened
    finally:
        opened.run("lab down")
        opened.close()


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns 1 when something prints something else."""
    parser = argparse.ArgumentParser(prog="python -m tools.tour", description="Run docs/tour.md on a lab.")
    parser.add_argument("--write", action="store_true", help="write the outputs into the page")
    write = parser.parse_args(arguments).write
    text = PAGE.read_text(encoding="utf-8")
    checkout = ROOT / "build" / "tour"
    shutil.rmtree(checkout, ignore_errors=True)
    outputs = []
    try:
        with shell(checkout) as bash:
            for step in steps(text):
                begun = time.monotonic()
                outputs.append(bash.run(step.command))
                print(f"{time.monotonic() - begun:6.1f} s  $ {step.command}", file=sys.stderr, flush=True)
    except TourError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(checkout)
    if write:
        PAGE.write_text(written(text, outputs), encoding="utf-8")
        return 0
    found = [diff for step, output in zip(steps(text), outputs, strict=True) if (diff := differences(step, output))]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
