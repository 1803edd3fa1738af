"""What members say of themselves at /hazelcast/health, and whether that is one whole cluster.

The answer (Hazelcast 5.3, "Health Check and Monitoring") is a JSON object: nodeState, clusterState, clusterSafe,
migrationQueueSize, clusterSize. It says ACTIVE, safe and size 1 before a member has joined anything, so that only the
size of the whole cluster proves that it has.
"""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

MOST_THREADS = 32


@dataclass(frozen=True)
class Health:
    """One member's answer, or why there is none (then ``silence`` is a clause and the rest means nothing)."""

    address: str
    node_state: str = ""
    cluster_state: str = ""
    safe: bool = False
    queue: int = 0
    size: int = 0
    silence: str = ""


def parse(address: str, body: str) -> Health:
    """The answer of the member at ``address``; one that is no health answer counts as silence."""
    try:
        said = json.loads(body)
        return Health(
            address=address,
            node_state=str(said["nodeState"]),
            cluster_state=str(said["clusterState"]),
            safe=said["clusterSafe"] is True,
            queue=int(said["migrationQueueSize"]),
            size=int(said["clusterSize"]),
        )
    except (ValueError, KeyError, TypeError):
        return Health(address, silence="what answers there is no Hazelcast member with its health check on")


def ask(address: str, timeout_s: float) -> Health:
    """Ask the member at ``address`` ("IP:PORT")."""
    connection = http.client.HTTPConnection(address, timeout=timeout_s)
    try:
        connection.request("GET", "/hazelcast/health")
        response = connection.getresponse()
        return parse(address, response.read(65536).decode("utf-8", "replace"))
    except ConnectionRefusedError:
        return Health(address, silence="nothing listens there")
    except TimeoutError:
        return Health(address, silence=f"no answer within {timeout_s:g} s; is the port open in the security group?")
    except (OSError, http.client.HTTPException) as error:
        return Health(address, silence=str(error) or type(error).__name__)
    finally:
        connection.close()


def ask_all(addresses: list[str], timeout_s: float) -> list[Health]:
    """Ask all members side by side; the answers come in the order of ``addresses``."""
    if not addresses:
        return []
    with ThreadPoolExecutor(min(len(addresses), MOST_THREADS)) as pool:
        return list(pool.map(lambda address: ask(address, timeout_s), addresses))


def trouble(answer: Health, size: int) -> str:
    """What keeps this member from being part of a whole cluster of ``size`` members, as a clause; "" for nothing."""
    if answer.silence:
        return f"{answer.address} does not answer: {answer.silence}"
    if answer.node_state != "ACTIVE" or answer.cluster_state != "ACTIVE":
        return f"{answer.address} is {answer.node_state} in a cluster that is {answer.cluster_state}"
    if answer.size != size:
        return f"{answer.address} is in a cluster of {answer.size}, not of {size}"
    if not answer.safe or answer.queue:
        return f"{answer.address} reports partitions without their backups ({answer.queue} migrations to go)"
    return ""


def troubles_together(answers: list[Health], size: int) -> list[str]:
    """What keeps the members that were asked from being one whole cluster of at least ``size``, a clause each.

    A member that has not joined yet calls itself a safe cluster of one, so the cluster must hold all that were asked.
    """
    wanted = max(size, len(answers), largest_size(answers))
    return [clause for clause in (trouble(answer, wanted) for answer in answers) if clause]


def largest_size(answers: list[Health]) -> int:
    """The size of the largest cluster that any of the members is in; 0 when none answers."""
    return max((answer.size for answer in answers if not answer.silence), default=0)
