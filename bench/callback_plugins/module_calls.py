"""Counts every module that Ansible really executes on a host, one line each in $MODULE_CALLS_LOG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_calls
type: aggregate
short_description: count module executions
description: Appends "<host> <module>" to the file MODULE_CALLS_LOG for each execution, those inside actions too.
requirements: [enable in configuration]
"""

_execute_module = ActionBase._execute_module


def _counting(action: ActionBase, *args: Any, **kwargs: Any) -> Any:
    name = kwargs.get("module_name") or (args[0] if args else None) or action._task.action
    # Workers are forks of this process: a patch made here counts in all of them, and O_APPEND keeps lines whole.
    with Path(os.environ["MODULE_CALLS_LOG"]).open("a") as log:
        log.write(f"{action._play_context.remote_addr} {name}\n")
    return _execute_module(action, *args, **kwargs)


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_calls"

    def __init__(self) -> None:
        super().__init__()
        if "MODULE_CALLS_LOG" in os.environ:
            ActionBase._execute_module = _counting
