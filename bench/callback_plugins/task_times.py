"""Writes how long each task took, slowest first, to $TASK_TIMES_LOG: the profile behind a figure."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: time of each task
description: Writes "<seconds> <task>" for each task, slowest first, to the file TASK_TIMES_LOG.
requirements: [enable in configuration]
"""


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"

    def __init__(self) -> None:
        super().__init__()
        self._begun: list[tuple[str, float]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._begun.append((task.get_name(), time.monotonic()))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        ends = [begun for _, begun in self._begun[1:]] + [time.monotonic()]
        times = sorted(
            ((end - begun, name) for (name, begun), end in zip(self._begun, ends, strict=True)), reverse=True
        )
        lines = [f"{seconds:6.1f} {name}" for seconds, name in times]
        Path(os.environ["TASK_TIMES_LOG"]).write_text("\n".join(lines) + "\n")
