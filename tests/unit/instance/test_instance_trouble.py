"""The fault table: what is said, what is left, and that the next run makes it the plan."""

from __future__ import annotations

import json
import stat
import threading

import pytest
from instance_world import NEW, ZONES
from region_world import GROUP, PASSWORD, SUBNET, VPC
from starlette.responses import JSONResponse

POOL = {"name": "hz", "count_tags": {"hazelcast": "a"}, "availability_zones": ZONES, **NEW}
THREE = ["hz-0001", "hz-0002", "hz-0003"]


def orders(cloud):
    return json.loads(cloud.state_file.read_text())["orders"]


def finished(cloud, names=THREE, **params):
    """The next run makes it the plan, with no server too many."""
    again = cloud.run(exact_count=3, **{**POOL, **params})
    assert "failed" not in again, again["msg"]
    assert cloud.names() == names and orders(cloud) == []
    assert all(it["status"] == "ACTIVE" for it in again["instances"])


@pytest.mark.parametrize("kind", ["429", "500", "503", "reset", "cut-off", "wrong-json"])
def test_trouble_on_the_way_is_got_over_in_the_same_run(cloud, kind):
    for operation in ("ListServersDetails", "CreateServers", "ShowJob"):
        cloud.fault(operation, kind, times=2)
    made = cloud.run(exact_count=3, **POOL)
    assert "failed" not in made, made["msg"]
    assert cloud.names() == THREE and len(cloud.hosts.booted) == 3 and orders(cloud) == []


@pytest.mark.parametrize("kind", ["429", "500", "reset"])
def test_trouble_that_does_not_end_is_an_error_that_leaves_a_plan(cloud, kind):
    fault = cloud.fault("CreateServers", kind, times=None)
    refused = cloud.run(exact_count=3, retries=1, **POOL)
    assert refused["failed"] and "ECS of region lab-north-1" in refused["msg"]
    if kind == "429":
        assert "throttles access key ****0001" in refused["msg"]
    assert [it["job_id"] for it in orders(cloud)] == [""]
    cloud.cloud.faults.clear(fault.id)
    finished(cloud)
    assert len(cloud.hosts.booted) == 3


def test_a_failed_job_gives_its_code_and_what_it_left_is_deleted(cloud):
    cloud.fault("CreateServers", "job-fails")
    failed = cloud.run(exact_count=3, **POOL)
    assert failed["failed"] and "(create hz-0001 hz-0002) failed: Ecs.0219" in failed["msg"]
    assert failed["job_ids"][0] in failed["msg"] and "was deleted" in failed["msg"]
    assert cloud.names() == ["hz-0003"]
    assert failed["changed"] and len(failed["deleted_ids"]) == 2
    finished(cloud)


def test_a_failed_job_may_be_reported_only(cloud):
    cloud.fault("CreateServers", "job-fails")
    failed = cloud.run(exact_count=3, on_failure="report", **POOL)
    assert failed["failed"] and "What it left is there to be looked at." in failed["msg"]
    assert cloud.names() == THREE
    again = cloud.run(exact_count=3, on_failure="report", **POOL)
    assert again["failed"] and "hz-0001" in again["msg"] and "on_failure=delete" in again["msg"]
    assert len(cloud.hosts.booted) == 1
    finished(cloud)


def test_a_job_that_never_ends_is_named_and_waited_for_again(cloud):
    fault = cloud.fault("CreateServers", "job-never-ends")
    late = cloud.run(exact_count=3, wait_timeout=1, **POOL)
    assert late["failed"] and "had not ended after 1 s" in late["msg"] and "run again" in late["msg"]
    (order,) = orders(cloud)
    assert order["job_id"] in late["msg"] and order["names"] == ["hz-0001", "hz-0002"]
    later = cloud.run(exact_count=3, wait_timeout=1, **POOL)
    assert later["failed"] and order["job_id"] in later["msg"] and len(cloud.servers()) == 3
    cloud.cloud.faults.clear(fault.id)
    cloud.jobs.release()
    finished(cloud)
    assert len(cloud.hosts.booted) == 3


def test_servers_of_a_job_that_never_ends_can_be_deleted(cloud):
    cloud.fault("CreateServers", "job-never-ends")
    cloud.run(exact_count=3, wait_timeout=1, **POOL)
    gone = cloud.run(exact_count=0, count_tags={"hazelcast": "a"})
    assert len(gone["deleted_ids"]) == 3 and cloud.servers() == []


@pytest.mark.parametrize(("operation", "state"), [("BatchStopServers", "stopped"), ("DeleteServers", "absent")])
def test_a_power_or_delete_job_that_fails_is_named(cloud, operation, state):
    cloud.run(name="hz-1", **NEW)
    cloud.fault(operation, "job-fails")
    failed = cloud.run(name="hz-1", state=state)
    assert failed["failed"] and "failed: Ecs." in failed["msg"] and failed["job_ids"][0] in failed["msg"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("quota", "the quota of region lab-north-1 has no room for 2 more of flavor c7.large.2"),
        ("sold-out", "flavor c7.large.2 is sold out in availability zone lab-north-1a"),
    ],
)
def test_no_room(cloud, kind, said):
    cloud.fault("CreateServers", kind)
    refused = cloud.run(exact_count=3, **POOL)
    assert refused["failed"] and said in refused["msg"] and not refused["changed"]
    if kind == "quota":
        assert "0 of 200 servers used" in refused["msg"]
    assert cloud.servers() == [] and orders(cloud) == []
    finished(cloud)


def test_no_room_for_the_second_zone_tells_what_was_made(cloud):
    cloud.fault("CreateServers", "sold-out", after=1)
    refused = cloud.run(exact_count=3, **POOL)
    assert "sold out in availability zone lab-north-1b" in refused["msg"]
    assert refused["changed"] and len(refused["created_ids"]) == 2
    assert [it.status for it in cloud.servers()] == ["ACTIVE"] * 2 and orders(cloud) == []
    finished(cloud)


WRONG = {
    "flavor": ({"flavor": "c9.huge"}, "flavor c9.huge does not exist"),
    "image": ({"image": "0" * 32}, f"image {'0' * 32} does not exist"),
    "subnet": ({"networks": [{"subnet_id": "nowhere"}]}, "subnet nowhere does not exist"),
    "vpc": ({"vpc_id": "nothing"}, f"vpc_id nothing or security group {GROUP} does not exist"),
    "group": ({"security_groups": ["nobody"]}, f"vpc_id {VPC} or security group nobody does not exist"),
    "key pair": ({"key_name": "lost"}, "key pair lost does not exist"),
    "zone": ({"availability_zones": ["lab-north-1z"]}, "lab-north-1z is not in region"),
    "password": ({"admin_password": "password1"}, "admin_password is too simple"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(cloud, what):
    changes, said = WRONG[what]
    refused = cloud.run(exact_count=1, **{**POOL, **changes})
    assert refused["failed"] and refused["msg"].startswith("hz: ") and said in refused["msg"]
    assert "password1" not in refused["msg"]
    assert cloud.servers() == [] and orders(cloud) == []


def test_an_address_that_is_taken_is_named(cloud):
    networks = [{"subnet_id": SUBNET, "address": "10.201.0.9"}]
    cloud.run(name="hz-1", **{**NEW, "networks": networks})
    refused = cloud.run(name="hz-2", **{**NEW, "networks": networks})
    assert refused["failed"] and "the fixed address 10.201.0.9 is taken" in refused["msg"]


def test_no_right_names_the_permission(cloud, socket_and_switch):
    _, switch = socket_and_switch

    async def gateway(scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "POST":
            error = {"error": {"code": "Ecs.0003", "message": "You do not have permission to perform the operation."}}
            await JSONResponse(error, 403)(scope, receive, send)
        else:
            await cloud.api(scope, receive, send)

    switch.application = gateway
    refused = cloud.run(exact_count=1, **POOL)
    assert refused["failed"] and "the permission ecs:cloudServers:createServers is missing" in refused["msg"]
    assert orders(cloud) == []


def test_a_token_that_expires_while_a_job_is_waited_for_is_renewed(cloud):
    cloud.fault("ShowJob", "expired-token")
    account = cloud.account
    login = {"iam_domain": account.domain, "iam_user": account.user, "iam_password": PASSWORD}
    made = cloud.run(exact_count=3, **login, access_key="", secret_key="", project_id=None, **POOL)
    assert "failed" not in made, made["msg"]
    assert cloud.names() == THREE and cloud.requests("KeystoneCreateUserTokenByPassword") == 2


def test_two_runs_at_once_make_what_one_makes(cloud):
    results = []
    runs = [threading.Thread(target=lambda: results.append(_converge(cloud))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert results == [None] * 3 and cloud.names() == THREE and len(cloud.hosts.booted) == 3


def _converge(cloud):
    """The module without its process-wide parts, so that several run side by side in one process."""
    from ansible.module_utils.huaweicloud.instance.api import ServerApi
    from ansible.module_utils.huaweicloud.instance.converge import Manner, Run
    from ansible.module_utils.huaweicloud.instance.options import read_wanted
    from ansible.module_utils.huaweicloud.instance.outcome import Outcome
    from ansible.module_utils.huaweicloud.redact import Redactor
    from ansible.module_utils.huaweicloud_module import ARGUMENTS, connect

    params = {**{name: spec.get("default") for name, spec in ARGUMENTS.items()}, **cloud.connection()}
    connection = connect(params, Redactor())
    entry = read_wanted({**POOL, "exact_count": 3}, "lab-north-1", "hz")
    api = ServerApi(connection.client, "lab-north-1", cloud.region.project_id)
    Run([entry], {"lab-north-1": api}, Manner(cloud.state_file), Outcome([entry])).go()


def test_the_state_file_is_private_and_a_damaged_one_stops_the_run(cloud):
    cloud.run(name="hz-1", **NEW)
    assert stat.S_IMODE(cloud.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cloud.state_file.parent.stat().st_mode) == 0o700
    cloud.state_file.write_text("{")
    refused = cloud.run(name="hz-2", **NEW)
    assert refused["failed"] and "is damaged" in refused["msg"] and cloud.names() == ["hz-1"]


def test_a_state_file_that_cannot_be_used_is_named(cloud):
    (cloud.state_file.parent / f".{cloud.state_file.name}.orders").mkdir(parents=True)
    refused = cloud.run(name="hz-1", **NEW)
    assert refused["failed"] and f"The state file {cloud.state_file} cannot be used" in refused["msg"]
    assert cloud.servers() == []


def test_without_the_state_file_a_cut_run_is_finished_by_tags_and_names(cloud):
    cloud.hosts.gate.clear()
    cloud.run(exact_count=3, wait=False, **POOL)
    cloud.state_file.unlink()
    threading.Timer(0.3, cloud.hosts.gate.set).start()
    again = cloud.run(exact_count=3, **POOL)
    assert not again["changed"] and cloud.names() == THREE
    assert all(it["status"] == "ACTIVE" for it in again["instances"])


def test_an_order_of_another_body_is_looked_for_and_not_repeated(cloud):
    fault = cloud.fault("CreateServers", "reset", times=None)
    cloud.run(name="hz-1", retries=0, **NEW)
    cloud.cloud.faults.clear(fault.id)
    assert len(cloud.servers()) == 1
    cloud.run(id=cloud.servers()[0].id, state="absent")
    # The token is known to have made a server, of other tags; that one is gone, so a new one is right.
    made = cloud.run(name="hz-1", tags={"other": "body"}, **NEW)
    assert "failed" not in made, made["msg"]
    assert cloud.names() == ["hz-1"] and cloud.servers()[0].tags == {"other": "body"}


@pytest.mark.parametrize("params", [{"state": "stopped"}, {"tags": {"a": "b"}}, {"state": "absent"}])
def test_what_is_refused_is_no_change(cloud, socket_and_switch, params):
    cloud.run(name="hz-1", **NEW)
    _, switch = socket_and_switch

    async def gateway(scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "POST":
            await JSONResponse({"error": {"code": "Ecs.0003", "message": "No permission."}}, 403)(scope, receive, send)
        else:
            await cloud.api(scope, receive, send)

    switch.application = gateway
    refused = cloud.run(name="hz-1", **params)
    assert refused["failed"] and not refused["changed"]
    assert refused["changed_ids"] == refused["deleted_ids"] == []
