"""Members started by hand on real hosts with the seed's example properties form exactly the clusters they should."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab.cells import INVALID_SAMPLE, SAMPLE, Cell, founders, refusals
from tests.lab.fleet import Fleet
from tests.lab.hazelcast_file import KEYS, WATCHFUL, HazelcastFile, example


@pytest.fixture(autouse=True)
def members_end(fleet: Fleet) -> Iterator[None]:
    yield
    fleet.stop()


@pytest.mark.parametrize("cell", SAMPLE, ids=str)
def test_a_cell_of_the_matrix_is_one_cluster(fleet: Fleet, cell: Cell) -> None:
    members = cell.start(fleet)
    fleet.forms(cell.places)
    assert len(founders(fleet, members)) == 1
    alone = [fleet.count(member, "members are looked for on this server only") for member in members]
    assert alone == [int(cell.without_agency)] * len(members)


def test_a_cell_that_cannot_be_says_why_and_stops(fleet: Fleet) -> None:
    for wrong, log in zip(INVALID_SAMPLE, refusals(fleet, INVALID_SAMPLE), strict=True):
        assert wrong.sentence in log, f"{wrong.what}: {log}"


def test_members_of_other_clusters_and_untagged_ones_never_join(fleet: Fleet) -> None:
    stranger, wide, rival = fleet.servers["stranger-1"], {"north-1": 1, "north-2": 1}, {"stranger-1": 1}

    def file(anchor: str) -> HazelcastFile:
        given = example(KEYS, fleet.world.settings, fleet.servers[anchor], "5701")
        return HazelcastFile(given | {"tag-key": "hazelcast", "discovery-deadline-seconds": "5"}, WATCHFUL)

    # One subnet, one cluster name, and each looks for other clusters every three seconds.
    fleet.start(file("north-1"), wide)
    fleet.start(file("stranger-1"), rival)
    fleet.forms(wide, rival)
    time.sleep(7)
    fleet.forms(wide, rival, seconds=0)
    fleet.stop("stranger-1")
    fleet.world.customer.untag(stranger.id, {"hazelcast": "rival"})
    [same_file] = fleet.start(file("north-1"), rival)
    [own_id] = fleet.start(file("stranger-1"), rival)
    missing = f"this server ({stranger.address}) is not (yet) among the 3 ACTIVE servers tagged {{hazelcast=wide}}"
    assert missing in fleet.ends(same_file)
    assert f"{stranger.id}, whose tags say which servers belong together, has no tag 'hazelcast'" in fleet.ends(own_id)
    fleet.forms(wide, seconds=0)
