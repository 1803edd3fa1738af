"""cluster_plan -> entries of huaweicloud_ecs_instance."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

ROOT = Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location("cluster_plan", ROOT / "playbooks/filter_plugins/cluster_plan.py")
plans = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plans)


def plan(**systems):
    return {"name": "demo", "flavor": "s6.medium.2", "tags": {"env": "x"}, "systems": systems}


def test_a_cluster_is_an_entry_and_its_tag():
    (entry,) = plans.planned_servers(plan(hazelcast={"prod-a": {"count": 3, "flavor": "c7.large.2"}}))
    assert entry == {
        "plan": "demo",
        "name": "hazelcast-prod-a",
        "slot": "hazelcast-prod-a",
        "exact_count": 3,
        "flavor": "c7.large.2",
        "tags": {"env": "x", "hazelcast": "prod-a"},
        "metadata": {},
    }


def test_counts_by_zone_are_entries_of_their_own():
    options = {"per_zone": {"z1": 2, "z2": 0}, "tags": {"env": "y", "consul_client": "dc1"}}
    entries = plans.planned_servers(plan(redis={"cache": options}))
    assert [(entry["slot"], entry["exact_count"], entry["availability_zones"]) for entry in entries] == [
        ("redis-cache-z1", 2, ["z1"]),
        ("redis-cache-z2", 0, ["z2"]),
    ]
    assert {entry["name"] for entry in entries} == {"redis-cache"}
    assert entries[0]["tags"] == {"env": "y", "consul_client": "dc1", "redis": "cache"}


def test_names_and_slots_are_what_the_cloud_takes():
    long = "x" * 43
    clusters = ("生产 a:1", long, long[:-1] + "y")
    entries = plans.planned_servers(plan(hazelcast={cluster: {"count": 1} for cluster in clusters}))
    assert entries[0]["name"] == "hazelcast-生产-a-1"
    assert entries[0]["tags"]["hazelcast"] == "生产 a:1"
    assert len({entry["slot"] for entry in entries}) == 3
    assert max(len(entry["slot"]) for entry in entries) == 43


def test_no_entry_changes_another_or_the_plan():
    given = plan(hazelcast={"a": {"count": 1}, "b": {"count": 1}})
    first, second = plans.planned_servers(given)
    assert (first["tags"]["hazelcast"], second["tags"]["hazelcast"]) == ("a", "b")
    assert given["tags"] == {"env": "x"}


@pytest.mark.parametrize(
    ("top", "clusters", "regions"),
    [
        ({}, {"a": {}}, ["env-1"]),
        ({"region": "r-1"}, {"a": {}}, ["r-1"]),
        ({"region": "r-1"}, {"a": {}, "b": {"region": "r-2"}}, ["r-1", "r-2"]),
        ({}, {"a": {"region": "r-2"}, "b": {}}, ["r-2", "env-1"]),
        ({}, {"a": {"region": "r-2"}}, ["r-2"]),
        ({"region": "r-1"}, {}, ["r-1"]),
    ],
)
def test_a_plan_is_taken_back_in_every_region_it_names(top, clusters, regions):
    given = {**plan(hazelcast=clusters), **top}
    assert plans.plan_regions(given, "env-1") == regions
    assert plans.plan_filters(given) == {"tags": {"ecs-plan": "demo"}}
    assert plans.plan_takeback(given, "env-1") == [
        {"region": region, "exact_count": 0, "count_tags": {"ecs-plan": "demo"}} for region in regions
    ]


def test_a_plan_with_an_enterprise_project_is_looked_for_in_all():
    given = plan(hazelcast={"a": {"enterprise_project_id": "e-1"}, "b": {}})
    assert plans.plan_filters(given)["enterprise_project_id"] == "all_granted_eps"
    assert plans.plan_takeback(given, "env-1")[0]["enterprise_project_id"] == "e-1"


def test_the_example_is_a_plan():
    example = yaml.safe_load((ROOT / "inventory/examples/cluster_plan.yml").read_text())["cluster_plan"]
    entries = plans.planned_servers(example)
    assert [(entry["slot"], entry["exact_count"]) for entry in entries] == [
        ("hazelcast-prod-a", 3),
        ("hazelcast-test-cn-north-4a", 1),
        ("hazelcast-test-cn-north-4b", 1),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, "cluster_plan must be a mapping, see inventory/examples/cluster_plan.yml."),
        ({"systems": {}}, "cluster_plan.name is None, but must be a tag value"),
        ({"name": "a=b", "systems": {}}, "cluster_plan.name is 'a=b', but must be a tag value"),
        ({"name": "a"}, "cluster_plan.systems must be a mapping"),
        ({"name": "a", "systems": {}}, "cluster_plan.systems names no cluster"),
        ({"name": "a", "systems": {"hazelcats": {}}}, "cluster_plan.systems has hazelcats, but knows only chord, "),
        ({"name": "a", "flavour": "x", "systems": {}}, "cluster_plan has flavour, but knows only agency, "),
        (plan(etcd={"a": None}), "cluster_plan.systems.etcd.a must have either count or per_zone."),
        (plan(etcd={"a": {"count": 1, "per_zone": {}}}), "must have either count or per_zone."),
        (plan(etcd={"a": {"count": -1}}), "cluster_plan.systems.etcd.a.count is -1, but must be a number of servers."),
        (plan(etcd={"a": {"count": True}}), "count is True, but must be a number of servers."),
        (plan(etcd={"a": {"per_zone": {"z": "x"}}}), "per_zone.z is 'x', but must be a number of servers."),
        (plan(etcd={"a|b": {"count": 1}}), "a cluster's name has up to 43 characters without"),
        (plan(etcd={"a": {"count": 1, "tags": ["x"]}}), "cluster_plan.systems.etcd.a.tags must be a mapping"),
        (plan(etcd={"a": {"count": 1, "sise": 2}}), "cluster_plan.systems.etcd.a has sise, but knows only"),
    ],
)
def test_what_is_no_plan_is_said(given, sentence):
    with pytest.raises(AnsibleFilterError) as refused:
        plans.planned_servers(given)
    assert sentence in str(refused.value)
