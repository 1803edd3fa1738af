#!/usr/bin/python
"""What would make a deploy of Hazelcast members fail later, found before anything is changed."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.ports import listeners_on, uid_of, who
from ansible.module_utils.hazelcast.units import PROPERTIES, parse_show, unit_name

DOCUMENTATION = r"""
module: hazelcast_preflight
short_description: Finds what would make a deploy of Hazelcast members on this host fail
description:
  - Looks at free disk space, memory, the clock, and who listens on the members' ports, and changes nothing.
  - All troubles of a host are reported together, a sentence each.
options:
  ports: {type: list, elements: int, required: true, description: The ports of the members.}
  least_disk_mb: {type: int, default: 512, description: 'Free space needed for home, JDK and journal, in MiB.'}
  least_memory_mb: {type: int, default: 900, description: 'What the smallest server for a member has, in MiB.'}
  now: {type: float, required: true, description: 'Time on the control node, in seconds since 1970.'}
  most_clock_offset_s:
    type: int
    default: 300
    description: How far the clock may be off. Signatures of Huawei Cloud's API tolerate 15 minutes.
"""
# Where homes of Hazelcast are.
HOMES = "/home"


def disk_trouble(least_mb: int) -> str:
    free_mb = shutil.disk_usage(HOMES).free >> 20
    if free_mb >= least_mb:
        return ""
    return f"{HOMES} has {free_mb} MiB free, {least_mb} are needed: make room or give the server a larger disk."


def memory_trouble(least_mb: int) -> str:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    if memory_mb >= least_mb:
        return ""
    return f"It has {memory_mb} MiB of memory, a member needs a server with {least_mb}: choose a larger flavor."


def clock_trouble(there: float, most_s: int) -> str:
    offset = time.time() - there
    if abs(offset) <= most_s:
        return ""
    side = "ahead of" if offset > 0 else "behind"
    return (
        f"Its clock is {abs(offset):.0f} s {side} the control node's, more than {most_s}: "
        f"set the one of the two that is wrong (chronyc makestep); signed requests would be refused."
    )


def port_trouble(port: int, member: int) -> str:
    """``member`` is the process of the member with this port, 0 when it does not run."""
    listeners = listeners_on(port)
    # Whose descriptors are whose is not shown to a root without CAP_SYS_PTRACE; a socket's user always is.
    if not listeners or (member and {each.uid for each in listeners} == {uid_of(member)}):
        return ""
    return f"Port {port} is taken by {who(listeners)}: stop it, or choose other hazelcast_ports for this host."


def members(module: AnsibleModule, ports: list[int]) -> dict[int, int]:
    """Port -> process of the member, 0 when it does not run."""
    names = [unit_name(port) for port in ports]
    code, out, err = module.run_command(["systemctl", "show", "-p", ",".join(PROPERTIES), *names])
    if code:
        module.fail_json(msg=f"systemctl does not answer on this host: {err.strip() or out.strip()}")
    return {port: unit.pid for port, unit in parse_show(out).items()}


def troubles(params: dict[str, Any], pids: dict[int, int]) -> list[str]:
    found = [
        disk_trouble(params["least_disk_mb"]),
        memory_trouble(params["least_memory_mb"]),
        clock_trouble(params["now"], params["most_clock_offset_s"]),
        *(port_trouble(port, pids[port]) for port in params["ports"]),
    ]
    return [sentence for sentence in found if sentence]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "int", "required": True},
            "least_disk_mb": {"type": "int", "default": 512},
            "least_memory_mb": {"type": "int", "default": 900},
            "now": {"type": "float", "required": True},
            "most_clock_offset_s": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    found = troubles(module.params, members(module, module.params["ports"]))
    if found:
        module.fail_json(msg=" ".join(found))
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
