"""Action of library/ssh_login.py: tries passwords one after the other, quietly, and says which one opened the host."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

# No open master connection: one of an earlier run proves nothing. ssh takes the first value it sees.
FRESH = "-o ControlMaster=no -o ControlPath=none -o PreferredAuthentications=publickey,password"
DENIED = "Permission denied"


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible ships no types
    """At most one login with each password: Huawei's host security locks an address out after five refused ones."""

    _VALID_ARGS = frozenset({"command", "passwords", "timeout"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = self._task.args
        options = {"ssh_args": FRESH, "reconnection_retries": 0, "timeout": int(arguments.get("timeout", 8))}
        said = ""
        # A key in the SSH agent is tried first each time, so without any password there still is a login to try.
        for name, password in self._passwords(arguments["passwords"]).items():
            try:
                if self._connection.transport == "ssh":
                    for option, value in {**options, "password": password}.items():
                        self._connection.set_option(option, value)
                answer = self._low_level_execute_command(arguments["command"], sudoable=False)
            except (AnsibleConnectionFailure, AnsibleError) as error:
                said = str(error)
                if DENIED not in said:
                    break
            else:
                return {"changed": False, "login": name, "rc": answer["rc"], "stdout": answer["stdout"].strip()}
        return {"changed": False, "login": "", "said": said}

    @staticmethod
    def _passwords(given: dict[str, str]) -> dict[str, str]:
        """Each password once, in order."""
        names: dict[str, str] = {}
        for name, password in given.items():
            if password:
                names.setdefault(password, name)
        return {name: password for password, name in names.items()} or {"key": ""}
