"""Private images: made once, found by name or tag, deleted; whatever happens on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cuts import cut
from instance_world import NEW

MODULE = "huaweicloud_ims_image"


@pytest.fixture
def server(cloud):
    return cloud.run(name="builder", state="stopped", **NEW)["instance"]["id"]


def image(cloud, **params):
    return cloud.run(MODULE, **params)


def images(cloud):
    return [it.name for it in cloud.cloud.store.images.values()]


def test_an_image_is_made_once_found_and_deleted(cloud, server):
    wanted = {"name": "hz-1", "server": server, "tags": {"hazelcast": "5.3.1"}, "description": "members"}
    predicted = image(cloud, check=True, **wanted)
    assert predicted["changed"] and predicted["image"]["id"] is None and images(cloud) == []
    made = image(cloud, **wanted)
    assert made["changed"] and made["image"]["status"] == "active" and made["image"]["server_id"] == server
    assert made["image"].keys() == predicted["image"].keys()
    cloud.forget()
    assert not image(cloud, **wanted)["changed"] and cloud.requests() == 1
    newer = image(cloud, name="hz-2", server=server, tags={"hazelcast": "5.3.1"})
    found = image(cloud, state="found", tags={"hazelcast": ""})
    assert sorted(it["name"] for it in found["images"]) == ["hz-1", "hz-2"] and found["image"]["id"]
    assert image(cloud, state="found", name="hz-2")["image"] == newer["image"]
    assert image(cloud, state="found", tags={"hazelcast": "9"})["image"] is None
    assert image(cloud, state="absent", name="hz-1", check=True)["changed"] and len(images(cloud)) == 2
    assert image(cloud, state="absent", name="hz-1")["changed"] and images(cloud) == ["hz-2"]
    assert not image(cloud, state="absent", name="hz-1")["changed"]
    assert image(cloud, state="absent", id=newer["image"]["id"])["changed"] and images(cloud) == []


def test_servers_are_made_of_it_by_name(cloud, server):
    made = image(cloud, name="hz-1", server=server)["image"]
    cloud.run(name="member", **{**NEW, "image": "hz-1"})
    assert next(it for it in cloud.servers() if it.name == "member").image_id == made["id"]


def test_refusals_say_what_is_wrong(cloud):
    running = cloud.run(name="runs", **NEW)["instance"]["id"]
    assert "not in stopped state" in image(cloud, name="x", server=running)["msg"]
    assert "no server to make it from is given" in image(cloud, name="x")["msg"]
    assert "missing" in image(cloud, server=running)["msg"]


def test_a_failed_job_is_named(cloud, server):
    cloud.fault("CreateImage", "job-fails")
    failed = image(cloud, name="hz-1", server=server)
    assert failed["failed"] and "(image hz-1) failed" in failed["msg"]


@pytest.mark.parametrize("how", [{"wait": False}, {"check": True}, {}])
def test_an_image_that_will_never_be_ready_is_refused(cloud, server, how):
    image(cloud, name="hz-1", server=server)
    (key,) = cloud.cloud.store.images
    cloud.cloud.store.images[key] = replace(cloud.cloud.store.images[key], status="killed")
    assert "is killed: delete it and run again" in image(cloud, name="hz-1", server=server, **how)["msg"]
    assert image(cloud, name="hz-1", state="absent")["changed"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_cut_makes_no_second_image(cloud, server, call, when):
    with cut(call, "reset", when):
        first = image(cloud, name="hz-1", server=server)
    again = image(cloud, name="hz-1", server=server)
    assert "failed" not in again, again["msg"]
    assert again["image"]["status"] == "active" and images(cloud) == ["hz-1"]
    assert "failed" not in first and not again["changed"]
    with cut(2, "reset", when):
        assert image(cloud, state="absent", name="hz-1")["changed"]
    assert images(cloud) == []
