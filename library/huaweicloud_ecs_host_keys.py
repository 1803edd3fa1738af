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
  - Runs on the control node.
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
  access_key:
    description: Access key id. Default is the environment's E(HUAWEICLOUD_SDK_AK).
    type: str
  secret_key:
    description: Secret access key. Default is the environment's E(HUAWEICLOUD_SDK_SK).
    type: str
  security_token:
    description: Token of a temporary key. Default is the environment's E(HUAWEICLOUD_SDK_SECURITY_TOKEN).
    type: str
  iam_domain:
    description: Account name, to log in with a user name and a password.
    type: str
  iam_user:
    description: IAM user name.
    type: str
  iam_password:
    description: IAM user's password.
    type: str
  credentials_from:
    description: V(metadata) takes the keys of the agency of the server this runs on.
    type: str
    choices: [metadata]
  credentials_file:
    description: The SDK's credentials file. Default is the environment's E(HUAWEICLOUD_SDK_CREDENTIALS_FILE).
    type: path
  endpoints:
    description:
      - Map of service to URL. Default for C(ecs) and C(iam) is the environment's E(HW_ECS_ENDPOINT) and
        E(HW_IAM_ENDPOINT).
    type: dict
    default: {}
  validate_certs:
    description: Check the services' TLS certificates.
    type: bool
    default: true
  ca_path:
    description: A bundle of certificate authorities.
    type: path
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

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.console_keys import Wanted, read_keys
from ansible.module_utils.huaweicloud.endpoints import Endpoints, from_environment
from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.host_keys import KnownHosts, appended, conflicts
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.sources import CredentialOptions, make_source
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport

CREDENTIALS = {
    "access_key": {"type": "str", "no_log": False, "fallback": (env_fallback, ["HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"])},
    "secret_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"])},
    "security_token": {
        "type": "str",
        "no_log": True,
        "fallback": (env_fallback, ["HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"]),
    },
    "iam_domain": {"type": "str"},
    "iam_user": {"type": "str"},
    "iam_password": {"type": "str", "no_log": True},
    "credentials_from": {"type": "str", "choices": ["metadata"]},
    "credentials_file": {"type": "path", "fallback": (env_fallback, ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"])},
}

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
    **CREDENTIALS,
    "endpoints": {"type": "dict", "default": {}},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
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
    endpoints = Endpoints(from_environment(module.params["endpoints"]))
    transport = Transport(HttpOptions(validate_certs=module.params["validate_certs"], ca_path=module.params["ca_path"]))
    options = CredentialOptions(**{name: module.params[name] or "" for name in CREDENTIALS})
    client = CloudClient(make_source(options, endpoints, transport, redactor), endpoints, transport, redactor=redactor)
    try:
        return read_keys(client, wanted, module.params["timeout"])
    finally:
        client.close()


if __name__ == "__main__":
    main()
