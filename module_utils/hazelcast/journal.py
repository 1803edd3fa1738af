"""What a member's log says about why it does not come."""

from __future__ import annotations

import re
import subprocess

from ansible.module_utils.hazelcast.units import unit_name

# How log4j2.properties of role hazelcast writes, and Hazelcast begins its messages: [address]:port [cluster] [version].
_ENTRY = re.compile(r"^(?P<level>[A-Z]+)\s+\[[^]]*\] \S+ - (?:\[\S+\]:\d+ \[[^]]*\] \[[^]]*\] )?(?P<said>.*)$")
_CAUSE = re.compile(r"^Caused by: (?P<said>.+)$")
_UNCAUGHT = re.compile(r'^(?:Exception in thread "[^"]+" |Error: )(?P<said>.+)$')
_CLASS = re.compile(r"^(?:[a-z]\w*\.)+[A-Z]\w*: ")
# The first entry of every start.
_START = "Loading configuration"


# More than one start of a member logs.
_LINES = 300


def log_of(port: int) -> str:
    """The last lines in the journal of the member with this port."""
    argv = ["journalctl", "-q", "-o", "cat", "-n", str(_LINES), "-u", unit_name(port)]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, errors="replace", check=False).stdout


def last_words(log: str) -> str:
    """The reason why the last start of a member that ended, ended; "" when the log has none.

    That is the first error of that start (what follows are its consequences), with the cause from its stack trace where
    it has one.
    """
    return next((words for words in map(_first_words, reversed(log.split(_START))) if words), "")


def complaint(log: str) -> str:
    """The first error since the last start, "" when it has none so far."""
    return _first_words(log.rsplit(_START, maxsplit=1)[-1])


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
