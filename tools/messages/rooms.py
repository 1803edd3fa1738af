"""Where messages are looked for, and what looks like one and is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tools.messages import ansible, java, python, shell
from tools.messages.skeleton import Message

ROOT = Path(__file__).resolve().parents[2]
Reader = Callable[[str, str], Iterator[Message]]

# In these every text that reads like prose counts; in the others only what an error is given, because the lab also
# says what it does, and the words of the report page are explained in docs/report.md.
PROSE = partial(python.messages, prose=True)
ERRORS = partial(python.messages, prose=False)

ROOMS: tuple[tuple[str, Reader], ...] = (
    ("*_plugins/**/*.py", PROSE),
    ("library/**/*.py", PROSE),
    ("module_utils/**/*.py", PROSE),
    ("roles/*/library/*.py", PROSE),
    ("roles/*/*_plugins/*.py", PROSE),
    ("playbooks/*_plugins/*.py", PROSE),
    ("roles/*/files/*.py", PROSE),
    ("lab/**/*.py", ERRORS),
    ("services/**/*.py", ERRORS),
    ("roles/*/tasks/**/*.yml", ansible.messages),
    ("roles/*/vars/**/*.yml", ansible.messages),
    ("playbooks/**/*.yml", ansible.messages),
    ("roles/*/files/*.sh", shell.messages),
    ("Makefile", shell.messages),
    ("discovery/src/main/java/**/*.java", java.messages),
    ("services/*/src/main/java/**/*.java", java.messages),
)
ERRORS_ONLY = ("module_utils/report/",)
# Tests and their helpers speak to developers.
LEFT_OUT = ("/tests/", "/test_", "/build/", "/.venv/")

# Text -> why it is no message of the toolkit.
NO_MESSAGE: dict[str, str] = {
    "authorization header format incorrect": "becomes an answer of the lab's API, in Huawei's words",
    "x-sdk-date is not signed": "the same",
    "x-sdk-date format incorrect": "the same",
    "Cluster …: … of … members are as they should be, asked from …": "says that all is well",
    "the token of user …": "whose credentials were refused, inside other messages",
    "user … of account …": "the same",
    "Unverified HTTPS request": "a warning of another library that is silenced",
    "Name or service not known": "looked for in an error of the system",
    "Failed to resolve": "the same",
    "Temporary failure in name resolution": "the same",
    "Network is unreachable": "the same",
    "No route to host": "the same",
    "REMOTE HOST IDENTIFICATION HAS CHANGED": "looked for in what ssh says",
    "expected time frame": "looked for in the words of Huawei Cloud",
    "did not answer": "the same",
    "reach the limit": "the same",
    "configure Cloud Service Agency": "the same",
    "MB of memory": "a part of other messages",
    "in availability zone …": "the same",
    "or security group …": "the same",
    "VPC … and VPC …": "the same",
    "The security group": "the same",
    "security group … (or …)": "the same",
    "its security group": "the same",
    "what is named there": "the same",
    "and set project_id meanwhile": "the same",
    "Host key verification failed": "looked for in what ssh says",
    "Host Key checking is enabled": "the same",
    "… Access=…, SignedHeaders=…, Signature=…": "a header of a request",
    "SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…": "the same",
    "the last try returns or raises": "cannot happen",
    "Usage: ecs-first-boot complete FILE [--check] | join-delay FILE": "nobody calls it but init.sh",
    "# Written by playbooks/host_keys.yml.": "a line of a file for ssh",
    "Include ~/.ssh/config": "the same",
    "Include /etc/ssh/ssh_config": "the same",
    '#!/bin/sh exec cat "${0%/*}/password"': "a program for ssh",
    "every JDK has SHA-256": "cannot happen",
    "every JDK has HmacSHA256": "cannot happen",
}


def files() -> Iterator[tuple[Path, Reader]]:
    """Each file in which messages are looked for, with what reads it."""
    for pattern, reader in ROOMS:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if not any(part in f"/{name}" for part in LEFT_OUT):
                yield path, ERRORS if reader is PROSE and name.startswith(ERRORS_ONLY) else reader


def collect() -> dict[str, list[str]]:
    """Every message of the toolkit: skeleton to the places ("path:line") it comes from."""
    found: dict[str, list[str]] = {}
    for path, reader in files():
        name = path.relative_to(ROOT).as_posix()
        for message in reader(path.read_text(encoding="utf-8"), name):
            if message.place not in found.setdefault(message.text, []):
                found[message.text].append(message.place)
    return found
