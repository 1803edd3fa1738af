"""Ansible module: a local user has a password, compared with the hash in /etc/shadow."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.shadow import entry_hash, matches, new_hash

DOCUMENTATION = r"""
module: shadow_password
short_description: A local user has a password
version_added: 0.1.0
description:
  - Compares the password with the hash in V(/etc/shadow) by the host's own libcrypt, so a fresh salt is not a change.
  - Sets it, where it differs, through C(chpasswd -e) on its standard input. It is never part of a command line, a
    result or a log.
  - The action plugin of the role P(root_password#role) may run in front of it and takes O(bootstrap_password) and
    O(prove_login) for itself.
options:
  name:
    description: The user.
    type: str
    default: root
  password:
    description: The password the user has.
    type: str
    required: true
  bootstrap_password:
    description: What the control node logs in with where the password above is refused. Unused on the host.
    type: str
    default: ""
  prove_login:
    description: Whether the control node logs in anew with the password afterwards. Unused on the host.
    type: bool
    default: false
attributes:
  check_mode: {support: full, description: Predicts the change.}
  diff_mode: {support: none, description: There is nothing that may be shown.}
author: [ECS Cluster Kit]
"""

EXAMPLES = r"""
- name: Root has its password
  shadow_password:
    password: "{{ vault_root_password }}"
"""

RETURN = r"""
name:
  description: The user.
  type: str
  returned: success
"""

SHADOW = Path("/etc/shadow")


def _hash_of(user: str) -> str:
    """Raises OSError without root's rights, ValueError where there is no such user."""
    found: str | None = entry_hash(SHADOW.read_text(), user)
    if found is None:
        raise ValueError(f"there is no user {user} in {SHADOW}")
    return found


def _set(module: AnsibleModule, user: str, password: str) -> None:
    chpasswd = module.get_bin_path("chpasswd", required=True)
    rc, _, err = module.run_command([chpasswd, "-e"], data=f"{user}:{new_hash(password)}")
    if rc != 0:
        raise ValueError(f"chpasswd could not set the password of {user}: {err.strip()}")
    if not matches(password, _hash_of(user)):
        raise ValueError(f"chpasswd reported success, but {SHADOW} does not hold the new password of {user}")


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "default": "root"},
            "password": {"type": "str", "required": True, "no_log": True},
            "bootstrap_password": {"type": "str", "default": "", "no_log": True},
            "prove_login": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    user, password = module.params["name"], module.params["password"]
    try:
        changed = not matches(password, _hash_of(user))
        if changed and not module.check_mode:
            _set(module, user, password)
    except PermissionError as error:
        module.fail_json(
            msg=f"Only root may do this ({error.filename}): log in as root, or as a user who may do everything by sudo"
            " without a password, with ansible_become: true."
        )
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, name=user)


if __name__ == "__main__":
    main()
