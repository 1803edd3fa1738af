"""Every way to ask ECS in every scenario on every network, as members by hand on real hosts; and what cannot be."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from lab.commands import route
from tests.lab import entries
from tests.lab.account import change_account, write_secret
from tests.lab.cells import CONNECT, INVALID, ONE_EACH, PEERING, VALID, Cell, founders, refusals
from tests.lab.fleet import Fleet
from tests.lab.hazelcast_file import KEYS, METADATA, WATCHFUL, HazelcastFile, example
from tests.prove.record import record

COLUMNS = ("way to ask", "scenario", "network", "what was seen")
ZONES = {"north-1": 2, "north-2": 2, "second-1": 2}
BEFORE_SENTENCE = re.compile(r"^(?:.*\[5\.3\.1\] |.*Exception: )")
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OUTAGE = "Cannot list the servers of this cluster: "
SAID = """
Members are started by hand, without the role: Java 11, Hazelcast 5.3.1, the jar of the discovery strategy, and one
`hazelcast.xml` for all of them with an example of `discovery/README.md`, its ids filled in and the lab's endpoints
added. Every member of a cell is asked whom it sees and must name exactly the members of the cell; by the logs one
member alone ever founded a cluster. The seconds run from the command that starts the members.

Where a route is cut, members are given up after five seconds of silence and look for other clusters every three
(Hazelcast's own times are 60 and 120 s), so those seconds show that it heals, not how fast yours will. Regions, VPCs
and routes are those of the lab (`lab/README.md`); no real cloud was asked.
"""


@pytest.fixture(scope="module")
def rows() -> Iterator[list[tuple[str, ...]]]:
    """What was seen so far; written down once all of it is."""
    seen: list[tuple[str, ...]] = []
    yield seen
    if len(seen) == len(VALID) + len(INVALID) + 7:
        record("matrix", "Ways to ask, scenarios, networks", SAID, COLUMNS, seen)


@pytest.fixture(autouse=True)
def as_before(fleet: Fleet) -> Iterator[None]:
    yield
    fleet.control.clear_faults()
    fleet.stop()


@pytest.mark.parametrize("cell", VALID, ids=str)
def test_a_valid_cell_is_one_cluster(fleet: Fleet, rows: list[tuple[str, ...]], cell: Cell) -> None:
    begun = time.monotonic()
    members = cell.start(fleet)
    fleet.forms(cell.places)
    took = time.monotonic() - begun
    assert len(founders(fleet, members)) == 1
    way = cell.mode + ", no agency" * cell.without_agency
    rows.append((way, cell.scenario, cell.network, f"one cluster of {len(members)} after {took:.0f} s"))


def test_an_invalid_cell_is_refused_in_a_sentence(fleet: Fleet, rows: list[tuple[str, ...]]) -> None:
    for wrong, log in zip(INVALID, refusals(fleet, INVALID), strict=True):
        [line, *_] = [line for line in log.splitlines() if wrong.sentence in line] or [""]
        assert line, f"{wrong.what}: {log}"
        rows.append((wrong.mode, wrong.what, "", f"refused: “{ID.sub('ID', BEFORE_SENTENCE.sub('', line))}”"))


@pytest.mark.parametrize(
    ("cell", "cut", "parts"),
    [
        (Cell(KEYS, ONE_EACH, PEERING), ("lab-north-1/main", "second"), ({"north-1": 1}, {"second-1": 1})),
        (Cell(METADATA, ONE_EACH, CONNECT), ("lab-north-1", "lab-south-1"), ({"north-1": 1}, {"south-1": 1})),
    ],
    ids=["VPC Peering", "Cloud Connect"],
)
def test_a_cut_route_makes_two_clusters_and_a_healed_one_again(
    fleet: Fleet, rows: list[tuple[str, ...]], cell: Cell, cut: tuple[str, str], parts: tuple[Mapping[str, int], ...]
) -> None:
    members = fleet.start(replace(cell.file(fleet), hazelcast=WATCHFUL), cell.places)
    fleet.forms(cell.places)
    route.change(fleet.world.workspace, "cut", *cut)
    try:
        apart = fleet.forms(*parts)
        assert all(fleet.count(member, "because it has not sent any heartbeats") for member in members)
    finally:
        route.change(fleet.world.workspace, "add", *cut)
    together = fleet.forms(cell.places)
    seen = f"cut: two clusters after {apart:.0f} s, each log says “has not sent any heartbeats”"
    rows.append((cell.mode, cell.scenario, cell.network, f"{seen}; healed: one after {together:.0f} s"))


@pytest.mark.parametrize("case", ["metadata", "metadata down", "no groups"])
def test_zone_aware_members_lose_nothing_with_a_zone(fleet: Fleet, rows: list[tuple[str, ...]], case: str) -> None:
    mode = KEYS if case == "metadata down" else METADATA
    given = example(mode, fleet.world.settings, fleet.servers["north-1"], "5702")
    if case == "metadata down":
        given["instance-metadata-available"] = "true"
        fleet.control.add_fault("metadata/*", "hang")
    fleet.start(HazelcastFile(given, partition_group="" if case == "no groups" else "ZONE_AWARE"), ZONES)
    fleet.forms(ZONES)
    rest = {host: count for host, count in ZONES.items() if host != "north-1"}
    asked = min(fleet.addresses(rest))
    entries.fill(fleet, asked)
    fleet.stop("north-1")
    fleet.forms(rest)
    lost = entries.lost(asked)
    # Six members of three servers without groups: about one partition in fifteen has both copies on one server.
    assert (lost > 0) == (case == "no groups"), lost
    what = {"metadata": "ZONE_AWARE", "metadata down": "ZONE_AWARE, metadata down", "no groups": "for comparison"}[case]
    seen = f"two of six members, all of one zone, killed: {lost} of {entries.ENTRIES} entries lost"
    rows.append((given_way(mode, case), f"two members in each of three zones, {what}", PEERING, seen))


def given_way(mode: str, case: str) -> str:
    return f"{mode} and metadata" if case == "metadata down" else mode


def test_a_rotated_key_costs_one_warning(fleet: Fleet, rows: list[tuple[str, ...]]) -> None:
    places, file = {"north-1": 1, "north-2": 1}, "/root/secret-key"
    given = example(KEYS, fleet.world.settings, fleet.servers["north-1"], "5701")
    old = given.pop("secret-key")
    write_secret(fleet, file, old)
    members = fleet.start(HazelcastFile(given | {"secret-key-file": file}, WATCHFUL), places)
    fleet.forms(places)
    change_account(fleet, secret_key=old[::-1])
    since = fleet.control.requests().last
    fleet.until(lambda: sum(fleet.count(member, OUTAGE) for member in members) == 1, "the old key is refused")
    assert sum(fleet.count(member, "the secret key does not belong to the access key") for member in members) == 1
    time.sleep(30)
    assert refused(fleet, since) == 1, "asked every three seconds, and yet one request"
    write_secret(fleet, file, old[::-1])
    back = "The servers of this cluster can be listed again"
    fleet.until(lambda: sum(fleet.count(member, back) for member in members) == 1, "the new key is used", 90)
    assert sum(fleet.count(member, OUTAGE) for member in members) == 1
    fleet.forms(places, seconds=0)
    seen = "one warning and one refused request while the key is wrong; no restart when the file holds the new one"
    rows.append((KEYS, "the key is rotated under running members", "one VPC", seen))


def test_a_wrong_key_is_sent_once_a_minute_whatever_restarts_the_member(
    fleet: Fleet, rows: list[tuple[str, ...]]
) -> None:
    given = example(KEYS, fleet.world.settings, fleet.servers["north-1"], "5701", regions=2)
    since, begun = fleet.control.requests().last, time.monotonic()
    options = "-p Restart=always -p RestartSec=1"
    [member] = fleet.start(HazelcastFile(given | {"secret-key": "wrong"}), {"south-1": 1}, unit_options=options)
    fleet.until(lambda: refused(fleet, since) == 3, "it is sent a third time", 240)
    took = time.monotonic() - begun
    assert took > 120
    assert fleet.count(member, "The next attempt is held back for") == 3
    seen = f"systemd starts the member again and again: 3 requests in {took:.0f} s, over both regions"
    rows.append((KEYS, "a wrong secret key", CONNECT, seen))


def refused(fleet: Fleet, since: int) -> int:
    """How many requests were answered 401 since request number `since`."""
    return sum(count.requests for count in fleet.control.requests(since=since).counts if count.status == 401)
