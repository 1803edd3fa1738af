"""So many servers with given tags: how many requests, which zones, which go; and many such entries in one task."""

from __future__ import annotations

from collections import Counter

import pytest
from instance_world import NEW, ZONES
from region_world import SUBNET

POOL = {"name": "hz", "count_tags": {"hazelcast": "a"}, "availability_zones": ZONES, **NEW}


def test_one_request_a_zone_and_an_even_spread(cloud):
    made = cloud.run(exact_count=5, **POOL)
    assert cloud.writes() == ["CreateServers"] * 2
    assert cloud.zones() == ["lab-north-1a"] * 3 + ["lab-north-1b"] * 2
    assert cloud.names() == [f"hz-000{n}" for n in range(1, 6)] == [it["name"] for it in made["instances"]]
    assert all(it["tags"] == {"hazelcast": "a"} for it in made["instances"])
    assert made["instance"] is None and len(made["created_ids"]) == 5
    cloud.forget()
    assert not cloud.run(exact_count=5, **POOL)["changed"]
    assert [it.operation for it in cloud.journal.entries()] == ["ListServersDetails"]


def test_growing_and_shrinking_keep_the_spread_and_the_rule(cloud):
    cloud.run(exact_count=2, **POOL)
    first = {it.id for it in cloud.servers()}
    grown = cloud.run(exact_count=5, **POOL)
    assert len(grown["created_ids"]) == 3 and cloud.zones() == ["lab-north-1a"] * 3 + ["lab-north-1b"] * 2
    cloud.forget()
    shrunk = cloud.run(exact_count=3, **POOL)
    assert cloud.writes() == ["DeleteServers"] and len(shrunk["deleted_ids"]) == 2
    assert first <= {it.id for it in cloud.servers()} and cloud.zones() == ["lab-north-1a"] * 2 + ["lab-north-1b"]
    regrown = cloud.run(exact_count=4, **POOL)
    assert regrown["instances"][-1]["availability_zone"] == "lab-north-1b" and len(set(cloud.names())) == 4


def test_none_means_none(cloud):
    cloud.run(exact_count=2, **POOL)
    cloud.make(name="other", tags={"hazelcast": "b"})
    gone = cloud.run(exact_count=0, count_tags={"hazelcast": "a"})
    assert len(gone["deleted_ids"]) == 2 and gone["instances"] == [] and cloud.names() == ["other"]
    assert not cloud.run(exact_count=0, count_tags={"hazelcast": "a"})["changed"]
    assert not cloud.run(exact_count=0, **{**POOL, "count_tags": {"hazelcast": "nobody"}})["changed"]


def test_protection_refuses_shrinking_and_nothing_is_done(cloud):
    cloud.run(exact_count=3, delete_protection=True, **POOL)
    cloud.forget()
    refused = cloud.run(exact_count=1, **POOL)
    assert refused["failed"] and "protected" in refused["msg"] and cloud.writes() == []
    assert cloud.run(exact_count=4, **POOL)["changed"]
    assert len(cloud.run(exact_count=1, force=True, **POOL)["deleted_ids"]) == 3


def test_each_member_is_kept_in_shape(cloud):
    cloud.run(exact_count=3, **POOL)
    cloud.cloud.update_server(cloud.servers()[1].id, tags={"hazelcast": "a", "x": "y"})
    changed = cloud.run(exact_count=3, tags={"env": "test"}, **POOL)
    assert len(changed["changed_ids"]) == 3
    assert all(it.tags == {"hazelcast": "a", "env": "test"} for it in cloud.servers())
    stopped = cloud.run(exact_count=3, state="stopped", tags={"env": "test"}, **POOL)
    assert Counter(it["status"] for it in stopped["instances"]) == {"SHUTOFF": 3}


def test_a_server_of_the_pool_with_another_name_counts(cloud):
    cloud.make(name="by-hand", tags={"hazelcast": "a"}, availability_zone=ZONES[0])
    made = cloud.run(exact_count=2, **POOL)
    assert cloud.names() == ["by-hand", "hz-0001"] and len(made["created_ids"]) == 1


def test_more_than_a_hundred_in_a_zone_are_several_requests(cloud):
    one = {**POOL, "availability_zones": ZONES[:1]}
    cloud.run(exact_count=120, **one)
    assert cloud.writes() == ["CreateServers"] * 2 and len(set(cloud.names())) == 120


def test_subnets_of_a_zone(cloud):
    networks = [{"subnet_id": SUBNET, "availability_zone": ZONES[0]}]
    refused = cloud.run(exact_count=2, **{**POOL, "networks": networks})
    assert refused["failed"] and "no entry of networks is for availability zone lab-north-1b" in refused["msg"]
    assert cloud.servers() == []


PLAN = {
    "plan": "demo",
    "availability_zones": ZONES,
    **NEW,
    "servers": [
        {"name": "hz-a", "exact_count": 3, "tags": {"hazelcast": "a"}},
        {"name": "hz-b", "exact_count": 2, "tags": {"hazelcast": "b"}},
        {"name": "bastion", "availability_zone": ZONES[1], "tags": {"role": "bastion"}},
    ],
}


def test_a_plan_is_made_with_one_list_and_found_again_by_its_tags(cloud):
    made = cloud.run(**PLAN)
    assert len(made["created_ids"]) == 6 and cloud.requests("CreateServers") == 5
    assert {it["tags"]["ecs-slot"] for it in made["instances"]} == {"hz-a", "hz-b", "bastion"}
    cloud.forget()
    assert not cloud.run(**PLAN)["changed"] and cloud.requests() == 1
    bastion = next(it for it in cloud.servers() if it.name == "bastion")
    cloud.cloud.update_server(bastion.id, name="renamed-by-hand")
    renamed = cloud.run(**PLAN)
    assert renamed["changed_ids"] == [bastion.id] and len(cloud.servers()) == 6
    assert cloud.cloud.server(bastion.project_id, bastion.id).name == "bastion"
    down = [{**it, "exact_count": 0} if "exact_count" in it else {**it, "state": "absent"} for it in PLAN["servers"]]
    assert len(cloud.run(**{**PLAN, "servers": down})["deleted_ids"]) == 6 and cloud.servers() == []


def test_tags_of_a_plan_survive_a_purge(cloud):
    cloud.run(**PLAN)
    bare = [{**it, "tags": {}} for it in PLAN["servers"]]
    assert cloud.run(**{**PLAN, "servers": bare})["changed"]
    assert {tuple(sorted(it.tags)) for it in cloud.servers()} == {("ecs-plan", "ecs-slot")}


def test_somebody_elses_server_of_the_name_is_used_and_not_claimed(cloud):
    cloud.make(name="bastion", availability_zone=ZONES[1], tags={"role": "bastion"})
    made = cloud.run(**PLAN)
    assert len(made["created_ids"]) == 5 and "was not made by this plan" in made["warnings"][0]
    bastion = next(it for it in cloud.servers() if it.name == "bastion")
    assert bastion.tags == {"role": "bastion"}


def test_somebody_elses_server_of_the_name_is_neither_changed_nor_deleted(cloud):
    cloud.make(name="bastion", tags={"role": "other"})
    cloud.forget()
    entry = {"name": "bastion", "tags": {"role": "bastion"}, "state": "stopped", **NEW}
    used = cloud.run(plan="demo", servers=[entry])
    assert not used["changed"] and "used as it is" in used["warnings"][0]
    gone = cloud.run(plan="demo", servers=[{"name": "bastion", "state": "absent"}])
    assert not gone["changed"] and gone["deleted_ids"] == []
    assert cloud.names() == ["bastion"] and cloud.writes() == []


def test_no_entries_are_nothing_to_do(cloud):
    nothing = cloud.run(servers=[])
    assert "failed" not in nothing and not nothing["changed"] and nothing["instances"] == []


def test_two_entries_may_not_mean_one_server(cloud):
    cloud.make(name="bastion", tags={"hazelcast": "a"})
    refused = cloud.run(
        servers=[{"name": "bastion"}, {"name": "hz", "exact_count": 1, "count_tags": {"hazelcast": "a"}}], **NEW
    )
    assert refused["failed"] and "is meant by two entries: bastion and hz" in refused["msg"] and cloud.writes() == []


def test_two_entries_may_not_be_the_same(cloud):
    for entry in ({"name": "x"}, {"name": "x", "exact_count": 2}):
        refused = cloud.run(plan="p", servers=[entry, entry], **NEW)
        assert refused["failed"] and "Two entries mean the same servers: x and x" in refused["msg"]
    assert cloud.writes() == []


def test_all_problems_are_named_at_once_and_nothing_is_done(cloud):
    for _ in range(2):
        cloud.make(name="twin")
    cloud.make(name="safe", metadata={"delete_protection": "true"})
    cloud.forget()
    servers = [{"name": "twin"}, {"name": "safe", "state": "absent"}, {"name": "new", "flavor": "c7.large.2"}]
    refused = cloud.run(servers=servers)
    assert all(it in refused["msg"] for it in ("2 servers are meant", "protected", "cannot be made without image"))
    assert cloud.writes() == []


@pytest.mark.parametrize("option", ["id", "name", "slot"])
def test_what_is_each_servers_own_is_not_the_tasks(cloud, option):
    refused = cloud.run(servers=[{"name": "x"}], **{option: "y"})
    assert refused["failed"] and f"{option} is each server's own" in refused["msg"]


def test_two_regions_in_one_task(cloud):
    south = {
        "region": "lab-south-1",
        "availability_zones": ["lab-south-1a"],
        "vpc_id": "v" * 36,
        "networks": [{"subnet_id": "s" * 36}],
        "security_groups": [],
    }
    projects = {"lab-north-1": cloud.region.project_id, "lab-south-1": cloud.settings.regions[1].project_id}
    servers = [PLAN["servers"][0], {"name": "far", "exact_count": 1, **south}]
    made = cloud.run(**{**PLAN, "servers": servers, "project_id": projects})
    assert Counter(it["region"] for it in made["instances"]) == {"lab-north-1": 3, "lab-south-1": 1}
    cloud.forget()
    assert not cloud.run(**{**PLAN, "servers": servers, "project_id": projects})["changed"]
    assert cloud.requests() == cloud.requests("ListServersDetails") == 2
