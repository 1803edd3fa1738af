"""The life of a server, through Huawei's SDK."""

from __future__ import annotations

import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as sdk
from region_world import GROUP, IMAGE, SUBNET, VPC


def creation(**changes):
    server = sdk.PrePaidServer(
        name="hz",
        image_ref=IMAGE,
        flavor_ref="c7.large.2",
        vpcid=VPC,
        nics=[sdk.PrePaidServerNic(subnet_id=SUBNET)],
        root_volume=sdk.PrePaidServerRootVolume(volumetype="GPSSD", size=40),
        availability_zone="lab-north-1b",
        server_tags=[sdk.PrePaidServerTag("hazelcast", "prod-a")],
        **changes,
    )
    return sdk.CreateServersRequest(body=sdk.CreateServersRequestBody(server=server))


def finished_job(ecs, job_id):
    for _ in range(200):
        job = ecs.show_job(sdk.ShowJobRequest(job_id))
        if job.status in {"SUCCESS", "FAIL"}:
            return job
        time.sleep(0.01)
    raise AssertionError(f"job {job_id} never ended")


def test_create_show_tag_list_delete(ecs, world):
    created = ecs.create_servers(creation(count=2, description="two members"))
    assert len(created.server_ids) == 2
    job = finished_job(ecs, created.job_id)
    assert (job.status, job.job_type, job.entities.sub_jobs_total) == ("SUCCESS", "createServer", 2)
    assert [sub.entities.server_id for sub in job.entities.sub_jobs] == created.server_ids
    assert {sub.job_type for sub in job.entities.sub_jobs} == {"createSingleServer"}

    server = ecs.show_server(sdk.ShowServerRequest(created.server_ids[0])).server
    assert (server.name, server.status, server.os_ext_st_svm_state) == ("hz-0001", "ACTIVE", "active")
    assert server.tags == ["hazelcast=prod-a"]
    assert [address.addr for address in server.addresses[VPC]] == ["10.201.0.2"]
    assert server.os_ext_a_zavailability_zone == "lab-north-1b"
    assert [(group.id, group.name) for group in server.security_groups] == [(GROUP, "default")]

    tags = [sdk.ServerTag("env", "test"), sdk.ServerTag("hazelcast", "prod-b"), sdk.ServerTag("bare")]
    body = sdk.BatchCreateServerTagsRequestBody("create", tags)
    ecs.batch_create_server_tags(sdk.BatchCreateServerTagsRequest(server.id, body=body))
    shown = ecs.show_server_tags(sdk.ShowServerTagsRequest(server.id)).tags
    assert {tag.key: tag.value for tag in shown} == {"hazelcast": "prod-b", "env": "test", "bare": ""}
    assert ecs.show_server(sdk.ShowServerRequest(server.id)).server.tags == ["hazelcast=prod-b", "env=test", "bare"]
    project_tags = {tag.key: tag.values for tag in ecs.list_server_tags(sdk.ListServerTagsRequest()).tags}
    assert project_tags == {"hazelcast": ["prod-a", "prod-b"], "env": ["test"], "bare": [""]}
    gone = sdk.BatchDeleteServerTagsRequestBody("delete", [sdk.ServerTag("env", "test"), sdk.ServerTag("never")])
    ecs.batch_delete_server_tags(sdk.BatchDeleteServerTagsRequest(server.id, body=gone))
    assert ecs.show_server(sdk.ShowServerRequest(server.id)).server.tags == ["hazelcast=prod-b", "bare"]

    listed = ecs.list_servers_details(sdk.ListServersDetailsRequest(tags="hazelcast=prod-b"))
    assert (listed.count, [server.id for server in listed.servers]) == (1, [server.id])

    ids = [sdk.ServerId(server_id) for server_id in created.server_ids]
    deletion = ecs.delete_servers(sdk.DeleteServersRequest(body=sdk.DeleteServersRequestBody(servers=ids)))
    assert finished_job(ecs, deletion.job_id).status == "SUCCESS"
    assert ecs.list_servers_details(sdk.ListServersDetailsRequest()).servers == []
    assert world.driver.running() == set()


def test_post_paid_servers(ecs):
    server = sdk.PostPaidServer(
        name="hz",
        image_ref=IMAGE,
        flavor_ref="s6.small.1",
        vpcid=VPC,
        nics=[sdk.PostPaidServerNic(subnet_id=SUBNET, ip_address="10.201.0.77")],
        root_volume=sdk.PostPaidServerRootVolume(volumetype="SSD"),
        extendparam=sdk.PostPaidServerExtendParam(charging_mode="postPaid"),
    )
    body = sdk.CreatePostPaidServersRequestBody(server=server)
    created = ecs.create_post_paid_servers(sdk.CreatePostPaidServersRequest(body=body))
    assert finished_job(ecs, created.job_id).status == "SUCCESS"
    shown = ecs.show_server(sdk.ShowServerRequest(created.server_ids[0])).server
    assert [address.addr for address in shown.addresses[VPC]] == ["10.201.0.77"]
    assert (shown.flavor.vcpus, shown.flavor.ram) == ("1", "1024")


def test_what_the_region_offers(world, ecs):
    world.make(count=3)
    flavors = ecs.list_flavors(sdk.ListFlavorsRequest(availability_zone="lab-north-1a")).flavors
    assert {(flavor.id, flavor.vcpus, flavor.ram) for flavor in flavors} == {
        ("c7.large.2", "2", 4096),
        ("s6.small.1", "1", 1024),
    }
    zones = ecs.list_server_az_info(sdk.ListServerAzInfoRequest()).availability_zones
    assert [zone.availability_zone_id for zone in zones] == ["lab-north-1a", "lab-north-1b", "lab-north-1c"]
    limits = ecs.show_server_limits(sdk.ShowServerLimitsRequest()).absolute
    assert (limits.total_instances_used, limits.total_cores_used, limits.total_ram_used) == (3, 6, 12288)
    assert limits.max_total_instances == 200


def test_metadata_options(ecs):
    options = sdk.UpdateServerMetadataOptionsRequestBody(http_tokens="required")
    hardened = ecs.create_servers(creation(metadata_options=options)).server_ids[0]
    plain = ecs.create_servers(creation()).server_ids[0]

    def shown(server_id):
        options = ecs.show_metadata_options(sdk.ShowMetadataOptionsRequest(server_id))
        return options.http_endpoint, options.http_tokens

    assert shown(hardened) == ("enabled", "required")
    assert shown(plain) == ("enabled", "optional")
    off = sdk.UpdateServerMetadataOptionsRequestBody(http_endpoint="disabled")
    ecs.update_metadata_options(sdk.UpdateMetadataOptionsRequest(hardened, off))
    assert shown(hardened) == ("disabled", "required")
    for wrong in ({"http_tokens": "never"}, {"http_endpoint": "on"}):
        body = sdk.UpdateServerMetadataOptionsRequestBody(**wrong)
        with pytest.raises(ClientRequestException, match=r"Ecs\.0005"):
            ecs.update_metadata_options(sdk.UpdateMetadataOptionsRequest(plain, body))
    with pytest.raises(ClientRequestException, match=r"Ecs\.0114"):
        shown("nobody")
