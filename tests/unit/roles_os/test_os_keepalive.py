"""ansible.cfg: a server that dies in the middle of a silent task does not hold up the run for ever."""

from __future__ import annotations

import configparser
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_a_dead_server_is_found_out_within_a_minute() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "ansible.cfg")
    argv = ["ssh", "-G", "-F", "none", *shlex.split(config["ssh_connection"]["ssh_args"]), "nowhere"]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    options = dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)
    assert 0 < int(options["serveraliveinterval"]) * int(options["serveralivecountmax"]) <= 60
