"""One server, from nothing to nothing."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from instance_world import NEW, OTHER_GROUP, ZONES
from region_world import GROUP, IMAGE, PROJECT, SUBNET


def only(cloud):
    (server,) = cloud.servers()
    return server


def test_a_server_is_made_once(cloud):
    made = cloud.run(name="hz-1", availability_zone=ZONES[1], tags={"env": "test"}, key_name="ops", **NEW)
    assert made["changed"] and made["steps"] == ["create hz-1 in lab-north-1b"]
    assert made["created_ids"] == made["instance_ids"] == [only(cloud).id]
    assert made["instance"] == made["instances"][0]
    assert made["instance"]["private_ipv4"] == "10.201.0.2" and made["instance"]["status"] == "ACTIVE"
    assert only(cloud).tags == {"env": "test"} and only(cloud).key_name == "ops"
    cloud.forget()
    again = cloud.run(name="hz-1", availability_zone=ZONES[1], tags={"env": "test"}, key_name="ops", **NEW)
    assert not again["changed"] and again["instances"] == made["instances"]
    assert [it.operation for it in cloud.journal.entries()] == ["ListServersDetails"]


def test_an_image_may_be_named(cloud):
    made = cloud.run(name="hz-1", **{**NEW, "image": "Debian 11"})
    assert made["instance"]["image_id"] == IMAGE
    cloud.forget()
    assert not cloud.run(name="hz-1", **{**NEW, "image": "Debian 11"})["changed"]
    assert cloud.requests() == 1
    missing = cloud.run(name="hz-2", **{**NEW, "image": "Debian 99"})
    assert missing["failed"] and "no image called Debian 99" in missing["msg"]
    assert cloud.names() == ["hz-1"]


def test_user_data_and_password_never_come_back(cloud):
    secret, password = "#!/bin/bash\necho 's3cr3t-of-the-day'", "Correct-Horse-7"
    made = cloud.run(name="hz-1", user_data=secret, admin_password=password, diff=True, **NEW)
    assert only(cloud).user_data
    text = json.dumps({name: value for name, value in made.items() if name != "invocation"})
    assert "s3cr3t" not in text and password not in text and only(cloud).user_data not in text
    assert "s3cr3t" not in json.dumps(made["invocation"]) and password not in json.dumps(made["invocation"])
    assert "s3cr3t" not in cloud.state_file.read_text()


def test_in_place_changes(cloud):
    cloud.run(name="old", tags={"env": "test", "gone": "x"}, metadata={"a": "1", "b": "2"}, **NEW)
    server_id = only(cloud).id
    cloud.forget()
    wanted = {
        "id": server_id,
        "name": "new",
        "tags": {"env": "prod", "more": "y"},
        "metadata": {"a": "3", "b": None},
        "security_groups": [OTHER_GROUP],
        "agency": "other",
    }
    changed = cloud.run(diff=True, **wanted)
    assert changed["changed_ids"] == [server_id]
    server = only(cloud)
    assert (server.id, server.name, server.tags) == (server_id, "new", {"env": "prod", "more": "y"})
    assert server.security_groups == (OTHER_GROUP,)
    assert server.metadata["a"] == "3" and "b" not in server.metadata and server.agency == "other"
    assert changed["diff"]["before"][server_id]["name"] == "old"
    assert changed["diff"]["after"][server_id]["tags"] == {"env": "prod", "more": "y"}
    cloud.forget()
    assert not cloud.run(**wanted)["changed"] and cloud.writes() == []


def test_a_group_is_added_before_the_last_one_goes(cloud):
    cloud.run(name="hz-1", **NEW)
    cloud.forget()
    cloud.run(name="hz-1", security_groups=["members"])
    assert cloud.writes() == ["NovaAssociateSecurityGroup", "NovaDisassociateSecurityGroup"]
    cloud.forget()
    assert not cloud.run(name="hz-1", security_groups=[OTHER_GROUP])["changed"]


def test_tags_omitted_are_left_and_empty_ones_go(cloud):
    cloud.run(name="hz-1", tags={"env": "test"}, **NEW)
    cloud.cloud.update_server(only(cloud).id, tags={**only(cloud).tags, "_sys_x": "1"})
    assert not cloud.run(name="hz-1")["changed"]
    assert not cloud.run(name="hz-1", tags={}, purge_tags=False)["changed"]
    assert cloud.run(name="hz-1", tags={})["changed"]
    assert only(cloud).tags == {"_sys_x": "1"}


@pytest.mark.parametrize("state", ["stopped", "started", "restarted"])
def test_power(cloud, state):
    cloud.run(name="hz-1", **NEW)
    cloud.forget()
    first = cloud.run(name="hz-1", state=state)
    writes = {"stopped": ["BatchStopServers"], "started": [], "restarted": ["BatchRebootServers"]}[state]
    assert cloud.writes() == writes and first["changed"] == bool(writes)
    status = "SHUTOFF" if state == "stopped" else "ACTIVE"
    assert first["instance"]["status"] == only(cloud).status == status
    assert cloud.run(name="hz-1", state="started")["changed"] == (state == "stopped")


def test_restarted_starts_a_stopped_server_and_does_not_restart_it_again(cloud):
    cloud.run(name="hz-1", state="stopped", **NEW)
    cloud.forget()
    started = cloud.run(name="hz-1", state="restarted")
    assert cloud.writes() == ["BatchStartServers"] and started["instance"]["status"] == "ACTIVE"
    cloud.forget()
    cloud.run(name="hz-1", state="restarted", flavor="s6.small.1", force=True)
    assert cloud.writes() == ["BatchStopServers", "ResizePostPaidServer", "BatchStartServers"]


def test_a_new_server_may_be_wanted_stopped(cloud):
    made = cloud.run(name="hz-1", state="stopped", **NEW)
    assert made["instance"]["status"] == "SHUTOFF" and only(cloud).status == "SHUTOFF"
    assert not cloud.run(name="hz-1", state="stopped", **NEW)["changed"]


def test_a_new_server_is_not_restarted(cloud):
    cloud.run(name="hz-1", state="restarted", **NEW)
    assert cloud.writes() == ["CreateServers"]


def test_another_flavor_needs_force_and_comes_back_running(cloud):
    cloud.run(name="hz-1", **NEW)
    refused = cloud.run(name="hz-1", flavor="s6.small.1")
    assert not refused["changed"] and refused["differences"][0]["option"] == "flavor"
    assert "without force=true" in refused["warnings"][0]
    predicted = cloud.run(name="hz-1", flavor="s6.small.1", force=True, check=True)
    cloud.forget()
    resized = cloud.run(name="hz-1", flavor="s6.small.1", force=True)
    assert cloud.writes() == ["BatchStopServers", "ResizePostPaidServer", "BatchStartServers"]
    assert resized["instance"]["flavor"] == "s6.small.1" and resized["instance"]["status"] == "ACTIVE"
    assert predicted["instance"] == resized["instance"]
    assert not cloud.run(name="hz-1", flavor="s6.small.1", force=True)["changed"]
    assert json.loads(cloud.state_file.read_text())["to_start"] == []


def test_a_stopped_server_is_resized_and_stays_stopped(cloud):
    cloud.run(name="hz-1", state="stopped", **NEW)
    assert cloud.run(name="hz-1", flavor="s6.small.1", force=True)["instance"]["status"] == "SHUTOFF"


def test_immutable_differences_are_listed_and_change_nothing(cloud):
    cloud.run(name="hz-1", availability_zone=ZONES[0], **NEW)
    cloud.forget()
    asked = cloud.run(
        name="hz-1",
        image="Debian 12",
        availability_zone=ZONES[1],
        key_name="other",
        server_group="g",
        networks=[{"subnet_id": "elsewhere", "address": "10.201.0.99"}],
    )
    assert not asked["changed"] and cloud.writes() == [] and len(cloud.servers()) == 1
    options = {it["option"] for it in asked["differences"]}
    assert options == {
        "image",
        "availability_zone",
        "key_name",
        "server_group",
        "networks.subnet_id",
        "networks.address",
    }
    assert len(asked["warnings"]) == 6 and "hz-1: image is Debian 11, not Debian 12" in asked["warnings"][0]


def test_two_of_one_name_are_ambiguous(cloud):
    ids = sorted(it.id for _ in range(2) for it in cloud.make(name="twin"))
    for state in ("present", "absent", "stopped"):
        refused = cloud.run(name="twin", state=state, **NEW)
        assert refused["failed"] and all(it in refused["msg"] for it in ids)
        assert refused["instances"] == [] and refused["changed"] is False
    assert cloud.run(id=ids[0], state="absent")["deleted_ids"] == [ids[0]]
    assert only(cloud).id == ids[1]


def test_a_name_is_matched_exactly(cloud):
    cloud.make(name="hz.1x")
    made = cloud.run(name="hz.1", **NEW)
    assert made["changed"] and cloud.names() == ["hz.1", "hz.1x"]
    cloud.run(name="hz.1", state="absent")
    assert cloud.names() == ["hz.1x"]


def test_absent(cloud):
    cloud.run(name="hz-1", **NEW)
    server_id = only(cloud).id
    gone = cloud.run(name="hz-1", state="absent")
    assert gone["deleted_ids"] == [server_id] and gone["instances"] == [] and gone["instance"] is None
    assert cloud.servers() == []
    assert not cloud.run(name="hz-1", state="absent")["changed"]
    assert not cloud.run(id=server_id, state="absent")["changed"]
    missing = cloud.run(id=server_id)
    assert missing["failed"] and server_id in missing["msg"]


def test_what_is_missing_to_make_a_server_is_named(cloud):
    refused = cloud.run(name="hz-1", flavor="c7.large.2")
    assert refused["failed"] and "cannot be made without image, vpc_id, networks" in refused["msg"]
    assert cloud.writes() == []


def test_protection_refuses_and_force_overrides(cloud):
    cloud.run(name="hz-1", delete_protection=True, **NEW)
    assert cloud.run(name="hz-1")["instance"]["delete_protection"] is True
    refused = cloud.run(name="hz-1", state="absent")
    assert refused["failed"] and "delete_protection" in refused["msg"] and len(cloud.servers()) == 1
    assert cloud.run(name="hz-1", delete_protection=False)["changed"]
    assert cloud.run(name="hz-1")["instance"]["delete_protection"] is False
    cloud.run(name="hz-1", delete_protection=True)
    assert cloud.run(name="hz-1", state="absent", force=True)["changed"] and cloud.servers() == []


def test_fixed_address_eip_and_disks(cloud):
    made = cloud.run(
        name="hz-1",
        system_disk={"type": "SSD", "size": 50},
        data_disks=[{"size": 20}],
        eip={"bandwidth_size": 5},
        **{**NEW, "networks": [{"subnet_id": SUBNET, "address": "10.201.0.77"}]},
    )
    assert "msg" not in made, made["msg"]
    assert made["instance"]["private_ipv4"] == "10.201.0.77" and made["instance"]["public_ipv4"]
    assert [(it.type, it.size, it.delete_on_termination) for it in only(cloud).volumes] == [
        ("SSD", 50, True),
        ("GPSSD", 20, True),
    ]


def test_disks_that_stay_are_named_and_other_parts_are_compared(cloud):
    disks = [{"size": 20}, {"size": 10, "delete_on_termination": False}]
    made = cloud.run(name="hz-1", data_disks=disks, **NEW)
    assert made["instance"]["kept_disks"] == [only(cloud).volumes[2].id] and made["differences"] == []
    asked = cloud.run(name="hz-1", data_disks=disks[:1], eip={"bandwidth_size": 5})
    assert not asked["changed"]
    assert [(it["option"], it["actual"], it["wanted"]) for it in asked["differences"]] == [
        ("data_disks", 2, 1),
        ("eip", None, "5_bgp"),
    ]


def test_metadata_the_cloud_writes_too_may_be_set(cloud):
    wanted = {"name": "hz-1", "metadata": {"__support_agent_list": "hss,ces", "a": "b"}}
    made = cloud.run(**wanted, **NEW)
    assert "failed" not in made, made["msg"]
    assert made["instance"]["metadata"] == {"a": "b"}
    assert not cloud.run(**wanted)["changed"]
    other = {"name": "hz-1", "metadata": {"__support_agent_list": "ces"}}
    predicted = cloud.run(check=True, **other)
    assert predicted["changed"] and predicted["instance"]["metadata"] == {"a": "b"}
    assert cloud.run(**other)["changed"] and only(cloud).metadata["__support_agent_list"] == "ces"


def test_without_wait_nothing_is_waited_for(cloud):
    cloud.hosts.gate.clear()
    made = cloud.run(name="hz-1", wait=False, **NEW)
    assert made["changed"] and made["instance"]["status"] == "BUILD" and made["created_ids"] == made["instance_ids"]
    again = cloud.run(name="hz-1", wait=False, **NEW)
    assert not again["changed"] and len(cloud.servers()) == 1
    cloud.hosts.gate.set()
    assert cloud.run(name="hz-1", **NEW)["instance"]["status"] == "ACTIVE"
    assert json.loads(cloud.state_file.read_text())["orders"] == []


def test_a_server_that_is_leaving_is_waited_for_and_made_anew(cloud):
    cloud.run(name="hz-1", **NEW)
    old = only(cloud).id
    cloud.hosts.end.clear()
    cloud.run(name="hz-1", state="absent", wait=False)
    assert cloud.cloud.server(PROJECT, old)
    threading.Timer(1, cloud.hosts.end.set).start()
    made = cloud.run(name="hz-1", **NEW)
    assert made["instance"]["id"] != old and len(cloud.servers()) == 1


def test_a_broken_server_is_reported_and_kept(cloud):
    cloud.run(name="hz-1", **NEW)
    server = only(cloud)
    cloud.cloud.update_server(server.id, status="ERROR", task_state=None)
    seen = cloud.run(name="hz-1", **NEW)
    assert not seen["changed"] and "is in ERROR" in seen["warnings"][0]
    assert cloud.run(name="hz-1", state="started")["failed"]
    assert only(cloud).id == server.id
    assert replace(only(cloud)).security_groups == (GROUP,)
