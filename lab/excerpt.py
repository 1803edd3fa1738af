"""The few lines of a long log that say why something failed."""

from __future__ import annotations

import re
from pathlib import Path

LINES = 15
# How apt-get, mmdebstrap, pip, Maven and Ansible begin the lines that count.
ERRORS = re.compile(r"\s*(?:E: |W: Failed |ERROR: |\[(?:ERROR|FATAL)\]:? )")
# What Maven says after every failure, whatever it was.
BOILERPLATE = re.compile(r"\[ERROR\] (\s*$|-> \[Help|To see the full|Re-run Maven|For more information|\[Help|See )")
TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[")
FATAL = re.compile(r"fatal: \[(?P<host>[^\]]+?)(?: -> [^\]]+)?\]: ")
WENT_ON = r"(ok|changed|skipping|included): .*\b{host}\b"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def of_file(log: Path) -> list[str]:
    """The lines of `log` that matter; none when there is no such file."""
    try:
        return of(log.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def of(text: str) -> list[str]:
    """At most LINES lines: a failed Ansible task, else the lines of errors, else the last ones."""
    if task := failed_task(text):
        return task
    lines = _lines(text)
    errors = [line for line in lines if ERRORS.match(line) and not BOILERPLATE.match(line)]
    return (errors or lines[-LINES:])[:LINES]


def failed_task(text: str) -> list[str]:
    """The first Ansible task that ended a host's play, and what it said of its hosts; a rescued failure ends none."""
    lines = _lines(text)
    for number, line in enumerate(lines):
        fatal = FATAL.match(line)
        if fatal is None or _went_on(fatal["host"], lines[number + 1 :]):
            continue
        before = next((earlier for earlier in reversed(lines[:number]) if TASK.match(earlier)), "")
        return [*([before.rstrip(" *")] if before else []), *_to_the_next_task(lines[number:])][:LINES]
    return []


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in COLOURS.sub("", text).splitlines() if line.strip()]


def _went_on(host: str, lines: list[str]) -> bool:
    pattern = re.compile(WENT_ON.format(host=re.escape(host)))
    return any(pattern.match(line) for line in lines)


def _to_the_next_task(lines: list[str]) -> list[str]:
    ends = (number for number, line in enumerate(lines) if TASK.match(line) or line.startswith(("PLAY ", "NO MORE ")))
    return lines[: next(ends, len(lines))]
