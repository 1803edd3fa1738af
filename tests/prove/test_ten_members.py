"""Ten members on three servers, started at the same instant, twenty times: one cluster of ten each time?"""

from __future__ import annotations

import time

from tests.lab import ten
from tests.lab.cells import founders
from tests.lab.fleet import Fleet
from tests.prove.record import record

ROUNDS = 20
SAID = f"""
Ten members on three servers (ports 5701 to 5704, two VPCs with VPC Peering), every JVM started at one instant of the
clock. They find one another by the discovery strategy with an access key; `hazelcast.xml` says about joining what the
role writes: `wait.seconds.before.join` 1, `max.wait.seconds.before.join` 5 and a connection timeout of
{ten.ROLE_CONNECTION_TIMEOUT_SECONDS} s. Each of the ten is asked whom it sees; a round is good when each sees exactly
the ten and, by the logs, one member alone ever founded a cluster. The seconds run from the instant of the start, JVM
included.
"""


def test_ten_members_at_the_same_instant_are_one_cluster_every_time(fleet: Fleet) -> None:
    rows = []
    for number in range(1, ROUNDS + 1):
        started = time.monotonic() + ten.INSTANT
        members = ten.start(fleet)
        problem = ""
        try:
            fleet.forms(ten.HOSTS)
        except AssertionError as error:
            problem = f"no: {error}"
        took = time.monotonic() - started
        clusters = len(founders(fleet, members))
        fleet.stop()
        rows.append((str(number), problem or "yes", str(clusters), f"{took:.1f}"))
    good = sum(row[1:3] == ("yes", "1") for row in rows)
    columns = ("round", "each of the ten sees the ten", "clusters founded", "seconds")
    record(
        "ten_members",
        "Ten members at the same instant",
        f"{SAID.strip()}\n\n**{good} of {ROUNDS} good.**",
        columns,
        rows,
    )
    assert good == ROUNDS, rows
