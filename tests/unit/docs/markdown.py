"""What the tests of the documents read from Markdown."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
SOURCE = re.compile(r'\b(?:src|srcset|href)="([^"]+)"')


@dataclass(frozen=True)
class Document:
    """A Markdown file: headings as (level, title), fenced blocks as (info, text), and its prose without the blocks."""

    path: Path
    headings: list[tuple[int, str]]
    blocks: list[tuple[str, str]]
    prose: str

    @property
    def links(self) -> list[str]:
        """Targets as written, code spans left out."""
        text = re.sub(r"(`+).+?\1", "", self.prose)
        return LINK.findall(text) + SOURCE.findall(text)

    @property
    def anchors(self) -> set[str]:
        """What `#...` can point to: titles as GitHub makes anchors of them."""
        return {anchor(title) for _, title in self.headings}


def anchor(title: str) -> str:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", text, flags=re.UNICODE).replace(" ", "-")


def read(path: Path) -> Document:
    headings, blocks, prose = [], [], []
    info: str | None = None
    block: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            if info is None:
                info, block = line.strip().strip("`"), []
            else:
                blocks.append((info, "\n".join(each.strip() for each in block)))
                info = None
        elif info is not None:
            block.append(line)
        else:
            prose.append(line)
            if match := re.match(r"(#+) (.+)", line):
                headings.append((len(match[1]), match[2]))
    assert info is None, f"{path}: a block is not closed"
    return Document(path, headings, blocks, "\n".join(prose))


def every() -> list[Path]:
    """All Markdown files of the project, those that git does not know yet among them."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]
