"""Where one lab keeps its things, and the id that tells it from the labs of other checkouts."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """`root` is the checkout (or a test's directory); everything of the lab is in `root`/.lab."""

    root: Path = PROJECT

    @property
    def id(self) -> str:
        """Four hex digits of the path's SHA-256: short enough for interface names, another one for each checkout."""
        return hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:4]

    @property
    def directory(self) -> Path:
        return self.root.resolve() / ".lab"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def secrets(self) -> Path:
        return self.directory / "secrets.json"

    @property
    def private_key(self) -> Path:
        return self.directory / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    def create(self) -> None:
        """Make the directories; they are the owner's alone because they hold keys."""
        for directory in (self.directory, self.logs):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Remove everything but the logs, which explain a failed run."""
        if not self.directory.is_dir():
            return
        for entry in self.directory.iterdir():
            if entry == self.logs:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def give_to_caller(self) -> None:
        """Under sudo, make the files the calling user's: `lab env`, `status` and `ssh` need no root then."""
        uid, gid = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
        if uid is None or gid is None or os.geteuid() != 0 or not self.directory.is_dir():
            return
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, int(uid), int(gid), follow_symlinks=False)
