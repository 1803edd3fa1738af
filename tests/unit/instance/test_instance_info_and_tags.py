"""The smaller modules: servers read with the inventory's filters, and tagged."""

from __future__ import annotations

import json

import pytest
from instance_world import NEW, ZONES

INFO, TAGS = "huaweicloud_ecs_instance_info", "huaweicloud_ecs_tags"


@pytest.fixture
def ids(cloud):
    """Three servers' ids by name."""
    cloud.make(name="hz-1", tags={"hazelcast": "a", "_sys_x": "1"}, availability_zone=ZONES[0], user_data="c2VjcmV0")
    cloud.make(name="hz-2", tags={"hazelcast": "b"})
    cloud.make(name="hz-10", tags={})
    cloud.forget()
    return {it.name: it.id for it in cloud.servers()}


def test_all_servers_by_name_without_their_secrets(cloud, ids):
    read = cloud.run(INFO)
    assert [it["name"] for it in read["instances"]] == ["hz-1", "hz-2", "hz-10"] and not read["changed"]
    assert read["instance_ids"] == list(ids.values()) and "c2VjcmV0" not in json.dumps(read["instances"])
    assert read["instances"][0] == cloud.run(name="hz-1", **NEW)["instance"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"filters": {"tags": {"hazelcast": "a"}}}, ["hz-1"]),
        ({"filters": {"name": "hz-?"}}, ["hz-1", "hz-2"]),
        ({"include_filters": [{"name": "hz-2"}, {"name": "hz-10"}]}, ["hz-2", "hz-10"]),
        ({"exclude_filters": [{"tags": {"hazelcast": ""}}]}, ["hz-10"]),
        ({"filters": {"status": "SHUTOFF"}}, []),
    ],
)
def test_filters(cloud, ids, params, names):
    assert [it["name"] for it in cloud.run(INFO, **params)["instances"]] == names
    only = cloud.run(INFO, ids=[ids["hz-2"]], **params)["instances"]
    assert [it["name"] for it in only] == [it for it in names if it == "hz-2"]


def test_an_unknown_filter_is_an_error(cloud):
    assert "does not know colour" in cloud.run(INFO, filters={"colour": "red"})["msg"]


def test_tags_are_set_and_kept(cloud, ids):
    wanted = {"servers": [ids["hz-1"], ids["hz-2"]], "tags": {"hazelcast": "a", "env": "x"}}
    predicted = cloud.run(TAGS, check=True, diff=True, **wanted)
    assert cloud.writes() == []
    done = cloud.run(TAGS, diff=True, **wanted)
    assert predicted["servers"] == done["servers"] and predicted["diff"] == done["diff"]
    assert done["changed_ids"] == [ids["hz-1"], ids["hz-2"]]
    tags = {it.name: it.tags for it in cloud.servers()}
    assert tags["hz-1"] == {"hazelcast": "a", "_sys_x": "1", "env": "x"} and tags["hz-2"] == wanted["tags"]
    cloud.forget()
    assert not cloud.run(TAGS, **wanted)["changed"] and cloud.requests() == 1


def test_tags_are_purged_or_removed_but_never_the_clouds_own(cloud, ids):
    cloud.run(TAGS, servers=[ids["hz-1"]], tags={}, purge=True)
    assert cloud.servers()[0].tags == {"_sys_x": "1"}
    assert cloud.run(TAGS, servers=[ids["hz-2"]], remove=["hazelcast", "nothing"])["changed"]
    assert cloud.servers()[1].tags == {}
    assert not cloud.run(TAGS, servers=list(ids.values()))["changed"]


def test_nothing_is_done_when_one_server_cannot_be_tagged(cloud, ids):
    unknown = cloud.run(TAGS, servers=[ids["hz-1"], "nobody"], tags={"a": "b"})
    assert unknown["failed"] and "no server nobody" in unknown["msg"]
    many = cloud.run(TAGS, servers=list(ids.values()), tags={f"k{n}": "v" for n in range(9)})
    assert many["failed"] and "more than 10 tags" in many["msg"] and "hz-1" in many["msg"]
    assert "is not 1 to 36 characters" in cloud.run(TAGS, servers=[ids["hz-1"]], tags={"a=b": "c"})["msg"]
    assert cloud.writes() == []


def test_a_tag_cannot_be_set_and_removed(cloud, ids):
    refused = cloud.run(TAGS, servers=[ids["hz-1"]], tags={"a": "b"}, remove=["a"])
    assert refused["failed"] and "a is to be set and removed" in refused["msg"] and cloud.writes() == []


def test_what_was_tagged_before_a_failure_is_told(cloud, ids):
    cloud.fault("BatchCreateServerTags", "500", times=1)
    failed = cloud.run(TAGS, servers=[ids["hz-1"], ids["hz-2"]], tags={"env": "x"}, retries=0)
    tagged = [it.id for it in cloud.servers() if it.tags.get("env")]
    assert failed["failed"] and failed["changed"] and failed["changed_ids"] == tagged and len(tagged) == 1
