"""The result as lines for a terminal: what is green in few words, what is red in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from .checks import FAILED, OK, UNTRIED
from .result import verdict

WIDTH = 110
MARKS = {OK: "ok", FAILED: "!!", UNTRIED: "--"}


def lines(result: dict[str, Any]) -> list[str]:
    widths = [max((len(subject[key]) for subject in result["subjects"]), default=0) for key in ("kind", "name")]
    found = [verdict(result)]
    for subject in result["subjects"]:
        found += _subject(subject, widths)
    return found


def _subject(subject: dict[str, Any], widths: list[int]) -> Iterator[str]:
    checks = subject["checks"]
    bad = [check for check in checks if check["state"] == FAILED]
    left = f"{subject['kind'].ljust(widths[0])}  {subject['name'].ljust(widths[1])}  "
    indent = " " * (len(left) + 4)
    good = ", ".join(_name(check) for check in checks if check["state"] == OK)
    state = FAILED if bad else OK if good else UNTRIED
    yield from _wrapped(good or "nothing is green", f"{MARKS[state]}  {left}", indent)
    for check in checks:
        if check["state"] == UNTRIED:
            yield from _wrapped(f"{_name(check)}: {check['said']}", f"    {MARKS[UNTRIED]} ", "       ")
    for check in bad:
        yield from _wrapped(f"{_name(check)}: {check['said']}.", f"    {MARKS[FAILED]} ", "       ")
        yield from _wrapped(check["way_out"], "       -> ", "          ")


def _name(check: dict[str, Any]) -> str:
    return str(check["name"]).replace("_", " ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
