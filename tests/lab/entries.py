"""A map filled and read back over members' REST interface: what is lost when servers die?"""

from __future__ import annotations

import http.client
import json

from tests.lab.fleet import Fleet

# Of Hazelcast's 271 partitions hardly one is left out.
ENTRIES = 1000
TIMEOUT = 10.0


def fill(fleet: Fleet, address: str) -> None:
    """Write the entries through the member at IP:PORT and wait until each has its backup."""
    for n in range(ENTRIES):
        status, _ = _ask(address, "POST", f"/hazelcast/rest/maps/kept/{n}", f"value-{n}")
        assert status == 200, f"{address} answered {status}"
    fleet.until(lambda: _is_safe(address), "every partition has its backup")


def lost(address: str) -> int:
    """How many entries are not there any more, asked of the member at IP:PORT."""
    read = (_ask(address, "GET", f"/hazelcast/rest/maps/kept/{n}")[1] for n in range(ENTRIES))
    return sum(body != f"value-{n}" for n, body in enumerate(read))


def _is_safe(address: str) -> bool:
    health = json.loads(_ask(address, "GET", "/hazelcast/health")[1])
    return health["clusterSafe"] is True and health["migrationQueueSize"] == 0


def _ask(address: str, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, {"Content-Type": "text/plain"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
