"""What a member's log says about why it does not come."""

from __future__ import annotations

import re

# How log4j2.properties of role hazelcast writes, and Hazelcast begins its messages: [address]:port [cluster] [version].
_ENTRY = re.compile(r"^(?P<level>[A-Z]+)\s+\[[^]]*\] \S+ - (?:\[\S+\]:\d+ \[[^]]*\] \[[^]]*\] )?(?P<said>.*)$")
_CAUSE = re.compile(r"^Caused by: (?P<said>.+)$")
_UNCAUGHT = re.compile(r'^(?:Exception in thread "[^"]+" |Error: )(?P<said>.+)$')
_CLASS = re.compile(r"^(?:[a-z]\w*\.)+[A-Z]\w*: ")
# The first entry of every start.
_START = "Loading configuration"


def last_words(log: str) -> str:
    """The reason why the last start of a member that ended, ended; "" when the log has none.

    That is the first error of that start (what follows are its consequences), with the cause from its stack trace where
    it has one.
    """
    starts = log.split(_START)
    return next((words for words in map(_first_words, reversed(starts)) if words), "")


def _first_words(log: str) -> str:
    words = ""
    for line in log.splitlines():
        entry, uncaught, cause = _ENTRY.match(line), _UNCAUGHT.match(line), _CAUSE.match(line)
        if words and (entry or uncaught):
            break
        if entry and entry["level"] in ("ERROR", "FATAL"):
            words = entry["said"]
        elif uncaught:
            words = _CLASS.sub("", uncaught["said"])
        elif cause and words:
            words = _CLASS.sub("", cause["said"])
    return words.strip()
