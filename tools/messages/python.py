"""Messages in Python: what exceptions, `fail_json`, `warn` and standard error are given.

Where a sentence is put together elsewhere and only handed over, its parts are found because they read like prose: they
end with a full stop, or have three words or more. That takes in too much rather than too little; rooms.py lists what is
no message after all. In rooms without prose an error must be given its words where it is made, or `str(another error)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.messages.skeleton import HOLE, Message, skeleton, words

PROSE_WORDS = 3
SINKS = frozenset({"fail_json", "warn", "warning", "error", "exit"})
PASSING = frozenset({"str", "redactor"})
# Texts for other readers: Ansible's documentation of a plugin, the help of a command line.
DOCUMENTATION = frozenset({"DOCUMENTATION", "RETURN", "EXAMPLES"})
HELP = frozenset({"help", "description", "epilog", "metavar", "usage"})
# Patterns, markup, arguments of programs.
NO_PROSE = re.compile(r"\^|\(\?|<\w|--|-o ")
SENTENCE = re.compile(rf"[.?](?: {HOLE})?$")
FIELD = re.compile(r"\{[a-z_][\w.!]*\}")


def messages(source: str, path: str, *, prose: bool) -> Iterator[Message]:
    """Every message of one file; with `prose` those that are no argument of an error, too. Raises SyntaxError."""
    finder = _Finder(path, prose)
    finder.visit(ast.parse(source))
    yield from finder.found


def hidden(source: str, path: str) -> Iterator[str]:
    """Places ("path:line") of exceptions that are made from something else than words or another error's text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_exception(node) and node.args:
            passed_on = isinstance(node.args[0], ast.Call) and ast.unparse(node.args[0].func) in PASSING
            if not passed_on and not any(templates(given) for given in node.args):
                yield f"{path}:{node.lineno}"


def templates(node: ast.expr) -> list[str]:
    """The texts an expression can be, holes for what is not literal; empty when nothing in it is literal text."""
    match node:
        case (
            ast.Constant(value=str() as value)
            | ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as value), attr="format"))
        ):
            return [FIELD.sub(HOLE, value)]
        case ast.JoinedStr(values=values):
            return ["".join(each.value if isinstance(each, ast.Constant) else HOLE for each in values)]  # type: ignore[misc]
        case ast.IfExp(body=body, orelse=orelse):
            return [*templates(body), *templates(orelse)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = templates(left), templates(right)
            if before or after:
                return [one + other for one in before or [HOLE] for other in after or [HOLE]]
    return []


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, prose: bool) -> None:
        self.path = path
        self.prose = prose
        self.found: list[Message] = []

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp) and (texts := templates(node)):
            if self.prose:
                prose = [text for text in texts if not NO_PROSE.match(text)]
                self._add(node, [text for text in prose if SENTENCE.search(text)], 1)
                self._add(node, prose, PROSE_WORDS)
            for inner in ast.walk(node):
                if isinstance(inner, ast.FormattedValue | ast.Compare):
                    self.generic_visit(inner)
            return
        super().visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not (isinstance(node.targets[0], ast.Name) and node.targets[0].id in DOCUMENTATION):
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in HELP:
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """What is looked for in other people's words is no message."""
        for side in [node.left, *node.comparators]:
            if not isinstance(side, ast.Constant):
                self.visit(side)

    def visit_Call(self, node: ast.Call) -> None:
        if _is_error(node):
            for given in [*node.args, *(each.value for each in node.keywords if each.arg == "msg")]:
                self._add(given, templates(given), 1)
        self.generic_visit(node)

    def _add(self, node: ast.AST, texts: list[str], least: int) -> None:
        place = f"{self.path}:{getattr(node, 'lineno', 0)}"
        for text in texts:
            if " " in text and words(text) >= least:
                self.found.append(Message(skeleton(text), place))


def _is_error(call: ast.Call) -> bool:
    """Whether a call makes an exception, or tells the person something as an error or a warning."""
    if any(isinstance(each.value, ast.Attribute) and each.value.attr == "stderr" for each in call.keywords):
        return True
    return _is_exception(call) or (isinstance(call.func, ast.Attribute) and call.func.attr in SINKS)


def _is_exception(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return name.endswith(("Error", "Exception"))
