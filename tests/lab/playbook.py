"""Runs the project's own playbooks against a lab, as a user types them, and reads what they print."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.workspace import PROJECT
from tests.lab.world import World

RECAP = re.compile(r"^(?P<host>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=")
TASK = re.compile(r"^TASK \[(?P<name>.*?)\] \*")
CHANGED = re.compile(r"^changed: \[(?P<host>[^\]]+?)(?: -> [^\]]+)?\]")


@dataclass(frozen=True)
class Play:
    """One finished run: its exit code and everything it printed, both streams."""

    code: int
    output: str

    @property
    def changes(self) -> dict[str, int]:
        """Host -> number of changed tasks, from the recap."""
        return {match["host"]: int(match["changed"]) for match in map(RECAP.match, self.output.splitlines()) if match}

    @property
    def changed_tasks(self) -> set[tuple[str, str]]:
        """(host, task without its role) of every change."""
        found, task = set(), ""
        for line in self.output.splitlines():
            if match := TASK.match(line):
                task = match["name"].split(" : ", 1)[-1]
            elif match := CHANGED.match(line):
                found.add((match["host"], task))
        return found

    @property
    def text(self) -> str:
        """The output with line breaks and indentation folded to single spaces: sentences can be looked for."""
        return " ".join(self.output.split())


class Site:
    """site.yml on one lab; verify results are kept in `results`."""

    def __init__(self, world: World, results: Path) -> None:
        self.world = world
        self.results = results

    def play(self, *arguments: str, playbook: str = "site.yml", env: dict[str, str] | None = None) -> Play:
        """Run `ansible-playbook PLAYBOOK ARGUMENTS` in the checkout with the lab's keys and endpoints exported."""
        kept = json.dumps({"hazelcast_result_file": f"{self.results}/{{{{ hazelcast_cluster_name }}}}.json"})
        done = subprocess.run(
            ["ansible-playbook", playbook, "-e", kept, *arguments],
            cwd=PROJECT,
            env=self.world.env() | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return Play(done.returncode, done.stdout)

    def result(self, cluster: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.results / f"{cluster}.json").read_text())
        return result
