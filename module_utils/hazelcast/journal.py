"""What a member's log says about its end."""

from __future__ import annotations

import re

# Lines as log4j2.properties of role hazelcast writes them: "LEVEL [thread] Class - message".
_TROUBLE = re.compile(
    r"^(?:FATAL|ERROR|WARN)\s+\[[^]]*\] \S+ - (?:\[[^]]*\](?::\d+)? )?(?:\[[^]]*\] ){0,2}(?P<said>.+)$"
)
_CAUSE = re.compile(r"^Caused by: (?P<said>.+)$")
_UNCAUGHT = re.compile(r'^(?:Exception in thread "\S+" |Error: )(?P<said>.+)$')
_CLASS = re.compile(r"^(?:[a-z]\w*\.)+(\w+): ")


def last_words(log: str) -> str:
    """The cause of the last exception in a log, else the last warning or error; "" when it has neither."""
    lines = log.splitlines()
    for pattern in (_CAUSE, _UNCAUGHT, _TROUBLE):
        for line in reversed(lines):
            match = pattern.match(line.strip())
            if match:
                return _CLASS.sub("", match.group("said")).strip()
    return ""
