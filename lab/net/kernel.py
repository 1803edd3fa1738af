"""Kernel settings of the whole machine that labs need and share.

The values from before the first lab are kept in /run and put back by the last one to go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

SETTINGS = Path("/proc/sys")
BEFORE = Path("/run/ecs-cluster-kit/kernel.json")

# setting: the least value that will do
NEEDED: Mapping[str, int] = {
    "net/ipv4/ip_forward": 1,  # packets between subnets and to the outside
    "fs/inotify/max_user_instances": 4096,  # systemd takes about ten a host; with 128 the thirteenth host hangs
}


def enable() -> None:
    """Raise what is too low and remember what it was. Raises OSError where the kernel does not let us."""
    before = _remembered()
    for name, least in NEEDED.items():
        value = int((SETTINGS / name).read_text(encoding="ascii"))
        if value < least:
            before.setdefault(name, value)
            BEFORE.parent.mkdir(parents=True, exist_ok=True)
            BEFORE.write_text(json.dumps(before), encoding="ascii")
            (SETTINGS / name).write_text(str(least), encoding="ascii")


def restore() -> None:
    """Put back what was changed. Only for the last lab of the machine."""
    for name, value in _remembered().items():
        (SETTINGS / name).write_text(str(value), encoding="ascii")
    BEFORE.unlink(missing_ok=True)


def _remembered() -> dict[str, int]:
    if not BEFORE.exists():
        return {}
    values: dict[str, int] = json.loads(BEFORE.read_text(encoding="ascii"))
    return values
