"""What the region knows of hosts: a protocol, so that the API can run without a single container."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol


class HostError(Exception):
    """A host could not be made, changed or read. The message is one sentence for a person."""


@dataclass(frozen=True)
class Nic:
    """A network card: `address` is a bare IPv4 address, `prefix_len` its subnet's, `bridge` the control node's.

    `public_address` leads to the card from outside its VPC; the host itself never sees it.
    """

    mac: str
    address: str
    prefix_len: int
    gateway: str
    subnet_id: str
    bridge: str
    public_address: str | None = None


@dataclass(frozen=True)
class HostSpec:
    """Everything a driver needs to boot a server. `image` is the driver's own reference (Image.ref of the settings).

    `security_groups` are ids of the settings' groups.
    """

    server_id: str
    name: str
    image: str
    memory_mb: int
    vcpus: int
    nics: tuple[Nic, ...]
    security_groups: tuple[str, ...] = ()


class HostDriver(Protocol):
    """Makes hosts. Calls come from several threads at once; each raises HostError when it fails."""

    def boot(self, spec: HostSpec) -> None:
        """Start a new host and return when its first process runs (SSH answers later, as on the cloud).

        Replaces whatever an interrupted boot of the same server left behind.
        """

    def delete(self, server_id: str) -> None:
        """Remove the host and all that belongs to it. Idempotent: an unknown id is no error."""

    def stop(self, server_id: str) -> None:
        """Shut the host down and keep its disk."""

    def kill(self, server_id: str) -> None:
        """Take the host's power away: it ends without a word to anybody; its disk stays."""

    def start(self, server_id: str) -> None:
        """Start a stopped host again."""

    def resize(self, spec: HostSpec) -> None:
        """Give a stopped host the memory and the processors of `spec`, which count from its next start."""

    def regroup(self, server_id: str, security_groups: tuple[str, ...]) -> None:
        """Put the host, running or not, into these security groups and no others."""

    def capture(self, server_id: str, image_id: str) -> str:
        """Make an image of a stopped host's disk; returns the reference that `boot` takes."""

    def forget(self, image: str) -> None:
        """Remove a captured image. Idempotent; hosts made from it go on."""

    def console(self, server_id: str) -> str:
        """Return the whole console log so far, "" for a host that never booted."""

    def running(self) -> set[str]:
        """Return the ids of the servers whose host runs."""


class NoHosts:
    """A driver for canned servers: every call succeeds at once and nothing is started anywhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._console: dict[str, str] = {}

    def boot(self, spec: HostSpec) -> None:
        with self._lock:
            self._running.add(spec.server_id)
            self._console[spec.server_id] = f"{spec.name} login: \n"

    def delete(self, server_id: str) -> None:
        with self._lock:
            self._running.discard(server_id)
            self._console.pop(server_id, None)

    def stop(self, server_id: str) -> None:
        with self._lock:
            self._running.discard(server_id)

    def kill(self, server_id: str) -> None:
        with self._lock:
            self._running.discard(server_id)

    def start(self, server_id: str) -> None:
        with self._lock:
            self._running.add(server_id)

    def resize(self, spec: HostSpec) -> None:
        pass

    def regroup(self, server_id: str, security_groups: tuple[str, ...]) -> None:
        pass

    def capture(self, server_id: str, image_id: str) -> str:
        return f"canned/{image_id}"

    def forget(self, image: str) -> None:
        pass

    def console(self, server_id: str) -> str:
        with self._lock:
            return self._console.get(server_id, "")

    def running(self) -> set[str]:
        with self._lock:
            return set(self._running)
