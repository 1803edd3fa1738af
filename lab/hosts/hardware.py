"""What /proc shows of a server's flavor. Containers see the control node's memory and processors otherwise.

The files are fixed at boot: they say what the flavor has, not what is used. The limits themselves are cgroups.
"""

from __future__ import annotations

from pathlib import Path

FILES = ("meminfo", "cpuinfo")


def files(memory_mb: int, vcpus: int) -> dict[str, str]:
    """The content of /proc/meminfo and /proc/cpuinfo of a server with this much memory (MiB) and so many processors."""
    return {
        "meminfo": meminfo(memory_mb),
        "cpuinfo": cpuinfo(Path("/proc/cpuinfo").read_text("ascii", "replace"), vcpus),
    }


def meminfo(memory_mb: int) -> str:
    """A machine that has just booted: all memory free, no swap. Values in kB as the kernel prints them."""
    total = memory_mb * 1024
    values = {
        "MemTotal": total,
        "MemFree": total,
        "MemAvailable": total,
        "Buffers": 0,
        "Cached": 0,
        "SwapCached": 0,
        "Active": 0,
        "Inactive": 0,
        "SwapTotal": 0,
        "SwapFree": 0,
        "Shmem": 0,
        "Slab": 0,
        "SReclaimable": 0,
    }
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in values.items())


def cpuinfo(of_control_node: str, vcpus: int) -> str:
    """The control node's first processor, `vcpus` times: a flavor may have more than the control node has."""
    first = of_control_node.split("\n\n", maxsplit=1)[0].strip().splitlines()
    blocks = (
        "".join(f"processor\t: {number}\n" if line.startswith("processor") else f"{line}\n" for line in first)
        for number in range(vcpus)
    )
    return "\n".join(blocks) + "\n"
