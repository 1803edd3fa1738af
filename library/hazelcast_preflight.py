#!/usr/bin/python
"""What would make a deploy of Hazelcast members fail later, found before anything is changed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.ports import listeners_on, uid_of, who
from ansible.module_utils.hazelcast.units import PROPERTIES, parse_show, unit_name
from ansible.module_utils.preflight import fitness, listener
from ansible.module_utils.preflight.checks import Check, as_dicts, sentences, untried
from ansible.module_utils.preflight.discovery import Plan, examine

DOCUMENTATION = r"""
module: hazelcast_preflight
short_description: Finds what would make a deploy of Hazelcast members on this host fail
description:
  - Looks at free disk space, memory, the clock, and who listens on the members' ports, tries the discovery key as a
    member will use it, and changes nothing.
  - Ports that are free it holds open for a moment, in a process of its own, so that C(peer_ports) on the other hosts
    can try them. It ends when all C(callers) have called, at the latest after C(hold_s).
  - A host that is not fit is a result, not a failure of this module.
options:
  host: {type: str, required: true, description: Name of this host in the inventory.}
  address: {type: str, required: true, description: Where its members listen.}
  ports: {type: list, elements: int, required: true, description: The ports of the members.}
  network: {type: str, default: '', description: 'Id of its VPC, for messages.'}
  security_groups: {type: list, elements: str, default: [], description: 'Names of its groups, for messages.'}
  callers: {type: list, elements: str, default: [], description: Hosts that will try this one's ports.}
  hold_s: {type: float, default: 20, description: How long ports are held open at most.}
  discovery:
    type: dict
    description:
      - How members find each other, as the role P(hazelcast#role) has it. Absent where nothing has to be found.
      - C(use_key) says whether this host tries a configured key, or only reaches for the service. One of a cluster
        does, because more than five wrong signatures lock a key. An agency's key each host tries, for it has its own.
  least_disk_mb: {type: int, default: 512, description: 'Free space needed for home, JDK and journal, in MiB.'}
  least_memory_mb: {type: int, default: 900, description: 'What the smallest server for a member has, in MiB.'}
  now: {type: float, required: true, description: 'Time on the control node, in seconds since 1970.'}
  most_clock_offset_s:
    type: int
    default: 300
    description: How far the clock may be off. Signatures of Huawei Cloud's API tolerate 15 minutes.
"""
RETURN = r"""
checks: {type: list, returned: success, description: 'What was asked, as docs/schemas/preflight-result.json has it.'}
troubles: {type: str, returned: success, description: All that failed, as sentences; empty when nothing did.}
clock_offset_s: {type: float, returned: success, description: Seconds this host is ahead of the control node.}
seat: {type: dict, returned: success, description: 'This host as its peers need it: address, ports held, members.'}
"""
# Where homes of Hazelcast are.
HOMES = "/home"
MEMORY = Path("/proc/meminfo")

TEXT: dict[str, Any] = {"type": "str", "default": ""}
SECRET: dict[str, Any] = {"type": "str", "default": "", "no_log": True}
DISCOVERY = {
    "mode": {"type": "str", "choices": ["metadata", "aksk", "iam"], "required": True},
    "region": TEXT,
    "project_id": TEXT,
    "tag_key": TEXT,
    "endpoint_ecs": TEXT,
    "endpoint_iam": TEXT,
    "access_key": {**TEXT, "no_log": False},
    "secret_key": SECRET,
    "iam_domain": TEXT,
    "iam_user": TEXT,
    "iam_password": SECRET,
    "use_key": {"type": "bool", "default": True},
}
ARGUMENTS = {
    "host": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "ports": {"type": "list", "elements": "int", "required": True},
    "network": TEXT,
    "security_groups": {"type": "list", "elements": "str", "default": []},
    "callers": {"type": "list", "elements": "str", "default": []},
    "hold_s": {"type": "float", "default": 20},
    "discovery": {"type": "dict", "options": DISCOVERY},
    "least_disk_mb": {"type": "int", "default": 512},
    "least_memory_mb": {"type": "int", "default": 900},
    "now": {"type": "float", "required": True},
    "most_clock_offset_s": {"type": "int", "default": 300},
}


def members(module: AnsibleModule, ports: list[int]) -> dict[int, int]:
    """Port -> process of the member, 0 when it does not run."""
    names = [unit_name(port) for port in ports]
    code, out, err = module.run_command(["systemctl", "show", "-p", ",".join(PROPERTIES), *names])
    if code:
        module.fail_json(msg=f"systemctl does not answer on this host: {err.strip() or out.strip()}")
    return {port: unit.pid for port, unit in parse_show(out).items()}


def port_check(port: int, member: int) -> Check:
    """``member`` is the process of the member with this port, 0 when it does not run."""
    listeners = listeners_on(port)
    # Whose descriptors are whose is not shown to a root without CAP_SYS_PTRACE; a socket's user always is.
    own = bool(listeners and member and {each.uid for each in listeners} == {uid_of(member)})
    return fitness.port(port, "" if own or not listeners else who(listeners), own)


def room(params: dict[str, Any], offset_s: float) -> list[Check]:
    # As Ansible's facts have it, of which the role makes the heap: "MemTotal:  1882016 kB".
    memory_mb = int(MEMORY.read_text().split(maxsplit=2)[1]) >> 10
    return [
        fitness.disk(HOMES, shutil.disk_usage(HOMES).free >> 20, params["least_disk_mb"]),
        fitness.memory(memory_mb, params["least_memory_mb"]),
        fitness.clock(offset_s, params["most_clock_offset_s"]),
    ]


def discovery(given: Any) -> list[Check]:
    if given is None:
        return [untried("discovery_key", "one server that reads no tags needs no key")]
    checks: list[Check] = examine(Plan(**given))
    return checks


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    offset_s = time.time() - params["now"]
    listener.stop_leftovers()
    pids = members(module, params["ports"])
    ports = {port: port_check(port, pids[port]) for port in params["ports"]}
    # Before the ports are held: this asks over the network, and the hold is short.
    checks = [*room(params, offset_s), *ports.values(), *discovery(params["discovery"])]
    free = [port for port in ports if not listeners_on(port)]
    seat = {
        "host": params["host"],
        "address": params["address"],
        "network": params["network"],
        "security_groups": params["security_groups"],
        "listening": listener.hold_open(params["address"], free, params["callers"], params["hold_s"]),
        "running": [port for port, check in ports.items() if check.state == "ok" and port not in free],
    }
    module.exit_json(
        changed=False, checks=as_dicts(checks), troubles=sentences(checks), clock_offset_s=offset_s, seat=seat
    )


if __name__ == "__main__":
    main()
