#!/usr/bin/python
"""Module skin: SSH host keys of ECS servers, from their console logs into a known_hosts file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_ecs_host_keys
short_description: Learns the SSH host keys of ECS servers from their console logs
description:
  - Reads the keys that cloud-init prints on the console at first boot and writes them to a known_hosts file under the
    server's id (C(ssh -o HostKeyAlias=<id>)). The log comes through the signed API, so no key is taken on trust.
  - The key needs the permission C(ecs:cloudServers:getConsoleOutput).
  - Runs on the control node. Without credentials of its own it takes what the inventory file of plugin
    P(huaweicloud_ecs#inventory) says, then the environment's.
options:
  servers:
    description: The servers, as the inventory knows them.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: The server's id.
        type: str
        required: true
      name:
        description: The server's name, for messages.
        type: str
      region:
        description: The server's region.
        type: str
        required: true
      project_id:
        description: The server's project.
        type: str
        required: true
  path:
    description: The known_hosts file. It is made when absent, mode 0600, in a folder of mode 0700.
    type: path
    required: true
  timeout:
    description: Seconds to wait for keys that are not on the console yet.
    type: int
    default: 60
  verify_known:
    description: Read the console of servers whose keys are known already, too, and fail when it shows other keys.
    type: bool
    default: false
extends_documentation_fragment: huaweicloud.access
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
"""

EXAMPLES = r"""
- name: Host keys of all servers are known
  huaweicloud_ecs_host_keys:
    path: .state/known_hosts
    servers:
      - {id: "{{ ecs_id }}", name: "{{ ecs_name }}", region: "{{ ecs_region }}", project_id: "{{ ecs_project_id }}"}
  delegate_to: localhost
"""

RETURN = r"""
added:
  description: Ids of the servers whose keys were written.
  type: list
  elements: str
  returned: always
missing:
  description: Servers whose console log holds no keys, each with the reason.
  type: list
  elements: dict
  returned: always
  sample: [{"id": "4cc3...", "name": "hz-1", "reason": "its console log holds no SSH host keys"}]
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.huaweicloud.console_keys import Wanted, read_keys
from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.host_keys import KnownHosts, appended, conflicts
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud_module import ACCESS, connect
from ansible.module_utils.huaweicloud_module import ARGUMENTS as CONNECTION

SERVER = {
    "id": {"type": "str", "required": True},
    "name": {"type": "str"},
    "region": {"type": "str", "required": True},
    "project_id": {"type": "str", "required": True},
}

ARGUMENTS = {
    "servers": {"type": "list", "elements": "dict", "required": True, "options": SERVER},
    "path": {"type": "path", "required": True},
    "timeout": {"type": "int", "default": 60},
    "verify_known": {"type": "bool", "default": False},
    **ACCESS,
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    redactor = Redactor()
    try:
        result = learn(module, redactor)
    except HuaweiCloudError as error:
        module.fail_json(msg=redactor(str(error)))
    except OSError as error:
        module.fail_json(msg=f"{module.params['path']}: {error.strerror}.")
    module.exit_json(**result)


def learn(module: AnsibleModule, redactor: Redactor) -> dict[str, Any]:
    """Read what is missing, refuse what differs, write what is new. Returns the module's result."""
    known_hosts = KnownHosts(Path(module.params["path"]))
    known = known_hosts.keys()
    servers = {
        it["id"]: Wanted(it["id"], it["name"] or it["id"], it["region"], it["project_id"])
        for it in module.params["servers"]
    }
    wanted = [server for server in servers.values() if module.params["verify_known"] or server.id not in known]
    seen, missing = _read(module, redactor, wanted) if wanted else ({}, [])
    for server_id in conflicts(known, seen):
        module.fail_json(
            msg=f"The console log of server {servers[server_id].name} shows other SSH host keys than "
            f"{module.params['path']} has. If it was reinstalled, remove the lines of {server_id} there and run again."
        )
    new = {server_id: keys for server_id, keys in seen.items() if server_id not in known}
    before = known_hosts.read()
    added = list(new) if module.check_mode else known_hosts.add(new) if new else []
    return {
        "changed": bool(added),
        "added": added,
        "missing": [{"id": it.id, "name": it.name, "reason": reason} for it, reason in missing],
        "diff": {"before": before, "after": appended(before, new), "before_header": module.params["path"]},
    }


def _read(module: AnsibleModule, redactor: Redactor, wanted: list[Wanted]) -> Any:
    # `timeout` means another thing here, and a region is each server's own.
    options = {name: option.get("default") for name, option in CONNECTION.items()}
    # A login opens the project it is asked for, not any that the user may use.
    options["project_id"] = {server.region: server.project_id for server in wanted}
    client = connect({**options, **{name: module.params[name] for name in ACCESS}}, redactor).client
    try:
        return read_keys(client, wanted, module.params["timeout"])
    finally:
        client.close()


if __name__ == "__main__":
    main()
