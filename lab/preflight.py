"""What a machine must have before a lab can be started on it. Each lack is one sentence with the way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.errors import LabError

# tool: the Debian package that has it
TOOLS: Mapping[str, str] = {
    "podman": "podman",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "openssl": "openssl",
}
IMAGE_TOOLS: Mapping[str, str] = {"mmdebstrap": "mmdebstrap"}
CONTROLLERS = {"cpu", "memory", "pids"}
MIN_DISK_GB = 3.0
BASE_MEMORY_MB = 512
SERVER_MEMORY_MB = 512
STORAGE = Path("/var/lib/containers")


def check(servers: int, image_missing: bool, home: Path) -> None:
    """Raise LabError for the first thing that is missing for this many servers."""
    check_tools({**TOOLS, **IMAGE_TOOLS} if image_missing else TOOLS)
    check_cgroups(Path("/proc/cgroups").read_text(encoding="ascii"), Path("/proc/mounts").read_text(encoding="utf-8"))
    for path in (STORAGE, home):
        check_disk(path)
    check_memory(Path("/proc/meminfo").read_text(encoding="ascii"), servers)


def check_tools(tools: Mapping[str, str]) -> None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    missing = [package for tool, package in tools.items() if shutil.which(tool, path=path) is None]
    if missing:
        packages = " ".join(dict.fromkeys(missing))
        raise LabError(f"Packages are missing: apt-get install --no-install-recommends {packages}")


def check_cgroups(controllers: str, mounts: str) -> None:
    """`controllers` and `mounts` as in /proc/cgroups and /proc/mounts, the latter for where they are mounted."""
    if not any(line.split()[2] in {"cgroup", "cgroup2"} for line in mounts.splitlines() if len(line.split()) > 2):
        raise LabError(
            "Control groups are not mounted at /sys/fs/cgroup: hosts need them for systemd and their limits."
        )
    rows = [line.split() for line in controllers.splitlines() if not line.startswith("#")]
    off = sorted(CONTROLLERS - {row[0] for row in rows if len(row) == 4 and row[3] == "1"})
    # On cgroup v2 alone newer kernels leave /proc/cgroups incomplete; the mount's own list counts then.
    unified = Path("/sys/fs/cgroup/cgroup.controllers")
    if off and not (unified.exists() and set(unified.read_text(encoding="ascii").split()) >= CONTROLLERS):
        raise LabError(f"The kernel has no control group for {', '.join(off)}: the hosts' limits need it.")


def check_disk(path: Path) -> None:
    place = _existing(path)
    free = shutil.disk_usage(place).free / 1e9
    if free < MIN_DISK_GB:
        raise LabError(f"Only {free:.1f} GB are free at {place}: the lab needs {MIN_DISK_GB:.0f} GB.")


def check_memory(meminfo: str, servers: int) -> None:
    """`meminfo` as in /proc/meminfo (kB)."""
    values = {line.split(":")[0]: int(line.split()[1]) for line in meminfo.splitlines()}
    available = values["MemAvailable"] // 1024
    needed = BASE_MEMORY_MB + servers * SERVER_MEMORY_MB
    if available < needed:
        raise LabError(f"Only {available} MiB of memory are free: {servers} servers need {needed} MiB.")


def _existing(path: Path) -> Path:
    candidates: Iterable[Path] = (path, *path.parents)
    return next(candidate for candidate in candidates if candidate.exists())
