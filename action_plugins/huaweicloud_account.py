"""Action of library/huaweicloud_account.py: an account is examined with the very options of its inventory file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import inventory_loader

# The inventory plugin adds it too, but an inventory without it may be in use.
if (folder := str(Path(__file__).resolve().parent.parent / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)

from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.preflight import account

PLUGIN = "huaweicloud_ecs"
VARIABLES = ("group_vars", "host_vars")


def files_in(sources: Iterable[str], ignored: Iterable[str]) -> Iterator[Path]:
    """Every file that Ansible reads for these sources, in its order; `ignored` are patterns of names in folders."""
    for source in map(Path, sources):
        if source.is_dir():
            inside = [it for it in sorted(source.iterdir()) if it.name not in VARIABLES]
            wanted = [str(it) for it in inside if not any(re.search(pattern, it.name) for pattern in ignored)]
            yield from files_in(wanted, ignored)
        elif source.is_file():
            yield source


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible ships no types
    """Runs where Ansible runs: vault and templates of the inventory file are at hand, no key is handed on."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"sources"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        plugin = inventory_loader.get(PLUGIN)
        subjects = [
            subject.as_dict()
            for path in files_in(self._task.args["sources"], C.INVENTORY_IGNORE_PATTERNS)
            if plugin.verify_file(str(path))
            for subject in self._examine(plugin, path)
        ]
        return {"changed": False, "subjects": subjects}

    def _examine(self, plugin: Any, path: Path) -> list[account.Subject]:
        redactor = Redactor()
        try:
            settings, credentials = plugin.read(self._loader, str(path), redactor)
        except HuaweiCloudError as error:
            return [account.broken(path.name, error)]
        subjects: list[account.Subject] = account.examine(path.name, settings, credentials, redactor)
        return subjects
