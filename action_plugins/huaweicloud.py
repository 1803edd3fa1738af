"""Action of the modules that ask Huawei Cloud, under each one's name: see module_utils/huaweicloud_action.py."""

from __future__ import annotations

from pathlib import Path

import ansible.module_utils

# The inventory plugin adds it too, but an inventory without it may be in use.
if (folder := str(Path(__file__).resolve().parent.parent / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)

from ansible.module_utils.huaweicloud_action import CloudAction


class ActionModule(CloudAction):  # type: ignore[misc] # mypy does not follow ansible.*
    """Ansible looks for a class of this name."""
