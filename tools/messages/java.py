"""Messages in Java: every text put together from literals that reads like prose, but for what is logged below WARNING.

In the discovery strategy and the probe a sentence is an error or a warning; there is no other output to tell it from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.messages.skeleton import HOLE, Message, skeleton, words

PROSE_WORDS = 3
THROWN_WORDS = 2
TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | //[^\n]* | /\*.*?\*/ )
  | (?P<text> "(?:[^"\\\n]|\\.)*" )
  | (?P<char> '(?:[^'\\\n]|\\.)+' )
  | (?P<word> [A-Za-z_$][\w$]* | \d[\w.]* )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
# What ends an operand of a concatenation, at its own depth.
ENDS = frozenset({",", ";", "?", ":", "=", "{", "}", "->", "return", "throw"})
# Calls whose texts are not said to anybody: what is logged as INFO or lower, what is looked for in an answer.
QUIET = re.compile(r"logger(?:info|fine|finest)$|(?:says|contains|startsWith|endsWith|equals|matches)$")


def messages(source: str, path: str) -> Iterator[Message]:
    """Every message of one file, adjoining literals of a `+` chain as one."""
    tokens = _tokens(source)
    start = 0
    while start < len(tokens):
        kind, text, _ = tokens[start]
        if kind == "text" and not _inside_quiet(tokens, start):
            begin, end = _chain(tokens, start)
            text = skeleton(_render(tokens[begin:end]))
            least = THROWN_WORDS if _is_thrown(tokens, begin) else PROSE_WORDS
            if words(text) >= least and " " in text:
                yield Message(text, f"{path}:{tokens[start][2]}")
            start = end
        start += 1


def _tokens(source: str) -> list[tuple[str, str, int]]:
    """(kind, text, line) of each token, white space and comments left out."""
    found, line = [], 1
    for match in TOKEN.finditer(source):
        kind = match.lastgroup or "mark"
        if kind != "skip":
            found.append((kind, match.group(), line))
        line += match.group().count("\n")
    return found


def _chain(tokens: list[tuple[str, str, int]], at: int) -> tuple[int, int]:
    """The first token of the `+` chain that holds token `at`, and the one after its last."""
    begin = at
    depth = 0
    while begin > 0:
        text = tokens[begin - 1][1] if tokens[begin - 1][0] != "text" else '""'
        if text in CLOSING:
            depth += 1
        elif text in OPENING:
            depth -= 1
        if depth < 0 or (depth == 0 and text in ENDS):
            break
        begin -= 1
    end = at
    depth = 0
    while end < len(tokens):
        text = tokens[end][1] if tokens[end][0] != "text" else '""'
        if text in OPENING:
            depth += 1
        elif text in CLOSING:
            depth -= 1
        if depth < 0 or (depth == 0 and text in ENDS):
            break
        end += 1
    return begin, end


def _render(chain: list[tuple[str, str, int]]) -> str:
    """The literals of the chain's own depth, a hole for each operand that is none."""
    parts: list[str] = []
    depth = 0
    for kind, text, _ in chain:
        if kind == "mark" and text in CLOSING:
            depth -= 1
        if depth == 0 and kind == "text":
            parts.append(_unquoted(text))
        elif depth == 0 and not (kind == "mark" and text == "+") and (not parts or parts[-1] != HOLE):
            parts.append(HOLE)
        if kind == "mark" and text in OPENING:
            depth += 1
    return "".join(parts)


def _unquoted(literal: str) -> str:
    text = literal[1:-1].replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\")
    return re.sub(r"%[-\d.]*[sd]", HOLE, text)


def _is_thrown(tokens: list[tuple[str, str, int]], at: int) -> bool:
    """Whether the statement of the token is a `throw`."""
    while at > 0 and tokens[at - 1][1] not in (";", "{", "}", "throw"):
        at -= 1
    return at > 0 and tokens[at - 1][1] == "throw"


def _inside_quiet(tokens: list[tuple[str, str, int]], at: int) -> bool:
    """Whether the token stands among the arguments of a call that says nothing to anybody."""
    depth = lowest = 0
    for index in range(at - 1, -1, -1):
        text = tokens[index][1] if tokens[index][0] == "mark" else ""
        if text in (";", "{", "}") and depth <= lowest:
            return False
        depth += (text in CLOSING) - (text in OPENING)
        if depth < lowest:
            lowest = depth
            if QUIET.search("".join(word for kind, word, _ in tokens[max(0, index - 3) : index] if kind == "word")):
                return True
    return False
