"""Which zones new servers go to and which servers go away."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible.module_utils.huaweicloud.instance import spread
from ansible.module_utils.huaweicloud.instance.seen import Instance
from ansible.module_utils.huaweicloud.servers import parse_server
from hypothesis import given
from hypothesis import strategies as st

ZONES = ("a", "b", "c")


def instance(name, zone="a", created="2026-11-21T00:00:00Z", status="ACTIVE"):
    raw = {"id": f"id-{name}", "name": name, "status": status, "OS-EXT-AZ:availability_zone": zone}
    return Instance(parse_server(raw, "r", "p"), created=created, launched=True)


def names(instances):
    return [it.name for it in instances]


def test_new_servers_fill_the_emptiest_zones_first():
    assert spread.grow(ZONES, Counter(), 5) == {"a": 2, "b": 2, "c": 1}
    assert spread.grow(ZONES, Counter(a=2), 2) == {"b": 1, "c": 1}
    assert spread.grow(("b", "a"), Counter(), 1) == {"b": 1}
    assert spread.grow((), Counter(), 4) == {"": 4}
    assert spread.grow((), Counter(), 0) == {}


@given(st.lists(st.sampled_from(ZONES), max_size=12), st.integers(0, 12))
def test_growing_an_even_spread_keeps_it_even_and_shrinking_too(extra, count):
    grown = spread.grow(ZONES, Counter(), count)
    servers = [instance(f"{zone}{n}", zone) for zone, total in grown.items() for n in range(total)]
    more = spread.grow(ZONES, Counter(it.server.availability_zone for it in servers), len(extra))
    servers += [instance(f"new-{zone}{n}", zone) for zone, total in more.items() for n in range(total)]
    assert even(servers)
    for left in range(len(servers), -1, -1):
        victims = spread.shrink(servers, ZONES, len(servers) - left, "newest")
        assert len(victims) == len(servers) - left
        assert even([it for it in servers if it not in victims])


def even(servers):
    load = Counter(dict.fromkeys(ZONES, 0))
    load.update(it.server.availability_zone for it in servers)
    return max(load.values()) - min(load.values()) <= 1


@pytest.mark.parametrize(
    ("rule", "gone"),
    [("newest", ["hz-0003", "hz-0010"]), ("oldest", ["hz-0001", "hz-0010"]), ("name", ["hz-0010", "hz-0003"])],
)
def test_which_go_is_a_rule(rule, gone):
    servers = [
        instance("hz-0001", created="2026-11-21T01:00:00Z"),
        instance("hz-0010", created="2026-11-21T02:00:00Z"),
        instance("hz-0003", created="2026-11-21T03:00:00Z"),
    ]
    assert names(spread.shrink(servers, ("a",), 2, rule)) == gone
    assert spread.shrink(servers[::-1], ("a",), 2, rule) == spread.shrink(servers, ("a",), 2, rule)


def test_broken_and_stray_servers_go_first_then_one_of_the_fullest_zone():
    servers = [
        instance("old", "a", "2026-11-21T01:00:00Z"),
        instance("older", "a", "2026-11-21T00:00:00Z"),
        instance("new", "b", "2026-11-21T09:00:00Z"),
        instance("stray", "z", "2026-11-20T00:00:00Z"),
        instance("broken", "b", "2026-11-19T00:00:00Z", status="ERROR"),
    ]
    assert names(spread.shrink(servers, ("a", "b"), 4, "newest")) == ["broken", "stray", "old", "new"]


def test_names_are_free_and_in_a_row():
    assert spread.numbered("hz", 2, []) == ["hz-0001", "hz-0002"]
    assert spread.numbered("hz", 2, ["hz-0002", "hz-0005", "web-0003"]) == ["hz-0003", "hz-0004"]
    assert spread.numbered("hz", 1, ["hz-0001", "hz-0003"]) == ["hz-0002"]
    assert spread.numbered("h.z", 1, ["hxz-0001"]) == ["h.z-0001"]
