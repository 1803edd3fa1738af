"""Messages in playbooks and roles: `fail_msg` of assertions, `msg` of `ansible.builtin.fail`, variables `*_reason`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tools.messages.skeleton import HOLE, Message, skeleton, words

TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
FAIL = frozenset({"fail", "ansible.builtin.fail"})


def messages(source: str, path: str) -> Iterator[Message]:
    """Every message of one YAML file. Raises yaml.YAMLError."""
    root = yaml.compose(source, Loader=yaml.SafeLoader)
    if root is not None:
        yield from _walk(root, path)


def _walk(node: yaml.Node, path: str) -> Iterator[Message]:
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _walk(each, path)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in FAIL and isinstance(value, yaml.MappingNode):
                yield from (
                    found for name, text in value.value if name.value == "msg" for found in _message(text, path)
                )
            elif key.value == "fail_msg" or str(key.value).endswith("_reason"):
                yield from _message(value, path)
            else:
                yield from _walk(value, path)


def _message(node: yaml.Node, path: str) -> Iterator[Message]:
    """The message of a scalar; one that is a single expression has its words elsewhere."""
    if isinstance(node, yaml.ScalarNode):
        text = skeleton(TEMPLATE.sub(HOLE, node.value))
        if words(text):
            yield Message(text, f"{path}:{node.start_mark.line + 1}")
