"""What the list of servers shows late, in part, or otherwise than asked."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from unittest.mock import patch

import pytest
from ansible.module_utils.huaweicloud.instance import converge
from ansible.module_utils.huaweicloud.instance.api import ServerApi
from ansible.module_utils.huaweicloud.instance.ledger import Ledger
from ansible.module_utils.huaweicloud.instance.seen import Group
from cuts import Killed, cut
from instance_world import NEW, ZONES
from region_world import GROUP

POOL = {"name": "hz", "count_tags": {"hazelcast": "a"}, "availability_zones": ZONES, **NEW}


@contextlib.contextmanager
def listed(change):
    """The list as `change` makes it of the servers there are."""
    read = ServerApi.list
    with patch.object(ServerApi, "list", lambda self, query=(): change(read(self, query))):
        yield


def orders(cloud):
    return json.loads(cloud.state_file.read_text())["orders"]


def test_servers_that_are_ordered_and_not_listed_yet_are_not_ordered_again(cloud):
    cloud.hosts.gate.clear()
    with listed(lambda _: []):
        for _ in range(2):
            assert "failed" not in cloud.run(exact_count=2, wait=False, **POOL)
    assert len(cloud.servers()) == 2 and len(orders(cloud)) == 2
    cloud.hosts.gate.set()
    assert len(cloud.run(exact_count=2, **POOL)["instances"]) == len(cloud.servers()) == 2
    assert orders(cloud) == []


def test_without_wait_orders_are_settled_when_their_jobs_have_ended(cloud):
    cloud.run(name="hz-1", wait=False, **NEW)
    assert cloud.jobs.wait(10)
    assert not cloud.run(name="hz-1", wait=False, **NEW)["changed"]
    assert orders(cloud) == []


def test_what_another_run_orders_after_the_last_look_is_not_ordered_again(cloud):
    exclusive, others = Ledger.exclusive, []

    def after_another_run(self):
        if not others:
            others.append(None)
            others[0] = cloud.run(exact_count=3, **POOL)
        return exclusive(self)

    with patch.object(Ledger, "exclusive", after_another_run):
        mine = cloud.run(exact_count=3, **POOL)
    assert "failed" not in mine, mine["msg"]
    assert others[0]["changed"] and not mine["changed"] and len(mine["instances"]) == len(cloud.servers()) == 3


def test_an_order_sent_again_for_servers_that_are_gone_by_now_is_given_up(cloud):
    with cut(3, "killed", "after"), contextlib.suppress(Killed):
        cloud.run(name="hz-1", state="present", **NEW)
    assert [it["job_id"] for it in orders(cloud)] == [""]
    assert cloud.jobs.wait(10)
    cloud.lifecycle.delete(cloud.servers()[0].project_id, [cloud.servers()[0].id])
    assert cloud.jobs.wait(10) and cloud.servers() == []
    with patch.object(converge, "UNLISTED", 0.2):
        made = cloud.run(name="hz-1", **NEW)
    assert "failed" not in made, made["msg"]
    assert made["created_ids"] == [it.id for it in cloud.servers()] and orders(cloud) == []


def test_an_order_of_another_project_is_not_ones_own(cloud):
    with cut(3, "killed", "before"), contextlib.suppress(Killed):
        cloud.run(name="hz-1", **NEW)
    (order,) = orders(cloud)
    text = cloud.state_file.read_text().replace(order["project_id"], "f" * 32)
    cloud.state_file.write_text(text)
    cloud.run(name="hz-1", **NEW)
    assert [it["token"] for it in orders(cloud)] == [order["token"]]


@pytest.mark.parametrize("params", [{"name": "hz-0001", "state": "absent"}, {"exact_count": 0, **POOL}])
def test_a_deletion_whose_answer_was_lost_is_a_change(cloud, params):
    cloud.run(exact_count=1, **POOL)
    (server,) = cloud.servers()
    with cut(2, "reset", "after"):
        gone = cloud.run(**params)
    assert "failed" not in gone, gone["msg"]
    assert gone["changed"] and gone["deleted_ids"] == [server.id] and cloud.servers() == []


def test_a_server_whose_deletion_failed_is_not_among_the_deleted(cloud):
    cloud.run(name="hz-1", **NEW)
    cloud.fault("DeleteServers", "job-fails")
    failed = cloud.run(name="hz-1", state="absent")
    assert failed["failed"] and failed["deleted_ids"] == [] and failed["changed"]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"state": "started"}, "is in SUSPENDED and cannot be started"),
        ({"state": "stopped"}, "is in SUSPENDED and cannot be stopped"),
        ({"flavor": "s6.small.1", "force": True}, "is in SUSPENDED and cannot be resized"),
    ],
)
def test_what_a_server_in_another_state_cannot_be_is_said(cloud, params, said):
    cloud.run(name="hz-1", **NEW)

    def suspended(servers):
        return [replace(it, server=replace(it.server, status="SUSPENDED")) for it in servers]

    with listed(suspended):
        refused = cloud.run(name="hz-1", **params)
        assert refused["failed"] and said in refused["msg"]
        assert "is in SUSPENDED" in cloud.run(name="hz-1")["warnings"][0]


def test_security_groups_listed_without_their_ids_are_left_alone(cloud):
    cloud.run(name="hz-1", **NEW)
    cloud.forget()
    with listed(lambda servers: [replace(it, groups=(Group(name="default"),)) for it in servers]):
        same = cloud.run(name="hz-1", security_groups=[GROUP])
        assert not same["changed"] and "(default) are listed without their ids" in same["warnings"][0]
        assert not cloud.run(name="hz-1", security_groups=["default"])["warnings"]
    assert cloud.writes() == []


def test_a_tag_without_a_value_counts(cloud):
    queries = []
    read = ServerApi.list
    with patch.object(ServerApi, "list", lambda self, query=(): queries.append(list(query)) or read(self, query)):
        cloud.run(exact_count=0, count_tags={"hazelcast": "", "env": "x"})
    assert queries == [[("tags", "env=x")]]
