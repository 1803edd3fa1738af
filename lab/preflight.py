"""What a machine must have before a lab can be started on it. Each lack is one sentence with the way out.

    python -m lab.preflight SERVERS

asks for what `lab up` will need for so many servers before anything is installed; it needs nothing but the standard
library, and no root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.errors import LabError
from lab.net.addresses import interface_prefix
from lab.workspace import Workspace

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
CAPABILITIES = {12: "NET_ADMIN", 21: "SYS_ADMIN"}  # number: name, as in linux/capability.h
CONTROLLERS = {"cpu", "memory", "pids"}
CGROUPS = Path("/sys/fs/cgroup")
# Limit, usage, and the part of the usage that is a cache, of version 2 and of version 1.
MEMORY_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
MIN_DISK_GB = 3.0
BASE_MEMORY_MB = 512
SERVER_MEMORY_MB = 512
STORAGE = Path("/var/lib/containers")
IMAGE_WORK = Path("/var/tmp")  # where the image is made
NETWORKS = Path("/run/netns")


def check(servers: int, image_missing: bool, workspace: Workspace) -> None:
    """Raise LabError for the first thing that is missing for this many servers. Needs neither tools nor root."""
    check_cgroups(CGROUPS)
    missing = servers - hosts_running(workspace.id)
    if missing <= 0 and not image_missing:
        return
    for path in (STORAGE, workspace.root, *([IMAGE_WORK] if image_missing else [])):
        check_disk(path)
    check_memory(available_memory(Path("/proc/meminfo").read_text(encoding="ascii"), CGROUPS), max(missing, 0))


def check_tools(tools: Mapping[str, str]) -> None:
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    missing = [package for tool, package in tools.items() if shutil.which(tool, path=path) is None]
    if missing:
        packages = " ".join(dict.fromkeys(missing))
        raise LabError(f"Packages are missing: apt-get install --no-install-recommends {packages}")


def check_root() -> None:
    """Raise LabError unless this is root or sudo lets us be; sudo asks for its password now, not in the middle."""
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise LabError("This needs root, and there is no sudo here: run it as root.")
    if subprocess.run(["sudo", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise LabError("This needs root, and sudo refuses: run it as root, or as a user who may use sudo.")


def check_capabilities() -> None:
    """Raise LabError when root may not do what root does: most containers are so."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    held = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    lacking = [name for number, name in CAPABILITIES.items() if not held >> number & 1]
    if lacking:
        raise LabError(f"Root lacks {' and '.join(lacking)} here: run this on a machine, or in a privileged container.")


def check_cgroups(root: Path) -> None:
    """`root` is where control groups are mounted, of version 1, 2 or both."""
    groups = [root, *(root / name for name in sorted(CONTROLLERS))]
    mounted = [group for group in groups if (group / "cgroup.procs").exists()]
    if not mounted:
        raise LabError(
            f"Control groups are not mounted at {root}, hosts need them for systemd and their limits: "
            "run this on a machine, or in a privileged container."
        )
    if os.statvfs(mounted[0]).f_flag & os.ST_RDONLY:
        raise LabError(f"Control groups at {root} are read-only: run this on a machine, or in a privileged container.")
    unified = root / "cgroup.controllers"
    present = {group.name for group in mounted} | set(unified.read_text().split() if unified.exists() else ())
    if off := sorted(CONTROLLERS - present):
        raise LabError(
            f"The kernel has no control group for {', '.join(off)}, the hosts' limits need it: "
            "see cgroup_disable and cgroup_enable in /proc/cmdline."
        )


def check_disk(path: Path) -> None:
    place = _existing(path)
    free = shutil.disk_usage(place).free / 1e9
    if free < MIN_DISK_GB:
        raise LabError(f"Only {free:.1f} GB are free at {place}: the lab needs {MIN_DISK_GB:.0f} GB, make room there.")


def check_memory(available: int, servers: int) -> None:
    """`available` in MiB."""
    needed = BASE_MEMORY_MB + servers * SERVER_MEMORY_MB
    if available < needed:
        raise LabError(
            f"Only {available} MiB of memory are free: {servers} servers need {needed} MiB. "
            "End something, or order fewer with a plan of your own (`lab up --plan`)."
        )


def available_memory(meminfo: str, cgroups: Path) -> int:
    """MiB that can be had: `meminfo` is as in /proc/meminfo (kB); a container's own limit counts, too."""
    values = {line.split(":")[0]: int(line.split()[1]) for line in meminfo.splitlines()}
    available = values["MemAvailable"] << 10
    for limit, usage, stat, cache in MEMORY_FILES:
        if (most := _number(cgroups / limit)) is not None:
            counts = dict(line.split() for line in (cgroups / stat).read_text(encoding="ascii").splitlines())
            available = min(available, most - (_number(cgroups / usage) or 0) + int(counts[cache]))
    return available >> 20


def hosts_running(lab_id: str) -> int:
    """How many hosts of a lab have a network: those need no further memory."""
    return len(list(NETWORKS.glob(f"{interface_prefix(lab_id)}-*")))


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max"


def _existing(path: Path) -> Path:
    candidates: Iterable[Path] = (path, *path.parents)
    return next(candidate for candidate in candidates if candidate.exists())


def main(servers: int) -> int:
    """The command line: 0, or 1 after one sentence."""
    try:
        check_root()
        if os.geteuid() == 0:
            check_capabilities()
        check(servers, False, Workspace())
    except LabError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
