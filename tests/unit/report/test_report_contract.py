"""What the verify stage really writes is what this page reads."""

from __future__ import annotations

import ansible.module_utils
import pytest

from module_utils.report.view import State
from tests.unit.report import pages, samples


@pytest.fixture(scope="module", autouse=True)
def our_module_utils():
    folder = str(pages.ROOT / "module_utils")
    ansible.module_utils.__path__.append(folder)
    yield
    ansible.module_utils.__path__.remove(folder)


def verified(silent: str = "") -> dict:
    """The result of Hazelcast's own verdict for three members, one of them silent if so wished."""
    from ansible.module_utils.hazelcast.health import Health
    from ansible.module_utils.hazelcast.verdict import Member, verdict

    hosts = [samples.host(number, {"hazelcast": "prod-a"}) for number in range(3)]
    members = [Member(h["name"], f"{h['address']}:5701", h["region"], h["availability_zone"]) for h in hosts]
    alive = [member.address for member in members if member.address != silent]
    answers = [
        Health(m.address, "ACTIVE", "ACTIVE", True, 0, len(alive))
        if m.address in alive
        else Health(m.address, silence="nothing listens there")
        for m in members
    ]
    sees = [{"address": address, "version": "5.3.1", "uuid": f"u-{address}"} for address in alive]
    asked = [
        {"address": m.address, "connected": True, "sees": sees}
        if m.address in alive
        else {"address": m.address, "connected": False, "error": "connection refused"}
        for m in members
    ]
    pair = {"written_through": alive[0], "read_through": silent, "error": "connection refused"}
    probe = {"members": asked, "failed_pairs": [pair] if silent else []}
    times = {"checked_at": "2026-11-21T02:44:10+00:00", "duration_s": 3.214}
    return verdict("prod-a", members, answers, probe, "ecs-00") | times


def test_a_proven_cluster_is_whole():
    cluster = pages.page(([verified()], samples.small()[1])).clusters[0]
    assert cluster.state is State.WHOLE
    assert [(row.state.words, row.version, row.sees) for row in cluster.members] == [("ok", "5.3.1", 3)] * 3
    assert [line.name for line in cluster.checks] == [
        "values cross",
        "answers",
        "node state",
        "cluster safe",
        "cluster size",
        "member list",
    ]


def test_a_silent_member_and_its_reasons_are_named():
    cluster = pages.page(([verified(silent="10.200.0.12:5701")], samples.small()[1])).clusters[0]
    assert cluster.state is State.BROKEN
    assert [row.state.words for row in cluster.members] == ["failed", "failed", "no answer"]
    assert [(problem.where, problem.what, problem.facts) for problem in cluster.problems] == [
        (("ecs-02 (10.200.0.12:5701)",), "does not answer: nothing listens there", ()),
        (("ecs-02 (10.200.0.12:5701)",), "cannot be asked for its members: connection refused",
         (("found", "nothing"),)),
        ((), "1 of 6 values did not cross, the first from 10.200.0.10:5701 to 10.200.0.12:5701: connection refused",
         ()),
        (("ecs-00 (10.200.0.10:5701)", "ecs-01 (10.200.0.11:5701)"), "is in a cluster of 2, not of 3", ()),
        (("ecs-00 (10.200.0.10:5701)", "ecs-01 (10.200.0.11:5701)"), "does not see 10.200.0.12:5701", ()),
    ]  # fmt: skip
