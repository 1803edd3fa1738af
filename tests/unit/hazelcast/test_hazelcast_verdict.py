"""From answers to one verify result: a failing case for each check, and the published schema."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
from ansible.module_utils.hazelcast.health import Health
from ansible.module_utils.hazelcast.verdict import differences, members_of, table, verdict

from tests.unit.hazelcast.places import ROOT
from tests.unit.hazelcast.rendered import host

HOSTS = [host(1), host(2), host(3)]
ADDRESSES = [f"10.0.0.1{number}:5701" for number in (1, 2, 3)]
TIMES = {"checked_at": "2026-11-20T10:00:00+00:00", "duration_s": 1.5}


def seen(addresses: list[str]) -> list[dict]:
    return [{"address": a, "uuid": f"uuid-of-{a}", "version": "5.3.1", "lite": False} for a in addresses]


def healthy(address: str, size: int = 3) -> Health:
    return Health(address, "ACTIVE", "ACTIVE", True, 0, size)


def probed(lists: dict[str, list[str]] | None = None, failed: list[tuple[str, str]] = ()) -> dict:
    lists = lists or dict.fromkeys(ADDRESSES, ADDRESSES)
    return {
        "members": [
            {
                "address": a,
                "connected": bool(lists[a]),
                "error": None if lists[a] else "refused",
                "sees": seen(lists[a]),
            }
            for a in ADDRESSES
        ],
        "failed_pairs": [
            {"written_through": writer, "read_through": reader, "error": "the value is not there"}
            for writer, reader in failed
        ],
    }


def result(answers: list[Health] | None = None, probe: dict | None = None) -> dict:
    answers = answers or [healthy(address) for address in ADDRESSES]
    return verdict("prod-a", members_of(HOSTS), answers, probe or probed(), "web-1") | TIMES


def failed_checks(found: dict) -> set[tuple[str, str]]:
    members = {(m["host"], c["name"]) for m in found["members"] for c in m["checks"] if not c["ok"]}
    return members | {("", check["name"]) for check in found["checks"] if not check["ok"]}


def without_third() -> dict:
    """web-3 is down, and the two others are one cluster without it."""
    two = ADDRESSES[:2]
    pairs = [(a, b) for a in ADDRESSES for b in ADDRESSES if a != b and ADDRESSES[2] in (a, b)]
    answers = [*(healthy(address, 2) for address in two), Health(ADDRESSES[2], silence="nothing listens there")]
    return result(answers, probed({**dict.fromkeys(two, two), ADDRESSES[2]: []}, pairs))


def test_a_whole_cluster():
    found = result()
    assert found["ok"]
    assert failed_checks(found) == set()
    assert differences(found) == []
    assert [member["uuid"] for member in found["members"]] == [f"uuid-of-{address}" for address in ADDRESSES]
    assert {check["name"] for member in found["members"] for check in member["checks"]} == {
        "answers",
        "node_state",
        "cluster_safe",
        "cluster_size",
        "member_list",
    }


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        ({"node_state": "PASSIVE"}, "node_state", "web-2 (10.0.0.12:5701) is PASSIVE, not ACTIVE"),
        ({"safe": False, "queue": 7}, "cluster_safe", "partitions without their backups (7 to be moved)"),
        ({"size": 2}, "cluster_size", "is in a cluster of 2, not of 3"),
        ({"silence": "nothing listens there"}, "answers", "does not answer: nothing listens there"),
    ],
)
def test_each_health_check_can_fail(change, check, words):
    answers = [healthy(address) for address in ADDRESSES]
    answers[1] = Health(**{**vars(answers[1]), **change})
    found = result(answers)
    assert not found["ok"]
    assert failed_checks(found) == {("web-2", check)}
    assert len(differences(found)) == 1
    assert words in differences(found)[0]


@pytest.mark.parametrize(
    ("sees", "words"),
    [
        (ADDRESSES[:2], "does not see 10.0.0.13:5701"),
        ([*ADDRESSES, "10.0.9.9:5701"], "sees 10.0.9.9:5701, which the inventory does not have"),
        ([], "cannot be asked for its members: refused"),
    ],
)
def test_a_members_own_list_must_be_the_inventorys(sees, words):
    found = result(probe=probed({**dict.fromkeys(ADDRESSES, ADDRESSES), ADDRESSES[1]: sees}))
    assert failed_checks(found) == {("web-2", "member_list")}
    assert words in differences(found)[0]


def test_a_value_that_does_not_cross():
    found = result(probe=probed(failed=[(ADDRESSES[0], ADDRESSES[2])]))
    assert failed_checks(found) == {("", "values_cross")}
    assert found["checks"][0]["expected"] == 6
    assert found["checks"][0]["actual"] == 5
    assert "1 of 6 values did not cross, the first from 10.0.0.11:5701 to 10.0.0.13:5701" in differences(found)[0]


def test_a_silent_member_is_named_once():
    found = without_third()
    assert len(failed_checks(found)) > 3
    assert differences(found) == ["web-3 (10.0.0.13:5701) does not answer: nothing listens there"]


def test_what_a_silent_member_does_not_explain_is_named_too():
    found = without_third()
    found["checks"][0]["actual"] -= 1
    found["members"][0]["sees"] = [ADDRESSES[0]]
    assert len(differences(found)) == 3


def test_several_members_on_a_host():
    assert [m.address for m in members_of([host(1, (5701, 5702))])] == ["10.0.0.11:5701", "10.0.0.11:5702"]


def test_the_table_marks_who_is_wrong():
    lines = table(without_third())
    assert lines[0] == "Cluster prod-a: 0 of 3 members are as they should be, asked from web-1"
    assert [line.split()[0] for line in lines[2:]] == ["!!", "!!", "!!"]
    assert table(result())[2].split() == ["ok", "web-1", "10.0.0.11:5701", "cn-north-4a", "5.3.1", "3", "of", "3"]


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads((ROOT / "docs/schemas/verify-result.json").read_text())


def test_results_follow_the_published_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for found in (result(), without_third()):
        validator.validate(json.loads(json.dumps(found)))


@pytest.mark.parametrize("missing", ["schema", "cluster", "checked_at", "members", "checks", "ok", "duration_s"])
def test_the_schema_refuses_a_result_without(schema, missing):
    broken = copy.deepcopy(result())
    del broken[missing]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_the_schema_wants_a_reason_for_what_is_wrong(schema):
    broken = without_third()
    broken["members"][2]["checks"][0]["reason"] = ""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)
