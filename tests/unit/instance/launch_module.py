"""A module in a process of its own: `python launch_module.py NAME`, arguments as JSON on stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[3])]

import conftest  # noqa: E402, F401 - lets the module find module_utils
from ansible.module_utils.testing import patch_module_args  # noqa: E402
from instance_world import load  # noqa: E402

if __name__ == "__main__":
    with patch_module_args(json.load(sys.stdin)):
        load(sys.argv[1]).main()
