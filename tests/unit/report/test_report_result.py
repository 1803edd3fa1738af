"""A verify result is read by type, and whatever is none is refused in a clause that names the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from module_utils.report.result import ClusterKey, ResultError, parse
from tests.unit.report import samples

HOSTS = [samples.host(number, {"hazelcast": "prod-a"}) for number in range(3)]


def good() -> dict:
    return samples.result("hazelcast", "prod-a", HOSTS)


def refused(data: object) -> str:
    with pytest.raises(ResultError) as caught:
        parse(data if isinstance(data, str) else json.dumps(data), "x.json")
    return str(caught.value)


def test_a_result_is_read_whole():
    read = parse(json.dumps(good()), "hazelcast/prod-a.json")
    assert read.key == ClusterKey("hazelcast", "prod-a")
    assert read.checked_at == datetime(2026, 11, 21, 2, 44, 10, tzinfo=UTC)
    assert [member.address for member in read.members] == list(read.expected) == list(read.members[0].sees)
    assert read.members[0].checks[-1].expected == read.expected
    assert read.source == "hazelcast/prod-a.json"


@pytest.mark.parametrize(
    "text", ["2026-11-21T10:44:10+08:00", "2026-11-21T02:44:10.000001Z", "2026-11-21 02:44:10+00:00"]
)
def test_times_of_any_zone_become_utc(text):
    assert parse(json.dumps(good() | {"checked_at": text}), "").checked_at.strftime("%H:%M:%S") == "02:44:10"


def test_a_member_that_did_not_answer_has_nulls():
    data = good()
    data["members"][1] |= {"ok": False, "version": None, "uuid": None, "sees": []}
    data["members"][1]["checks"][0] |= {"ok": False, "actual": None, "reason": "no answer"}
    member = parse(json.dumps(data), "").members[1]
    assert (member.version, member.uuid, member.checks[0].actual) == ("", "", "")


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (True, "true"), ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'), ([1, "x"], ("1", "x"))]
)
def test_expected_and_actual_may_be_any_json(value, text):
    data = good()
    data["checks"][0]["actual"] = value
    assert parse(json.dumps(data), "").checks[0].actual == text


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        ({"schema": "2"}, "it follows schema '2', and this toolkit reads '1'"),
        ({"schema": 1}, "schema is not text"),
        ({"cluster": " "}, "cluster is empty"),
        ({"checked_at": "yesterday"}, "checked_at is not an ISO 8601 time"),
        ({"checked_at": "2026-11-21T02:44:10"}, "checked_at is not a time with its zone"),
        ({"checked_at": "0001-01-01T00:00:00+14:00"}, "checked_at is not an ISO 8601 time"),
        ({"ok": "yes"}, "ok is not true or false"),
        ({"duration_s": True}, "duration_s is not a number"),
        ({"expected": "10.0.0.1:5701"}, "expected is not a list of text"),
        ({"members": {}}, "members is not a list"),
        ({"members": [3]}, "members[0] is no JSON object"),
        ({"checks": [{"name": "x"}]}, "checks[0].ok is missing"),
        ({"cluster": "\ud800"}, "cluster holds half of a character"),
    ],
)
def test_a_wrong_field_is_named(change, clause):
    assert refused(good() | change) == clause


@pytest.mark.parametrize("field", sorted(good()))
def test_every_field_is_needed(field):
    data = good()
    del data[field]
    assert refused(data) == f"{field} is missing"


@pytest.mark.parametrize("field", ["host", "address", "ok", "version", "uuid", "sees", "checks"])
def test_every_field_of_a_member_is_needed(field):
    data = good()
    del data["members"][2][field]
    assert refused(data) == f"members[2].{field} is missing"


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"duration_s": NaN}', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text):
    assert refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["host", "ok", "checks", "name"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(good())), JSON)
def test_any_other_value_is_read_or_refused_and_nothing_else(field, value):
    try:
        parse(json.dumps(good() | {field: value}), "")
    except ResultError as error:
        assert str(error)
