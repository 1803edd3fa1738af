"""Every kind of fault over the wire: with Huawei's own client, or with a socket where the client hides what came."""

from __future__ import annotations

import http.client
import json
import socket
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest
import requests
from huaweicloudsdkcore.exceptions.exceptions import (
    ClientRequestException,
    ConnectionException,
    ServerResponseException,
)
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkecs import v2 as sdk
from huaweicloudsdkiam import v3 as iam_sdk
from huaweicloudsdkiam.v3.iam_credentials import IamCredentials
from region_world import PROJECT, Raw, ecs_client, host_of
from test_iam import login
from test_servers import creation, finished_job

LIST = sdk.ListServersDetailsRequest()


@pytest.fixture
def faults(world):
    return world.cloud.faults


def signed(world, url, **parts):
    return Raw(**parts).signed(host_of(url), world.account.access_key, world.account.secret_key)


def hits(faults):
    return [(fault.seen, fault.hits) for fault in faults.listed()]


def test_latency(ecs, faults):
    ecs.list_servers_details(LIST)
    faults.add("ListServersDetails", "latency=0.3", times=1)
    started = time.monotonic()
    assert ecs.list_servers_details(LIST).count == 0
    assert 0.3 <= time.monotonic() - started < 2
    assert hits(faults) == [(1, 1)]


def test_latencies_do_not_hold_up_other_requests(world, url, faults):
    faults.add("ListServersDetails", "latency=1")
    raw = signed(world, url)
    with socket.create_connection(("127.0.0.1", int(host_of(url).split(":")[1]))) as slow:
        lines = "".join(f"{name}: {value}\r\n" for name, value in raw.headers.items())
        slow.sendall(f"GET {raw.target} HTTP/1.1\r\n{lines}\r\n".encode())
        started = time.monotonic()
        assert signed(world, url, path=f"/v1/{PROJECT}/availability-zones").send(url)[0] == 200
        assert time.monotonic() - started < 0.8


def test_429_keeps_its_code_and_orders_nothing(world, ecs, faults):
    faults.add("CreateServers", "429", times=1)
    with pytest.raises(ClientRequestException) as caught:
        ecs.create_servers(creation())
    assert (caught.value.status_code, caught.value.error_code) == (429, "APIGW.0308")
    assert "throttling threshold has been reached" in caught.value.error_msg
    assert caught.value.request_id
    assert world.cloud.servers(PROJECT) == []
    assert finished_job(ecs, ecs.create_servers(creation()).job_id).status == "SUCCESS"


@pytest.mark.parametrize(
    ("kind", "status", "retry_after"),
    [("429", 429, None), ("429=7", 429, "7"), ("503", 503, "1"), ("503=9", 503, "9"), ("500", 500, None)],
)
def test_retry_after(world, url, faults, *, kind, status, retry_after):
    faults.add("ListServersDetails", kind)
    answer, headers, body = signed(world, url).send(url)
    assert (answer, headers["Retry-After"]) == (status, retry_after)
    assert json.loads(body)


@pytest.mark.parametrize(("kind", "code"), [("500", "Common.0001"), ("503", "APIGW.0202")])
def test_server_errors(ecs, faults, kind, code):
    faults.add("ListServersDetails", kind)
    with pytest.raises(ServerResponseException) as caught:
        ecs.list_servers_details(LIST)
    assert (caught.value.status_code, caught.value.error_code) == (int(kind), code)


def test_iam_words_a_500_in_its_own_way(iam, faults):
    faults.add("KeystoneListProjects", "500")
    with pytest.raises(ServerResponseException) as caught:
        iam.keystone_list_projects(iam_sdk.KeystoneListProjectsRequest())
    assert (caught.value.status_code, caught.value.error_msg) == (500, "An unexpected error occurred.")


@pytest.mark.parametrize(("kind", "kept"), [("cut-off", None), ("cut-off=5", 5), ("cut-off=0", 0)])
def test_a_body_is_cut_off(world, url, faults, kind, kept):
    world.make(count=3)
    _, headers, whole = signed(world, url).send(url)
    faults.add("ListServersDetails", kind, times=1)
    with pytest.raises(http.client.IncompleteRead) as caught:
        signed(world, url).send(url)
    assert caught.value.partial == whole[: len(whole) // 2 if kept is None else kept]
    assert len(caught.value.partial) + caught.value.expected == len(whole) == int(headers["Content-Length"])
    assert signed(world, url).send(url)[2] == whole


def test_the_sdk_meets_a_body_that_is_cut_off(world, ecs, faults):
    world.make(count=3)
    faults.add("ListServersDetails", "cut-off", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):  # not an SdkException either
        ecs.list_servers_details(LIST)
    assert ecs.list_servers_details(LIST).count == 3


def test_hang_does_nothing_until_the_caller_gives_up(world, url, faults):
    faults.add("CreateServers", "hang", times=1)
    impatient = ecs_client(url, world.account, config=HttpConfig(timeout=(2, 0.3)))
    with pytest.raises(requests.exceptions.ReadTimeout):  # the SDK lets that of its HTTP library through
        impatient.create_servers(creation())
    assert world.cloud.servers(PROJECT) == []
    assert [(entry.operation, entry.status, entry.faults) for entry in world.journal.entries()] == [
        ("CreateServers", 0, ("hang",))
    ]
    assert impatient.create_servers(creation()).job_id


@pytest.mark.parametrize("body", ["[]", "null", '{"servers":[', ""])
def test_a_wrong_body(world, url, ecs, faults, body):
    """The client hides it: a list that is None, or an exception that is none of its own."""
    faults.add("ListServersDetails", f"wrong-json={body}" if body else "wrong-json")
    status, headers, sent = signed(world, url).send(url)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert sent.decode() == body or (not body and sent.startswith(b"<html>"))
    if body != "[]":
        assert ecs.list_servers_details(LIST).servers is None


def test_a_reset_comes_after_the_effect(world, ecs, faults):
    faults.add("CreateServers", "reset", times=1)
    with pytest.raises(ConnectionException):
        ecs.create_servers(creation(count=2))
    assert world.jobs.wait(5)
    assert [server.status for server in world.cloud.servers(PROJECT)] == ["ACTIVE", "ACTIVE"]


def test_a_reset_is_one_on_the_wire(world, url, faults):
    faults.add("ListServersDetails", "reset")
    with pytest.raises(ConnectionResetError):
        signed(world, url).send(url)


def test_an_answer_without_a_body_can_be_reset_too(world, ecs, faults):
    (server,) = world.make()
    faults.add("BatchCreateServerTags", "reset", times=1)
    faults.add("BatchCreateServerTags", "cut-off")
    tags = sdk.BatchCreateServerTagsRequestBody(action="create", tags=[sdk.ServerTag("k", "v")])
    request = sdk.BatchCreateServerTagsRequest(server_id=server.id, body=tags)
    with pytest.raises(ConnectionException):
        ecs.batch_create_server_tags(request)
    assert world.cloud.server(PROJECT, server.id).tags == {"k": "v"}
    ecs.batch_create_server_tags(request)
    assert hits(faults) == [(2, 1), (2, 0)]


def test_an_expired_token_stays_expired(url, faults):
    unsigned = iam_sdk.IamClient.new_builder().with_credentials(IamCredentials()).with_endpoint(url).build()
    token = login(unsigned).x_subject_token
    bearer = iam_sdk.IamClient.new_builder().with_credentials(IamCredentials().with_x_auth_token(token))
    client = bearer.with_endpoint(url).build()
    projects = iam_sdk.KeystoneListAuthProjectsRequest()
    assert len(client.keystone_list_auth_projects(projects).projects) == 2
    faults.add("KeystoneListAuthProjects", "expired-token", times=1)
    for _ in range(2):
        with pytest.raises(ClientRequestException, match="token expires, expires_at: ") as caught:
            client.keystone_list_auth_projects(projects)
        assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
    renewed = Raw(path="/v3/auth/projects", headers={"X-Auth-Token": login(unsigned).x_subject_token})
    assert renewed.send(url)[0] == 200


def test_an_expired_temporary_key(world, url, ecs, faults):
    cloud = world.cloud
    key = cloud.change(lambda: cloud.credentials.issue_key(world.account, 900, cloud.now()))
    pair = SimpleNamespace(access_key=key.access, secret_key=key.secret)
    temporary = ecs_client(url, pair, security_token=key.security_token)
    assert temporary.list_servers_details(LIST).count == 0
    faults.add("*", "expired-token")
    assert ecs.list_servers_details(LIST).count == 0, "a permanent key has no token that could expire"
    assert hits(faults) == [(1, 0)]
    with pytest.raises(ClientRequestException, match="Get secretKey failed"):
        temporary.list_servers_details(LIST)


@pytest.mark.parametrize("minutes", [20, -20])
def test_a_shifted_clock(world, url, ecs, faults, minutes):
    faults.add("ListServersDetails", f"clock={minutes}")
    with pytest.raises(ClientRequestException, match="differs from the server's by over 15 minutes") as caught:
        ecs.list_servers_details(LIST)
    assert caught.value.status_code == 401
    raw = signed(world, url)
    shown = parsedate_to_datetime(raw.send(url)[1]["Date"])
    assert abs((shown - world.cloud.now()).total_seconds() - 60 * minutes) < 5
    assert ecs.list_server_az_info(sdk.ListServerAzInfoRequest()).availability_zones


def test_a_slightly_shifted_clock_is_accepted(ecs, faults):
    faults.add("*", "clock=14")
    assert ecs.list_servers_details(LIST).count == 0


def test_a_locked_key(ecs, faults):
    faults.add("ListServersDetails", "ak-locked", times=1)
    with pytest.raises(ClientRequestException, match="AK access failed to reach the limit,forbidden") as caught:
        ecs.list_servers_details(LIST)
    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
    assert ecs.list_servers_details(LIST).count == 0


@pytest.mark.parametrize(("kind", "code"), [("quota", "Ecs.0001"), ("sold-out", "Ecs.0319")])
def test_no_room(world, ecs, faults, kind, code):
    faults.add("CreateServers", kind, times=1)
    with pytest.raises(ClientRequestException) as caught:
        ecs.create_servers(creation())
    assert (caught.value.status_code, caught.value.error_code) == (400, code)
    assert world.cloud.servers(PROJECT) == []
    assert ecs.create_servers(creation()).server_ids


def test_a_job_that_fails(world, ecs, faults):
    faults.add("CreateServers", "job-fails", times=1)
    created = ecs.create_servers(creation())
    job = finished_job(ecs, created.job_id)
    assert (job.status, job.error_code) == ("FAIL", "Ecs.0219")
    assert "Failed to create the ECS." in job.fail_reason
    (server,) = world.cloud.servers(PROJECT)
    assert (server.status, world.driver.running()) == ("ERROR", set())
    again = finished_job(ecs, ecs.create_servers(creation()).job_id)
    assert again.status == "SUCCESS"


def test_a_refused_request_uses_up_no_fault_of_a_job(ecs, faults):
    faults.add("CreateServers", "job-fails", times=1)
    refused = creation()
    refused.body.server.flavor_ref = "none"
    with pytest.raises(ClientRequestException):
        ecs.create_servers(refused)
    assert hits(faults) == [(1, 0)]


def test_a_job_that_never_ends_goes_on_when_released(world, ecs, faults):
    faults.add("CreateServers", "job-never-ends")
    created = ecs.create_servers(creation())
    assert world.jobs.wait(5)
    assert ecs.show_job(sdk.ShowJobRequest(created.job_id)).status == "RUNNING"
    (server,) = world.cloud.servers(PROJECT)
    assert (server.status, world.driver.running()) == ("BUILD", set())
    ecs.create_servers(creation())
    faults.clear()
    assert world.jobs.release() == 2
    assert finished_job(ecs, created.job_id).status == "SUCCESS"
    assert world.cloud.server(PROJECT, server.id).status == "ACTIVE"


def test_a_server_whose_job_never_ends_can_be_deleted(world, ecs, faults):
    faults.add("CreateServers", "job-never-ends", times=1)
    created = ecs.create_servers(creation())
    deletion = sdk.DeleteServersRequestBody(servers=[sdk.ServerId(created.server_ids[0])])
    assert finished_job(ecs, ecs.delete_servers(sdk.DeleteServersRequest(deletion)).job_id).status == "SUCCESS"
    assert world.cloud.servers(PROJECT) == []
    world.jobs.release()
    assert finished_job(ecs, created.job_id).fail_reason == "Failed to create the ECS. The ECS does not exist."
