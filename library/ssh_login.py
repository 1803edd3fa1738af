"""Whether a host lets us in. Its code is the action plugin of the same name: it runs on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_login
short_description: Logs in to a host and says how, or why not
description:
  - Logs in over a connection of its own with one password after the other, and runs a command that changes nothing.
    Host keys are checked as always.
  - A host that does not answer, or lets nobody in, is a result, not a failure of this module. It needs no Python there.
options:
  command: {type: str, required: true, description: 'What to run there, by its shell.'}
  passwords:
    type: dict
    required: true
    description: Name to password, in the order they are tried; blank ones are left out.
  timeout: {type: int, default: 8, description: Seconds to wait for a connection.}
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
author: ["ECS Cluster Kit"]
"""

EXAMPLES = r"""
- name: Root is let in
  ssh_login:
    command: uname -r
    passwords: {final: "{{ vault_root_password }}", bootstrap: "{{ vault_bootstrap_root_password }}"}
  no_log: true
"""

RETURN = r"""
login: {type: str, returned: always, description: 'Name of the password that was taken, empty for no login.'}
rc: {type: int, returned: on login, description: What the command returned.}
stdout: {type: str, returned: on login, description: What it printed.}
said: {type: str, returned: without login, description: What ssh said.}
"""
