"""Reads many servers' console logs side by side and waits, for a while, for keys that are not there yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .client import CloudClient
from .errors import ApiError
from .host_keys import Keys, keys_in_console

WORKERS = 8
PAUSE = 2.0
"""Seconds between two looks at the same console."""


@dataclass(frozen=True)
class Wanted:
    """A server whose keys are wanted."""

    id: str
    name: str
    region: str
    project_id: str


def read_keys(
    client: CloudClient,
    servers: Sequence[Wanted],
    timeout: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[dict[str, Keys], list[tuple[Wanted, str]]]:
    """`({id: keys}, [(server, why it has none)])`, waiting at most `timeout` seconds in all.

    Raises HuaweiCloudError when the API refuses the key or cannot be reached.
    """
    end = clock() + timeout

    def look(server: Wanted) -> tuple[Keys, str]:
        while True:
            keys, reason = _look_once(client, server)
            if keys or clock() + PAUSE > end:
                return keys, reason
            sleep(PAUSE)

    with ThreadPoolExecutor(WORKERS) as pool:
        looks = list(pool.map(look, servers))
    seen = {server.id: keys for server, (keys, _) in zip(servers, looks, strict=True) if keys}
    missing = [(server, reason) for server, (keys, reason) in zip(servers, looks, strict=True) if not keys]
    return seen, missing


def _look_once(client: CloudClient, server: Wanted) -> tuple[Keys, str]:
    try:
        log = client.console_output(server.region, server.project_id, server.id)
    except ApiError as error:
        # A server that is still being built has no console yet.
        if error.status in (400, 404, 409):
            return {}, str(error)
        raise
    return keys_in_console(log), "its console log holds no SSH host keys"
