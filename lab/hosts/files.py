"""A host's files in the lab's directory: hosts/<server id>/spec.json says how it was made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from lab.hosts.driver import HostSpec
from lab.region import codec

HOSTS, SPEC = "hosts", "spec.json"


def folder(directory: Path, server_id: str) -> Path:
    return directory / HOSTS / server_id


def write(directory: Path, spec: HostSpec) -> None:
    """Make the host's folder and note its spec there. Raises OSError."""
    path = folder(directory, spec.server_id)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    codec.write_private(path / SPEC, json.dumps(dataclasses.asdict(spec)).encode())


def read(directory: Path, server_id: str) -> HostSpec:
    """Raises OSError, or TypeError or ValueError for a damaged file."""
    return codec.from_json(HostSpec, json.loads((folder(directory, server_id) / SPEC).read_text(encoding="utf-8")))


def known(directory: Path) -> set[str]:
    """The ids of all servers with a folder, those of an aborted boot too."""
    hosts = directory / HOSTS
    return {path.name for path in hosts.iterdir()} if hosts.is_dir() else set()


def specs(directory: Path) -> Iterator[HostSpec]:
    """The hosts that were booted, running or not. Raises TypeError or ValueError for a damaged file."""
    for server_id in sorted(known(directory)):
        try:
            yield read(directory, server_id)
        except FileNotFoundError:  # its boot was cut off, or it was deleted meanwhile
            continue
