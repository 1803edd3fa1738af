"""SSH host keys from a server's console log into a known_hosts file. Pure but for KnownHosts' file."""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .errors import ConfigurationError

BEGIN = "-----BEGIN SSH HOST KEY KEYS-----"
END = "-----END SSH HOST KEY KEYS-----"

# The console may put a prefix before each line ("[   12.3] cloud-init[500]: ").
_KEY = re.compile(r"(?:\A|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) (AAAA[A-Za-z0-9+/]+={0,2})(?:\s|\Z)")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")

Keys = dict[str, str]
"""Key type (`ssh-ed25519`) -> the key in base64."""


def keys_in_console(log: str) -> Keys:
    """The keys in the last complete block that cloud-init printed (module cc_keys_to_console); empty without one.

    The last one, because a server reinstalled under the same id prints new keys. A line that another message broke
    into is left out: its key does not decode.
    """
    _, begin, block = log.rpartition(BEGIN)
    body, end, _ = block.partition(END)
    if not begin or not end:
        return {}
    return {
        match[1]: match[2] for line in body.splitlines() if (match := _KEY.search(line)) and _is_key(*match.groups())
    }


def _is_key(kind: str, encoded: str) -> bool:
    """True when the key's own bytes begin with its type (RFC 4253, 6.6)."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    length = int.from_bytes(data[:4], "big")
    return data[4 : 4 + length] == kind.encode() and len(data) > 4 + length


class KnownHosts:
    """A known_hosts file whose names are server ids; lines of other kinds stay as they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str:
        """The file's text, empty when there is no file."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def keys(self) -> dict[str, Keys]:
        """Name -> keys, for every plain line (markers, hashed names and comments are left out)."""
        found: dict[str, Keys] = {}
        for line in self.read().splitlines():
            parts = line.split()
            if len(parts) >= 3 and not line.startswith(("#", "@", "|")):
                for name in parts[0].split(","):
                    found.setdefault(name, {})[parts[1]] = parts[2]
        return found

    def add(self, new: Mapping[str, Keys]) -> list[str]:
        """Append the keys of names that have none yet; return those names. The file is replaced at once, mode 0600."""
        with self._locked():
            known = self.keys()
            missing = [name for name in new if name not in known]
            if missing:
                self._replace(appended(self.read(), {name: new[name] for name in missing}))
            return missing

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two runs at once must not lose each other's lines. The folder is locked: the file itself is replaced."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _replace(self, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def appended(text: str, new: Mapping[str, Keys]) -> str:
    """`text` with one line `<name> <type> <key>` for each key of `new`. Raises ConfigurationError for a name that ssh
    would read as something else than one plain name."""
    for name in new:
        if not _NAME.match(name):
            raise ConfigurationError(f"{name!r} is not a server id.")
    lines = [f"{name} {kind} {key}\n" for name, keys in new.items() for kind, key in sorted(keys.items())]
    return text + ("\n" if text and not text.endswith("\n") else "") + "".join(lines)


def conflicts(known: Mapping[str, Keys], seen: Mapping[str, Keys]) -> list[str]:
    """Names whose known key of some type differs from the one seen now."""
    return [
        name
        for name, keys in seen.items()
        if any(kind in known.get(name, {}) and known[name][kind] != key for kind, key in keys.items())
    ]
