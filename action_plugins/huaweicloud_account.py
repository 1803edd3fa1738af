"""Action of library/huaweicloud_account.py: an account is examined with the very options of its inventory file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.plugins.action import ActionBase

# The inventory plugin adds it too, but an inventory without it may be in use.
if (folder := str(Path(__file__).resolve().parent.parent / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)

from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud_action import cloud_files
from ansible.module_utils.preflight import account


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible ships no types
    """Runs where Ansible runs: vault and templates of the inventory file are at hand, no key is handed on."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"sources"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        plugin, paths = cloud_files(self._task.args["sources"])
        subjects = [subject.as_dict() for path in paths for subject in self._examine(plugin, path)]
        return {"changed": False, "subjects": subjects}

    def _examine(self, plugin: Any, path: Path) -> list[account.Subject]:
        redactor = Redactor()
        try:
            settings, credentials = plugin.read(self._loader, str(path), redactor)
        except HuaweiCloudError as error:
            return [account.broken(path.name, error)]
        subjects: list[account.Subject] = account.examine(path.name, settings, credentials, redactor)
        return subjects
