#!/usr/bin/python
"""Module skin: bastions let Ansible in, strictly checked, before any server behind them is asked."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_bastions
short_description: Logs in to bastions and keeps the connections open for the hops of ProxyJump
description:
  - Writes, for each bastion, a configuration for C(ssh -F), which ssh hands on to the hop of C(ProxyJump). With it the
    hop checks the bastion's host key strictly, under the server's id where the bastion is a server of the inventory.
  - Logs in once to each bastion, with a key or O(password), and leaves the connection open. The hops to the servers
    behind it use that connection; after ten unused minutes it ends, and a hop needs a key.
  - Runs on the control node.
options:
  bastions:
    description: As they stand in C(ProxyJump), C([user@]host[:port]).
    type: list
    elements: str
    required: true
  servers:
    description:
      - A bastion at the address of exactly one of these servers must show the host keys that O(known_hosts) has for its
        id. Any other, or one without keys there, must show those in the user's own known_hosts.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The server's id.
        type: str
        required: true
      name:
        description: The server's name, for messages.
        type: str
        required: true
      addresses:
        description: Its addresses.
        type: list
        elements: str
        required: true
  password:
    description: Tried where no key is let in. Never the password of the servers behind it, unless it is the same.
    type: str
    default: ''
  known_hosts:
    description: The known_hosts file of servers' ids.
    type: path
    required: true
  directory:
    description: Where the configurations are written, each in a file named like the bastion, mode 0600.
    type: path
    required: true
  trust_first_use:
    description: Accept a host key that is not known yet.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: In check mode too the files are written and the logins made, without which no server could be asked.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Bastion lets Ansible in
  ssh_bastions:
    bastions: ["jump@203.0.113.7"]
    servers:
      - {id: 4cc3d7b6-3c8f-4d5b-a7f0-0a1b2c3d4e5f, name: bastion, addresses: [203.0.113.7, 10.0.0.4]}
    password: "{{ vault_bastion_password }}"
    known_hosts: .state/known_hosts
    directory: .state/bastions
  delegate_to: localhost
"""

RETURN = r"""
bastions:
  description: Each bastion as C(name), C(place) (the server's name, if it is one of the inventory) and C(trouble), a
    sentence or empty.
  type: list
  elements: dict
  returned: always
troubles:
  description: A sentence for each bastion that did not let Ansible in.
  type: list
  elements: str
  returned: always
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.bastion.jump import Jump, configuration, owner, parse_jump
from ansible.module_utils.bastion.login import open_connection
from ansible.module_utils.bastion.words import sentence
from ansible.module_utils.huaweicloud.host_keys import KnownHosts

WORKERS = 8

SERVER = {
    "id": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "bastions": {"type": "list", "elements": "str", "required": True},
            "servers": {"type": "list", "elements": "dict", "default": [], "options": SERVER},
            "password": {"type": "str", "default": "", "no_log": True},
            "known_hosts": {"type": "path", "required": True},
            "directory": {"type": "path", "required": True},
            "trust_first_use": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        jumps = [parse_jump(text) for text in module.params["bastions"]]
        Path(module.params["directory"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        with ThreadPoolExecutor(WORKERS) as pool:
            results = list(pool.map(lambda jump: enter(module, jump), jumps))
    except ValueError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}.")
    module.exit_json(
        changed=any(written for written, _ in results),
        bastions=[bastion for _, bastion in results],
        troubles=[bastion["trouble"] for _, bastion in results if bastion["trouble"]],
    )


def enter(module: AnsibleModule, jump: Jump) -> tuple[bool, dict[str, str]]:
    """Have the bastion's file and an open connection; returns whether the file was written and what came of it."""
    known_hosts, password = module.params["known_hosts"], module.params["password"]
    keys = KnownHosts(Path(known_hosts)).keys()
    server = owner(jump, [it for it in module.params["servers"] if it["id"] in keys])
    path = Path(module.params["directory"], jump.text)
    trust = module.params["trust_first_use"]
    written = _write(path, configuration(jump, server["id"], Path(known_hosts), trust_first_use=trust))
    said = open_connection(jump, path, password)
    name = f"{jump.text} ({server['name']})" if server["name"] else jump.text
    trouble = said and sentence(name, server["id"], known_hosts, said, password=bool(password))
    return written, {"name": jump.text, "place": server["name"], "trouble": trouble}


def _write(path: Path, text: str) -> bool:
    """Have the file hold the text; whether it did not. Of two runs at once each replaces it as a whole."""
    if path.is_file() and path.read_text() == text:
        return False
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
    return True


if __name__ == "__main__":
    main()
