"""The answers of an earlier run, in a file only its owner can read."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import HuaweiCloudError
from .fetch import RegionData

FORMAT = 1


class CacheError(HuaweiCloudError):
    """The cache cannot be used this time; the message says why. Never fatal: the API is asked instead."""


def cache_key(parts: Mapping[str, Any]) -> str:
    """A file name for one set of options: whatever changes the answers must be in `parts`, credentials never."""
    text = json.dumps({"format": FORMAT, **parts}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def default_folder() -> Path:
    """The user's cache folder (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@dataclass(frozen=True)
class CacheFile:
    """`folder`/huaweicloud_ecs/`name`.json: mode 0600 in a folder of mode 0700, replaced at once."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "huaweicloud_ecs" / f"{self.name}.json"

    def load(self, account: str | None, max_age: float) -> dict[str, RegionData] | None:
        """The regions kept, None when there are none, they are older than `max_age` seconds (0: any age will do), or
        another account's. `account` None asks no such question. Raises CacheError for a damaged file.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CacheError(f"The inventory cache {self.path} cannot be read: {error.strerror}.") from None
        try:
            kept = json.loads(content)
            age = time.time() - float(kept["saved"])
            fresh = age >= 0 and (max_age == 0 or age <= max_age)
            mine = account is None or kept["account"] == _digest(kept["salt"], account)
            regions = {
                name: RegionData(str(it["project_id"]), _list(it["servers"])) for name, it in kept["regions"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CacheError(f"The inventory cache {self.path} is damaged; it is made anew.") from None
        return regions if fresh and mine else None

    def store(self, account: str, regions: Mapping[str, RegionData]) -> None:
        """Keep `regions`, whole or not at all. Raises CacheError."""
        salt = secrets.token_hex(8)
        kept = {
            "saved": time.time(),
            "salt": salt,
            "account": _digest(salt, account),
            "regions": {name: asdict(data) for name, data in regions.items()},
        }
        temporary = None
        try:
            self._own_folder()
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".")  # mode 0600
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(kept, file, separators=(",", ":"))
            Path(temporary).replace(self.path)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise CacheError(f"The inventory cache {self.path} cannot be written: {error.strerror}.") from None

    def _own_folder(self) -> None:
        """Make the folder, or make sure that nobody else can look into it."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if status.st_uid != os.geteuid():
            raise CacheError(f"The inventory cache's folder {folder} belongs to somebody else; nothing is kept there.")
        if stat.S_IMODE(status.st_mode) != 0o700:
            folder.chmod(0o700)


def _digest(salt: str, account: str) -> str:
    return hashlib.sha256(f"{salt}:{account}".encode()).hexdigest()


def _list(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(it, dict) and isinstance(it.get("id"), str) for it in value):
        raise TypeError
    return value
