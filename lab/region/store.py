"""The region's live state in memory, indexed for the questions the API asks, and its file.

Not locked: lab.region.cloud.Cloud holds its lock around every call but `get`-like reads of single records.
"""

from __future__ import annotations

import dataclasses
import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from lab.faults.grammar import Fault
from lab.region import codec
from lab.region.model import (
    ClientToken,
    Job,
    PrivateImage,
    Remnant,
    Seed,
    Server,
    ServerGroup,
    TemporaryKey,
    Token,
)

FILE_NAME = "state.json"
VERSION = 1
MAX_FINISHED_JOBS = 1000

R = TypeVar("R")


class StateError(Exception):
    """state.json cannot be used. The message is one sentence for a person."""


@dataclass(frozen=True)
class Snapshot:
    """The records of one moment by the name of their group in the file."""

    sequence: int
    records: dict[str, list[Any]]


class Memo(Generic[R]):
    """Remembers the bytes made of a record for as long as that very record lives. R must compare by identity."""

    def __init__(self, make: Callable[[R], bytes]) -> None:
        self._make = make
        self._known: WeakKeyDictionary[R, bytes] = WeakKeyDictionary()

    def __call__(self, record: R) -> bytes:
        known = self._known.get(record)
        if known is None:
            known = self._known[record] = self._make(record)
        return known


def _encode(record: Any) -> bytes:
    return json.dumps(dataclasses.asdict(record), separators=(",", ":")).encode()


def _number(server: Server) -> int:
    return server.number


class Store:
    """All records by id; servers also by project in order of creation and by private address."""

    def __init__(self) -> None:
        self.sequence = 0
        self.servers: dict[str, Server] = {}
        self.jobs: dict[str, Job] = {}
        self.temporary_keys: dict[str, TemporaryKey] = {}
        self.tokens: dict[str, Token] = {}
        self.client_tokens: dict[str, ClientToken] = {}
        self.faults: dict[int, Fault] = {}
        self.seeds: dict[str, Seed] = {}
        self.images: dict[str, PrivateImage] = {}
        self.server_groups: dict[str, ServerGroup] = {}
        self.remnants: dict[str, Remnant] = {}
        self.by_address: dict[str, str] = {}
        self._by_project: dict[str, list[Server]] = {}
        self._encoded: Memo[Any] = Memo(_encode)

    def next_number(self) -> int:
        self.sequence += 1
        return self.sequence

    def put_server(self, server: Server) -> None:
        """Add the server or replace the record of the same id (number and addresses never change)."""
        ordered = self._by_project.setdefault(server.project_id, [])
        position = bisect_left(ordered, server.number, key=_number)
        if server.id in self.servers:
            ordered[position] = server
        else:
            ordered.insert(position, server)
        self.servers[server.id] = server
        self.by_address.update((nic.address, server.id) for nic in server.nics)

    def remove_server(self, server_id: str) -> None:
        server = self.servers.pop(server_id)
        ordered = self._by_project[server.project_id]
        del ordered[bisect_left(ordered, server.number, key=_number)]
        for nic in server.nics:
            del self.by_address[nic.address]

    def remove_canned(self, project_id: str) -> int:
        """Remove the project's canned servers, all at once; returns how many there were."""
        canned = [server for server in self.in_project(project_id) if server.canned]
        self._by_project[project_id] = [server for server in self.in_project(project_id) if not server.canned]
        for server in canned:
            del self.servers[server.id]
            for nic in server.nics:
                del self.by_address[nic.address]
        return len(canned)

    def in_project(self, project_id: str) -> list[Server]:
        """The project's servers, oldest first. Copy it before the lock is given back."""
        return self._by_project.get(project_id, [])

    def public_addresses(self) -> set[str]:
        """The floating addresses in use."""
        bound = (nic.public_address for server in self.servers.values() for nic in server.nics)
        kept = {remnant.what for remnant in self.remnants.values() if remnant.kind == "eip"}
        return kept | {address for address in bound if address is not None}

    def put_job(self, job: Job) -> None:
        """Add or replace a job; the oldest finished ones beyond MAX_FINISHED_JOBS are forgotten."""
        self.jobs[job.id] = job
        if len(self.jobs) > 2 * MAX_FINISHED_JOBS:
            finished = [old.id for old in self.jobs.values() if old.finished]
            for job_id in finished[: len(self.jobs) - MAX_FINISHED_JOBS]:
                del self.jobs[job_id]

    def snapshot(self) -> Snapshot:
        """All records of this moment: quick, for use under the lock. Canned servers are in there as their seeds."""
        return Snapshot(
            self.sequence,
            {
                "servers": [server for server in self.servers.values() if not server.canned],
                "jobs": list(self.jobs.values()),
                "temporary_keys": list(self.temporary_keys.values()),
                "tokens": list(self.tokens.values()),
                "client_tokens": list(self.client_tokens.values()),
                "faults": list(self.faults.values()),
                "seeds": list(self.seeds.values()),
                "images": list(self.images.values()),
                "server_groups": list(self.server_groups.values()),
                "remnants": list(self.remnants.values()),
            },
        )

    def encode(self, snapshot: Snapshot) -> bytes:
        """A snapshot as JSON, without the lock. Records that did not change since the last one are not made again."""
        fields = [b'{"version":%d,"sequence":%d' % (VERSION, snapshot.sequence)]
        for name, records in snapshot.records.items():
            fields.append(b',\n"%s":[%s]' % (name.encode(), b",\n".join(map(self._encoded, records))))
        return b"".join(fields) + b"}\n"


def load(path: Path) -> Store:
    """Read a state file; a missing one is an empty state. Raises StateError for a damaged one or another version."""
    store = Store()
    if not path.exists():
        return store
    try:
        data = json.loads(path.read_bytes())
        _check_version(data["version"])
        store.sequence = data["sequence"]
        for server in data["servers"]:
            store.put_server(codec.from_json(Server, server))
        for job in data["jobs"]:
            store.put_job(codec.from_json(Job, job))
        store.temporary_keys = {key["access"]: codec.from_json(TemporaryKey, key) for key in data["temporary_keys"]}
        store.tokens = {token["id"]: codec.from_json(Token, token) for token in data["tokens"]}
        store.client_tokens = {used["id"]: codec.from_json(ClientToken, used) for used in data["client_tokens"]}
        store.faults = {fault["id"]: codec.from_json(Fault, fault) for fault in data.get("faults", [])}
        store.seeds = {seed["id"]: codec.from_json(Seed, seed) for seed in data.get("seeds", [])}
        store.images = {image["id"]: codec.from_json(PrivateImage, image) for image in data.get("images", [])}
        groups = data.get("server_groups", [])
        store.server_groups = {group["id"]: codec.from_json(ServerGroup, group) for group in groups}
        store.remnants = {left["id"]: codec.from_json(Remnant, left) for left in data.get("remnants", [])}
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"{path} cannot be read ({error}): run `lab down` and `lab up`.") from error
    return store


def _check_version(version: object) -> None:
    if version != VERSION:
        raise ValueError(f"version {version}, not {VERSION}")
