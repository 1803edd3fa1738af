#!/usr/bin/python
"""What runs on this host, what starts with it, and which members must restart: one question for all its members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.units import (
    PROPERTIES,
    Unit,
    below,
    changed_since_start,
    parse_show,
    parse_sums,
    sums_of,
    unit_name,
)

DOCUMENTATION = r"""
module: hazelcast_units
short_description: Tells which Hazelcast members of a host run, are enabled, and must restart
description:
  - A unit notes the sha256 of all files it depends on in C(/run/hazelcast-PORT/started-with) when it starts. A restart
    is pending while these differ from the files on disk. Nothing has to be remembered.
options:
  ports: {type: list, elements: int, required: true, description: The ports of the members.}
  to_be:
    type: dict
    default: {}
    description: Path -> sha256 of files that are about to change, for check mode; those a start depends on count.
  depends_on: {type: list, elements: path, required: true, description: Files and directories a start depends on.}
"""
RETURN = r"""
running: {type: list, returned: success, description: Ports of the members that run or are about to.}
stopped: {type: list, returned: success, description: Ports of the others.}
disabled: {type: list, returned: success, description: Ports of the members that do not start with the server.}
restart_pending: {type: dict, returned: success, description: 'Port as text -> what changed since the member started.'}
installed: {type: bool, returned: success, description: Whether the host has the unit file.}
reload_needed: {type: bool, returned: success, description: Whether systemd must read its unit files again.}
"""


def show(module: AnsibleModule, ports: list[int]) -> dict[int, Unit]:
    argv = ["systemctl", "show", "-p", ",".join(PROPERTIES), *(unit_name(port) for port in ports)]
    code, out, err = module.run_command(argv)
    if code:
        module.fail_json(msg=f"systemctl does not answer on this host: {err.strip() or out.strip()}")
    units: dict[int, Unit] = parse_show(out)
    return units


def why_restart(unit: Unit, now: dict[str, str]) -> list[str]:
    """What changed since the member started; empty when nothing did or it does not run."""
    if not unit.pid:
        return []
    note = Path(f"/run/hazelcast-{unit.port}/started-with")
    try:
        started_with = parse_sums(note.read_text())
    except FileNotFoundError:
        return [f"{note} (gone)"]
    reasons: list[str] = changed_since_start(started_with, now)
    return reasons


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "int", "required": True},
            "to_be": {"type": "dict", "default": {}},
            "depends_on": {"type": "list", "elements": "path", "required": True},
        },
        supports_check_mode=True,
    )
    params: dict[str, Any] = module.params
    units = show(module, params["ports"])
    try:
        now = {**sums_of(params["depends_on"]), **below(params["depends_on"], params["to_be"])}
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be read: {error.strerror}.")
    reasons = {str(port): why_restart(unit, now) for port, unit in units.items()}
    module.exit_json(
        changed=False,
        running=[port for port, unit in units.items() if unit.running],
        stopped=[port for port, unit in units.items() if not unit.running],
        disabled=[port for port, unit in units.items() if not unit.enabled],
        restart_pending={port: why for port, why in reasons.items() if why},
        installed=all(unit.installed for unit in units.values()),
        reload_needed=any(unit.reload_needed for unit in units.values()),
    )


if __name__ == "__main__":
    main()
