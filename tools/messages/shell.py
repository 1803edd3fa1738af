"""Messages in shell scripts (`die "..."`, `say "..."`) and in the Makefile (`echo "make: ..." >&2`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.messages.skeleton import HOLE, Message, skeleton, words

PROSE_WORDS = 2
TEXT = r'"(?P<text>(?:[^"\\]|\\.|\$\([^)]*\))*)"'
SCRIPT = re.compile(rf"\b(?:die|say) {TEXT}")
MAKE = re.compile(rf"\becho {TEXT} >&2")
# $(command), ${variable}, $variable; make doubles the dollar of a shell's own.
VARYING = re.compile(r"\$?\$\([^()]*\)|\$?\$\{[^}]*\}|\$?\$[\w*@]+")


def messages(source: str, path: str) -> Iterator[Message]:
    """Every message of one script or Makefile."""
    pattern = MAKE if path.endswith("Makefile") else SCRIPT
    for number, line in enumerate(source.splitlines(), start=1):
        for match in pattern.finditer(line):
            text = skeleton(VARYING.sub(HOLE, match["text"]))
            if words(text) >= PROSE_WORDS:
                yield Message(text, f"{path}:{number}")
