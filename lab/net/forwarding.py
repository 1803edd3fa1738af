"""Packets between hosts and to the outside need ip_forward=1: a switch of the whole machine that labs share.

The value from before the first lab is kept in /run and put back by the last one to go.
"""

from __future__ import annotations

from pathlib import Path

SWITCH = Path("/proc/sys/net/ipv4/ip_forward")
BEFORE = Path("/run/ecs-cluster-kit/ip_forward.before")


def enable() -> None:
    if SWITCH.read_text(encoding="ascii").strip() == "1":
        return
    BEFORE.parent.mkdir(parents=True, exist_ok=True)
    BEFORE.write_text(SWITCH.read_text(encoding="ascii"), encoding="ascii")
    SWITCH.write_text("1", encoding="ascii")


def restore() -> None:
    """Put the earlier value back if it was changed. Only for the last lab of the machine."""
    if BEFORE.exists():
        SWITCH.write_text(BEFORE.read_text(encoding="ascii"), encoding="ascii")
        BEFORE.unlink()
