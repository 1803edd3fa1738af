"""The page as a whole: verdicts, what needs a look, who runs where, colours."""

from __future__ import annotations

import pytest

from module_utils.report import marks, plan
from module_utils.report.result import ClusterKey
from module_utils.report.view import BadFile, State
from module_utils.report.words import address_order, listed, natural, span, split_address
from tests.unit.report import pages, samples

BAD = BadFile("redis/cache2.json", "it is not JSON")


def test_small_and_large_are_whole():
    small, large = pages.page(samples.small()), pages.page(samples.large())
    assert (small.verdict, small.summary, small.good) == ("The cluster is whole.", "The cluster is whole", True)
    assert (large.verdict, large.summary) == ("All 12 clusters are whole.", "All 12 clusters are whole")
    assert (large.members, large.hosts, len(large.regions)) == (60, 24, 2)
    assert not large.attention


def test_each_trouble_is_named_the_gravest_first():
    page = pages.page(samples.large(broken=True), [BAD])
    assert page.verdict == "2 of 12 clusters are not whole."
    assert not page.good
    assert page.summary == (
        "2 of 12 clusters are not whole: hazelcast prod-b and redis cache1; never verified: etcd edge; "
        "differs from the plan: etcd main; not in the inventory: hazelcast trial; not readable: redis/cache2.json"
    )
    assert [(str(c.mark.key), c.state) for c in page.attention] == [
        ("hazelcast prod-b", State.BROKEN),
        ("redis cache1", State.BROKEN),
        ("redis cache2", State.UNREADABLE),
        ("etcd edge", State.NEVER),
        ("etcd main", State.DIFFERS),
        ("hazelcast trial", State.STALE),
    ]
    assert pages.cluster(page, "cache2").unreadable == BAD
    assert all(cluster.way_out for cluster in page.attention)


def test_an_unreadable_file_of_no_planned_cluster_is_still_named():
    loose = BadFile("redis/old.json", "it is not JSON")
    page = pages.page(samples.small(), [loose])
    assert page.loose == (loose,)
    assert not page.good
    assert page.summary == "The cluster is whole; not readable: redis/old.json"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("none", "There is no cluster in the inventory."),
        ("never", "The cluster was never verified."),
        ("broken", "The cluster is not whole."),
        ("differs", "The cluster was whole; the plan has changed since."),
        ("stale", "There is no cluster in the inventory."),
    ],
)
def test_one_cluster_has_a_verdict_of_its_own(change, verdict):
    (result,), hosts = samples.small()
    data = {
        "none": ([], []),
        "never": ([], hosts),
        "broken": ([result | {"ok": False}], hosts),
        "differs": ([result], hosts[:2]),
        "stale": ([result], hosts[3:]),
    }[change]
    assert pages.page(data).verdict == verdict


def test_two_clusters_are_both():
    hosts = [samples.host(number, {"redis": "a", "etcd": "b"}) for number in range(3)]
    results = [samples.result("redis", "a", hosts), samples.result("etcd", "b", hosts)]
    assert pages.page((results, hosts)).verdict == "Both clusters are whole."


def test_age_is_told_against_the_newest_result():
    page = pages.page(samples.large(broken=True))
    ages = {c.mark.key.cluster: c.older for c in page.clusters if c.older}
    assert ages == {
        "ring": "7 h older than the newest",
        "trial": "49 days older than the newest",
        "orders": "5 days older than the newest",
    }
    assert page.span is not None
    assert page.span[0].day == 15  # the cluster that nobody plans any more does not count


def test_hosts_are_in_their_places_with_their_members():
    (result,), hosts = samples.small()
    del result["members"][2]
    hosts[1]["tags"] = {}
    hosts += [samples.host(10, {"redis": "c1"}), samples.host(7, {"hazelcast": "prod-a"}, region="other-1")]
    page = pages.page(([result], hosts))
    seats = {
        (region.name, zone.name, host.name, seat.address, seat.mark.key.cluster): seat.state.words
        for region in page.regions
        for zone in region.zones
        for host in zone.hosts
        for seat in host.seats
    }
    assert seats == {
        ("lab-north-1", "lab-north-1a", "ecs-00", "10.200.0.10:5701", "prod-a"): "ok",
        ("lab-north-1", "lab-north-1b", "ecs-01", "10.200.0.11:5701", "prod-a"): "no longer planned",
        ("lab-north-1", "lab-north-1c", "ecs-02", "10.200.0.12:5701", "prod-a"): "no answer",
        ("lab-north-1", "lab-north-1b", "ecs-10", "", "c1"): "not verified",
        ("other-1", "other-1b", "ecs-07", "", "prod-a"): "not verified",
    }
    assert [host.name for host in page.outside] == ["ecs-01", "ecs-03"]


def test_what_the_inventory_does_not_know_comes_last():
    (result,), _hosts = samples.small()
    result["expected"].append("10.8.8.8:5701")
    page = pages.page(([result], []))
    assert [region.name for region in page.regions] == ["lab-north-1", "Region unknown"]
    (lost,) = page.regions[1].zones[0].hosts
    assert (lost.name, lost.note, lost.seats[0].state.words) == ("10.8.8.8", "not in the inventory", "no answer")


def test_an_address_of_two_hosts_is_nobodys():
    (result,), hosts = samples.small()
    del result["members"][0]
    hosts.append(hosts[0] | {"name": "twin", "region": "peer-1", "tags": {}})
    row = pages.page(([result], hosts)).clusters[0].members[0]
    assert (row.address, row.host, row.state.words) == ("10.200.0.10:5701", "", "no answer")


def test_columns_of_different_length_are_refused():
    columns = samples.columns(samples.small()[1])
    columns["region"].pop()
    with pytest.raises(plan.PlanError, match="equally long"):
        plan.read(columns, pages.SYSTEMS)


def test_twelve_clusters_have_twelve_colours_and_the_next_another_pattern():
    keys = [ClusterKey("redis", f"cache{number}") for number in range(60)]
    assigned = marks.assign(keys[:12])
    assert sorted(mark.colour for mark in assigned.values()) == list(range(1, 13))
    assert {mark.pattern for mark in assigned.values()} == {0}
    looks = [(mark.colour, mark.pattern) for mark in marks.assign(keys[:48]).values()]
    assert len(set(looks)) == 48
    assert len({mark.anchor for mark in marks.assign(keys).values()}) == 60


def test_a_name_keeps_its_colour_when_others_come():
    keys = [ClusterKey("redis", f"cache{number}") for number in range(6)]
    before, after = marks.assign(keys[:5]), marks.assign(keys)
    assert sum(before[key].colour != after[key].colour for key in keys[:5]) <= 1


def test_anchors_are_unlike_even_when_names_are_alike():
    anchors = [
        mark.anchor for mark in marks.assign([ClusterKey("redis", name) for name in ("a b", "a.b", "云")]).values()
    ]
    assert len(set(anchors)) == 3
    assert all(anchor.isascii() and " " not in anchor for anchor in anchors)


def test_words():
    assert sorted(["web-10", "web-9", "web"], key=natural) == ["web", "web-9", "web-10"]
    assert sorted(["10.0.0.10:1", "10.0.0.9:2", "10.0.0.9:1"], key=address_order)[0] == "10.0.0.9:1"
    assert split_address("[fd00::1]:5701") == ("fd00::1", "5701")
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    from datetime import timedelta

    assert [span(timedelta(minutes=90)), span(timedelta(hours=47)), span(timedelta(days=2))] == [
        "1 h",
        "47 h",
        "2 days",
    ]
