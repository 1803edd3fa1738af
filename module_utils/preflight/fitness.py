"""Whether a host has what a member needs: numbers in, checks out."""

from __future__ import annotations

from .checks import Check, failed, ok


def disk(path: str, free_mb: int, least_mb: int) -> Check:
    said = f"{path} has {free_mb} MiB free"
    if free_mb >= least_mb:
        return ok("disk", said)
    return failed("disk", f"{said}, {least_mb} are needed", "Make room, or give the server a larger disk.")


def memory(there_mb: int, least_mb: int) -> Check:
    if there_mb >= least_mb:
        return ok("memory", f"{there_mb} MiB")
    return failed(
        "memory", f"it has {there_mb} MiB of memory, a member needs a server with {least_mb}", "Choose a larger flavor."
    )


def clock(offset_s: float, most_s: float) -> Check:
    """``offset_s``: seconds this host is ahead of the control node, not more exact than Ansible is quick."""
    if abs(offset_s) <= most_s:
        return ok("clock", f"within {max(1, round(abs(offset_s)))} s of the control node's")
    side = "ahead of" if offset_s > 0 else "behind"
    return failed(
        "clock",
        f"its clock is {abs(offset_s):.0f} s {side} the control node's, more than {most_s:.0f}",
        "Set the one of the two that is wrong (chronyc makestep); signed requests would be refused.",
    )


def port(number: int, listeners: str, member: bool) -> Check:
    """``listeners`` says who has the port, empty for nobody; ``member``: it is the port's own member."""
    if member:
        return ok("port", f"{number}: its member runs")
    if not listeners:
        return ok("port", f"{number} is free")
    return failed(
        "port", f"port {number} is taken by {listeners}", "Stop it, or choose other hazelcast_ports for this host."
    )
