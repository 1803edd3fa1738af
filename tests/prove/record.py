"""Keeps what a long proof found in docs/proof/, where a reader looks for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bench import machine
from lab.workspace import PROJECT


def record(name: str, title: str, said: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Write docs/proof/NAME.md: what was proven (`said`, Markdown), on which day and machine, and the table.

    `name` is the WHAT of `make prove WHAT=...`, so the page names the command that makes it again.
    """
    made = f"`make prove WHAT={name}`, {dt.datetime.now(dt.UTC).date()}; {machine.describe()}."
    target = PROJECT / "docs" / "proof" / f"{name}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n\n".join([f"# {title}", said.strip(), made, machine.table(columns, list(rows))]) + "\n")
