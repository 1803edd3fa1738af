"""docs/troubleshooting.md: which messages it explains, and how it differs from the code.

Under a heading, a list item that is nothing but code is a message; the text after the list explains all of them:

    ### No credentials

    - `No region: set HW_REGION_NAME, or regions in the inventory file.`

    What it means, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.messages.rooms import NO_MESSAGE, ROOT, collect

PAGE = ROOT / "docs" / "troubleshooting.md"
HEADING = re.compile(r"^(?P<level>#+) (?P<title>.+)$")
ITEM = re.compile(r"^- (?P<ticks>`+) ?(?P<text>.+?) ?(?P=ticks)$")


@dataclass
class Entry:
    """One heading of the page with its messages (text and line number each), and whether anything explains them."""

    title: str
    messages: list[tuple[str, int]]
    explained: bool


def entries(text: str) -> list[Entry]:
    """The entries of a page in its order."""
    found = [Entry("", [], explained=False)]
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        fenced ^= line.startswith("```")
        if not fenced and (heading := HEADING.match(line)):
            found.append(Entry(heading["title"], [], explained=False))
        elif not fenced and (item := ITEM.match(line)):
            found[-1].messages.append((item["text"], number))
        elif line.strip() and found[-1].messages:
            found[-1].explained = True
    return found


def item(text: str) -> str:
    """A message as an item of the page's lists."""
    if "`" not in text:
        return f"- `{text}`"
    return f"- `` {text} ``"


def problems(path: Path = PAGE) -> list[str]:
    """What is wrong with the page, a sentence each with what to do; empty when page and code are equal."""
    code = collect()
    name = path.relative_to(ROOT).as_posix()
    listed = entries(path.read_text(encoding="utf-8"))
    known = {text for entry in listed for text, _ in entry.messages}
    return [
        *(
            f"{places[0]} can print a message that {name} does not explain. Add this line under its heading "
            f"(if nobody ever reads it, add it to NO_MESSAGE in tools/messages/rooms.py):\n    {item(text)}"
            for text, places in code.items()
            if text not in known and text not in NO_MESSAGE
        ),
        *_stale(listed, name, code),
        *(
            f"tools/messages/rooms.py: NO_MESSAGE names a text that is in no code any more: {text!r}"
            for text in NO_MESSAGE
            if text not in code
        ),
    ]


def _stale(listed: list[Entry], name: str, code: Mapping[str, object]) -> Iterator[str]:
    """What the page lists and should not."""
    seen: set[str] = set()
    for entry in listed:
        for text, line in entry.messages:
            if text not in code:
                yield f"{name}:{line}: no code prints this any more; remove the line, or correct it:\n    {item(text)}"
            elif text in seen:
                yield f"{name}:{line}: listed twice:\n    {item(text)}"
            elif text in NO_MESSAGE:
                yield f"{name}:{line}: tools/messages/rooms.py says that this is no message:\n    {item(text)}"
            elif not entry.explained:
                yield f"{name}:{line}: nothing after the list says what `{entry.title}` means and what to do."
            seen.add(text)
