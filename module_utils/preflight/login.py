"""How a login over SSH ended, in the words of ssh and Ansible, made a check."""

from __future__ import annotations

from collections.abc import Sequence

from .checks import Check, failed, ok

NAME = "ssh"
# Wordings of OpenSSH, and of Ansible for password logins.
CHANGED_KEY = ("REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed", "Host Key checking is enabled")
SILENT = ("timed out", "No route to host", "Network is unreachable", "expected time frame", "did not answer")


def accepted(address: str, password: str) -> Check:
    """``password`` is its name: final, bootstrap or, with none given, key; a bastion's is not told."""
    first = ", with the bootstrap password: the deploy sets the final one" if password == "bootstrap" else ""
    return ok(NAME, f"lets Ansible in at {address}{first}")


def refused(address: str, said: str, *, status: str, unknown_key: str, groups: Sequence[str]) -> Check:
    """``said`` is Ansible's message, ``status`` the server's, ``unknown_key`` why no host key is known (or empty)."""
    named = f"security group {' or '.join(f'`{name}`' for name in groups)}" if groups else "its security group"
    cases = (
        (status not in ("", "ACTIVE"), f"the server is {status}", "Start it, or take its tag away."),
        (
            any(text in said for text in SILENT),
            f"TCP 22 of {address} does not answer",
            f"See that it runs and that {named} has an ingress rule: TCP 22 from this machine (or from the bastion).",
        ),
        (
            "Connection refused" in said,
            f"{address} refuses connections to TCP 22",
            "Start sshd on it; a server that is still booting may need a minute.",
        ),
        (
            bool(unknown_key) and any(text in said for text in CHANGED_KEY),
            f"no SSH host key of it is known: {unknown_key}",
            "See that cloud-init is part of its image and has finished, then run again; at your own risk, once: "
            "-e host_keys_trust_first_use=true.",
        ),
        (
            any(text in said for text in CHANGED_KEY),
            "it does not show the SSH host key known for it; no password was sent",
            "If it was reinstalled, remove its id's lines from .state/known_hosts; if not, somebody stands in between.",
        ),
        (
            "Permission denied" in said,
            "it lets nobody in with the final or the bootstrap password",
            "Export the password it has now as ECS_BOOTSTRAP_PASSWORD, or add its key pair to the SSH agent.",
        ),
        (True, _last_line(said), f"Try it by hand: ssh -v {address}"),
    )
    return next(failed(NAME, what, way_out) for applies, what, way_out in cases if applies)


def bastion(name: str, trouble: str) -> Check:
    """``trouble``: empty, or as module_utils/bastion/words.py has it: what is wrong, then the ways out."""
    if not trouble:
        return accepted(name, "")
    said, _, way_out = trouble.partition(". ")
    return failed(NAME, said, way_out)


def python(version: str) -> Check:
    """``version`` is what the interpreter said of itself; empty when there is none."""
    least = (3, 9)
    try:
        found = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        found = ()
    if found >= least:
        return ok("python", version)
    said = f"its Python is {version}, 3.9 is the least" if found else "it has no /usr/bin/python3"
    return failed("python", said, "Use an image with Python 3.9 or newer, or set ansible_python_interpreter.")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "the login ended without a word"
