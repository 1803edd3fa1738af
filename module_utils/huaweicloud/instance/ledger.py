"""The state file: what was asked of the cloud and is not settled yet. It holds no secret and no request's content.

A create request's X-Client-Token is written here before the request is sent, and dropped when its job has ended: a
run that was cut off in between leaves the token behind, and the next one sends the same request under it, which the
cloud answers with the servers it made already, if it made them (ECS API, 'Creating ECSs', idempotency: eight hours).
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError

TOKEN_LIFE = 8 * 3600 - 600.0
"""Seconds a token is good for, less what a clock may be wrong."""


@dataclass(frozen=True)
class Order:
    """A create request: `key` is the entry's (Wanted.key), `names` the servers' in order, `placed` a POSIX time.

    `job_id` and `server_ids` are empty until the cloud has answered.
    """

    token: str
    key: str
    region: str
    project_id: str
    zone: str
    names: tuple[str, ...]
    placed: float
    job_id: str = ""
    server_ids: tuple[str, ...] = ()

    def is_open(self) -> bool:
        """False for an unanswered one whose token has run out: what it made is listed by now."""
        return bool(self.job_id) or self.placed > time.time() - TOKEN_LIFE


class Ledger:
    """Orders by token, and servers to be started again after a resize, in one file of mode 0600. Every change is on
    disk when its method returns. Raises ConfigurationError for a file that cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def orders(self, project_id: str) -> list[Order]:
        """The unsettled orders of a project (one of one region), oldest first; unanswered ones whose token has run out
        are none.
        """
        found = [it for it in self._read()[0].values() if it.project_id == project_id and it.is_open()]
        return sorted(found, key=lambda it: it.placed)

    def place(self, key: str, region: str, project_id: str, zone: str, names: tuple[str, ...]) -> Order:
        """A new order with a token of its own."""
        order = Order(str(uuid.uuid4()), key, region, project_id, zone, names, time.time())
        self._change(lambda orders, _: orders.update({order.token: order}))
        return order

    def answered(self, order: Order, job_id: str, server_ids: tuple[str, ...]) -> Order:
        """Note the cloud's answer; returns the order with it."""
        known = replace(order, job_id=job_id, server_ids=server_ids)
        self._change(lambda orders, _: orders.update({order.token: known}))
        return known

    def settle(self, order: Order) -> None:
        """Drop an order: its job has ended, or nothing can come of it any more."""
        self._change(lambda orders, _: orders.pop(order.token, None))

    def to_start(self) -> set[str]:
        """Ids of servers that ran before they were stopped to be resized."""
        return set(self._read()[1])

    def remember_start(self, server_id: str) -> None:
        self._change(lambda _, restarts: restarts.add(server_id))

    def forget_start(self, server_id: str) -> None:
        if server_id in self._read()[1]:
            self._change(lambda _, restarts: restarts.discard(server_id))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Only one run at a time decides what to order, and orders it."""
        with self._locked("orders"):
            yield

    def _change(self, act: Any) -> None:
        with self._locked("lock"):
            orders, restarts = self._read()
            act(orders, restarts)
            self._write({token: it for token, it in orders.items() if it.is_open()}, restarts)

    def _read(self) -> tuple[dict[str, Order], set[str]]:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            orders = [
                Order(**{**it, "names": tuple(it["names"]), "server_ids": tuple(it["server_ids"])})
                for it in kept["orders"]
            ]
            return {it.token: it for it in orders}, set(kept["to_start"])
        except FileNotFoundError:
            return {}, set()
        except OSError as error:
            raise ConfigurationError(f"The state file {self.path} cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"The state file {self.path} is damaged. Look which servers there are, then remove it and run again."
            ) from None

    def _write(self, orders: dict[str, Order], restarts: set[str]) -> None:
        kept = {"orders": [asdict(it) for it in orders.values()], "to_start": sorted(restarts)}
        try:
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # mode 0600
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(kept, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ConfigurationError(f"The state file {self.path} cannot be written: {error.strerror}.") from None

    @contextmanager
    def _locked(self, purpose: str) -> Iterator[None]:
        """The lock is a file beside the state file, which is replaced and so cannot carry a lock itself."""
        path = self.path.with_name(f".{self.path.name}.{purpose}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The state file {self.path} cannot be used ({error.filename}: {error.strerror}): set state_file."
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
