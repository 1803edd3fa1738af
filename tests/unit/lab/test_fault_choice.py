"""Which requests a fault hits: by count, by region, by operation, and among several faults."""

from __future__ import annotations

import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ServerResponseException
from huaweicloudsdkecs import v2 as sdk
from huaweicloudsdkiam import v3 as iam_sdk
from huaweicloudsdkiam.v3.iam_credentials import IamCredentials
from region_world import SECOND_PROJECT, ecs_client
from test_iam import login
from test_servers import finished_job

LIST = sdk.ListServersDetailsRequest()


@pytest.fixture
def faults(world):
    return world.cloud.faults


def hits(faults):
    return [(fault.seen, fault.hits) for fault in faults.listed()]


def test_after_and_times(ecs, faults):
    faults.add("ListServersDetails", "500", times=2, after=1)
    seen = []
    for _ in range(5):
        try:
            seen.append(ecs.list_servers_details(LIST).count)
        except ServerResponseException as error:
            seen.append(error.status_code)
    assert seen == [0, 500, 500, 0, 0]
    assert hits(faults) == [(5, 2)]


def test_several_faults_of_one_request(ecs, faults):
    faults.add("List*", "503", after=1)
    faults.add("*", "500", after=1)
    faults.add("ListServersDetails", "latency=0.1")
    faults.add("ListServersDetails", "latency=0.1")
    started = time.monotonic()
    assert ecs.list_servers_details(LIST).count == 0
    assert time.monotonic() - started >= 0.2
    with pytest.raises(ServerResponseException) as caught:
        ecs.list_servers_details(LIST)
    assert caught.value.status_code == 503, "the first one that was added answers"
    assert hits(faults) == [(2, 1), (2, 0), (2, 2), (2, 2)]


def test_a_region_alone_is_hit(world, url, ecs, iam, faults):
    faults.add("*@lab-south-1", "500")
    assert ecs.list_servers_details(LIST).count == 0
    with pytest.raises(ServerResponseException):
        ecs_client(url, world.account, project=SECOND_PROJECT).list_servers_details(LIST)
    assert iam.keystone_list_projects(iam_sdk.KeystoneListProjectsRequest(name="lab-north-1")).projects
    with pytest.raises(ServerResponseException):
        iam.keystone_list_projects(iam_sdk.KeystoneListProjectsRequest(name="lab-south-1"))
    unsigned = iam_sdk.IamClient.new_builder().with_credentials(IamCredentials()).with_endpoint(url).build()
    scope = iam_sdk.AuthScope(project=iam_sdk.AuthScopeProject(name="lab-south-1"))
    assert login(unsigned).x_subject_token
    with pytest.raises(ServerResponseException):
        login(unsigned, scope=scope)


def test_operations_that_share_a_path_are_told_apart(world, ecs, faults):
    (server,) = world.make()
    faults.add("BatchStopServers", "500")
    faults.add("BatchDeleteServerTags", "500")
    tag = sdk.ServerTag("k", "v")
    body = sdk.BatchCreateServerTagsRequestBody(action="create", tags=[tag])
    ecs.batch_create_server_tags(sdk.BatchCreateServerTagsRequest(server_id=server.id, body=body))
    reboot = sdk.BatchRebootSeversOption(servers=[sdk.ServerId(server.id)], type="SOFT")
    body = sdk.BatchRebootServersRequestBody(reboot=reboot)
    assert finished_job(ecs, ecs.batch_reboot_servers(sdk.BatchRebootServersRequest(body)).job_id).status == "SUCCESS"
    stop = sdk.BatchStopServersOption(servers=[sdk.ServerId(server.id)])
    with pytest.raises(ServerResponseException):
        ecs.batch_stop_servers(sdk.BatchStopServersRequest(sdk.BatchStopServersRequestBody(os_stop=stop)))
