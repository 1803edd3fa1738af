"""Ten members on three servers, started at one instant, with what the role writes about joining."""

from __future__ import annotations

from tests.lab.fleet import Fleet, Member
from tests.lab.hazelcast_file import KEYS, HazelcastFile, example

HOSTS = {"north-1": 4, "north-2": 3, "second-1": 3}
ROLE = {"hazelcast.wait.seconds.before.join": "1", "hazelcast.max.wait.seconds.before.join": "5"}
ROLE_CONNECTION_TIMEOUT_SECONDS = 2
INSTANT = 3.0  # what it takes to tell every host


def start(fleet: Fleet) -> list[Member]:
    """Start them, three seconds from now; 5704 is the largest port."""
    given = example(KEYS, fleet.world.settings, fleet.servers["north-1"], "5704")
    file = HazelcastFile(given, ROLE, ports=4, connection_timeout_seconds=ROLE_CONNECTION_TIMEOUT_SECONDS)
    return fleet.start(file, HOSTS, heap=96, in_seconds=INSTANT)
