"""The lab's account changed as its owner changes it, and secrets in files on the servers."""

from __future__ import annotations

import shlex
from dataclasses import replace

from lab import process
from lab import settings as lab_settings
from tests.lab.fleet import Fleet


def change_account(fleet: Fleet, **changes: str) -> None:
    """The account's `password` or `secret_key` is another one from now on; the old one is refused."""
    settings, workspace = fleet.world.settings, fleet.world.workspace
    process.stop(workspace)  # it reads its settings once
    accounts = tuple(replace(account, **changes) for account in settings.accounts)
    lab_settings.save(replace(settings, accounts=accounts), workspace.directory)
    process.start(workspace, settings)


def write_secret(fleet: Fleet, path: str, secret: str) -> None:
    """Have the secret in a file on every server."""
    fleet.on_all(fleet.servers, lambda host: fleet.ssh(host, f"umask 077; cat > {shlex.quote(path)}", secret))
