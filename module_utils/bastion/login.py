"""Opens a connection to a bastion with OpenSSH, which the hops of ProxyJump then use."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .jump import SOCKETS, Jump

CONNECT_SECONDS = 10
LOGIN_SECONDS = 60
IDLE = "10m"
"""How long an unused connection stays open: as ansible.cfg has it for the servers."""

ASKPASS = '#!/bin/sh\nexec cat "${0%/*}/password"\n'


def open_connection(jump: Jump, config: Path, password: str) -> str:
    """Log in once and leave the connection open; returns "" or what ssh said when it was not let in.

    A connection that is open already takes no new hops and ends with those it has: a bastion that is down, or does not
    let us in any more, is found now and not in the middle of a run.
    """
    Path(SOCKETS).expanduser().mkdir(mode=0o700, parents=True, exist_ok=True)
    _ssh([*_to(jump, config, "-O", "stop")])
    with tempfile.TemporaryDirectory() as folder:  # mode 0700
        return _ssh([*_to(jump, config, *_options(password))], _environment(Path(folder), password))


def _to(jump: Jump, config: Path, *options: str) -> list[str]:
    user = ["-l", jump.user] if jump.user else []
    port = ["-p", jump.port] if jump.port else []
    return ["ssh", "-F", str(config), *options, *user, *port, "--", jump.host]


def _options(password: str) -> list[str]:
    asked = ["-o", "PasswordAuthentication=yes", "-o", "NumberOfPasswordPrompts=1"] if password else []
    return [
        "-fNM",
        *("-o", f"ControlPersist={IDLE}"),
        *("-o", f"ConnectTimeout={CONNECT_SECONDS}"),
        *("-o", "PreferredAuthentications=publickey,password"),
        *(asked or ["-o", "BatchMode=yes"]),
    ]


def _environment(folder: Path, password: str) -> dict[str, str]:
    """The environment in which ssh asks a program of ours for the password, which reads it from a file of ours."""
    environment = {**os.environ, "LC_ALL": "C"}
    if password:
        with (folder / "password").open("x") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(f"{password}\n")
        askpass = folder / "askpass"
        askpass.write_text(ASKPASS)
        askpass.chmod(0o700)
        environment |= {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "-"}
    return environment


def _ssh(argv: list[str], environment: dict[str, str] | None = None) -> str:
    """Run it; "" when it ended with 0, else its words. These go to a file: a pipe would be open as long as ssh."""
    with tempfile.TemporaryFile() as words:
        try:
            done = subprocess.run(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
                timeout=LOGIN_SECONDS, start_new_session=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no answer within {LOGIN_SECONDS} s"
        except FileNotFoundError:
            return "there is no ssh on this machine"
        words.seek(0)
        said = words.read().decode(errors="replace").strip()
    return "" if done.returncode == 0 else said or f"ssh ended with {done.returncode}"
