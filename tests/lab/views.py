"""What members say of themselves over HTTP: whether they have joined, and whom they see."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

TIMEOUT = 2.0


@dataclass(frozen=True)
class View:
    """What a member says: whether it has joined (or founded) a cluster, and whom it sees, as IP:PORT."""

    joined: bool = False
    members: frozenset[str] = frozenset()


def ask(address: str) -> View:
    """Ask the member at IP:PORT; one that does not answer, or is not ready, has joined nothing."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        # Its health says size 1 before it has joined anything; being ready means that it has.
        if _get(address, "/hazelcast/health/ready")[0] == 200:
            said = json.loads(_get(address, "/hazelcast/rest/cluster")[1])
            return View(True, frozenset(_plain(member["address"]) for member in said["members"]))
    return View()


def ask_all(addresses: Collection[str]) -> dict[str, View]:
    """Ask all of them side by side."""
    with ThreadPoolExecutor(max(1, len(addresses))) as pool:
        return dict(zip(addresses, pool.map(ask, addresses), strict=True))


def _get(address: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _plain(address: str) -> str:
    return address.replace("[", "").replace("]", "")
