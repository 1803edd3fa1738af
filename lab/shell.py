"""Running the system's own tools (ip, iptables, podman) and turning their failures into sentences."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lab.errors import LabError

TIMEOUT_SECONDS = 120


class CommandError(LabError):
    """A tool failed; the message holds its last line of output."""


def run(argv: Sequence[str], *, text: str | None = None, timeout: float = TIMEOUT_SECONDS) -> str:
    """Run `argv` with `text` on its standard input and return its standard output.

    Raises CommandError when the tool is missing, ends non-zero or needs more than `timeout` seconds.
    """
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError:
        raise CommandError(f"{argv[0]} is not installed.") from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"`{_short(argv)}` did not end within {timeout:.0f} s.") from None
    if done.returncode != 0:
        raise CommandError(f"`{_short(argv)}` failed: {_reason(done.stderr, done.returncode)}")
    return done.stdout


def succeeds(argv: Sequence[str]) -> bool:
    """Whether `argv` ends with 0; for tests such as `iptables -C` whose output says nothing."""
    try:
        run(argv)
    except CommandError:
        return False
    return True


def _short(argv: Sequence[str]) -> str:
    return " ".join(argv[:4]) + (" …" if len(argv) > 4 else "")


def _reason(stderr: str, code: int) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    # `ip -batch` names the line it stopped at after the reason.
    reasons = [line for line in lines if not line.startswith("Command failed")]
    return reasons[-1] if reasons else f"exit code {code}"
