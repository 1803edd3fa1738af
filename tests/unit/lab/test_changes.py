"""What changes of a server that exists, through Huawei's SDK: name, flavor, groups; and what outlives it."""

from __future__ import annotations

import dataclasses
import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as sdk
from region_world import GROUP, IMAGE, PROJECT, SUBNET, VPC, World

from lab import settings
from lab.region.orders import VolumeOrder

SECOND_GROUP = "b" * 36


@pytest.fixture
def world(hosts):
    """The region with a second security group and floating addresses."""
    made = World(hosts)
    region = made.settings.regions[0]
    groups = (*region.security_groups, settings.SecurityGroup(SECOND_GROUP, "web"))
    changed = dataclasses.replace(region, security_groups=groups)
    made.settings = dataclasses.replace(
        made.settings, public_cidr="10.201.254.0/24", regions=(changed, *made.settings.regions[1:])
    )
    made.cloud.settings = made.settings
    made.cloud._regions[PROJECT] = changed
    made.region = changed
    return made


def update(ecs, server_id, **changes):
    body = sdk.UpdateServerRequestBody(server=sdk.UpdateServerOption(**changes))
    return ecs.update_server(sdk.UpdateServerRequest(server_id, body=body))


def resize(ecs, server_id, flavor="s6.small.1", **options):
    body = sdk.ResizePostPaidServerRequestBody(resize=sdk.ResizePostPaidServerOption(flavor_ref=flavor, **options))
    return ecs.resize_post_paid_server(sdk.ResizePostPaidServerRequest(server_id, body=body))


def refused(code, act, *arguments, **options):
    with pytest.raises(ClientRequestException) as caught:
        act(*arguments, **options)
    assert caught.value.error_code == code
    return caught.value


def test_a_new_name_is_not_a_new_host_name(world, ecs):
    (server,) = world.make(name="old_name")
    answer = update(ecs, server.id, name="new", description="renamed")
    assert answer.server.name == "new"
    shown = ecs.show_server(sdk.ShowServerRequest(server.id)).server
    assert (shown.name, shown.description, shown.os_ext_srv_att_rhostname) == ("new", "renamed", "old-name")
    update(ecs, server.id, hostname="third")
    assert world.cloud.server(PROJECT, server.id).hostname == "third"
    assert world.cloud.server(PROJECT, server.id).name == "new"
    refused("Ecs.0915", update, ecs, server.id, name="two words")
    refused("Ecs.0041", update, ecs, server.id, description="<b>")
    assert world.cloud.server(PROJECT, server.id).name == "new"


def test_a_stopped_server_is_resized(world, ecs, hosts):
    (server,) = world.make(flavor_id="c7.large.2")
    refused("Ecs.0100", resize, ecs, server.id)
    world.lifecycle.power(PROJECT, "stop", [server.id])
    assert world.jobs.wait(10)
    refused("Ecs.0810", resize, ecs, server.id, flavor="c7.large.2")
    refused("Ecs.0029", resize, ecs, server.id, flavor="none.such.1")
    assert resize(ecs, server.id).job_id
    assert world.jobs.wait(10)
    changed = world.cloud.server(PROJECT, server.id)
    assert (changed.status, changed.flavor_id) == ("SHUTOFF", "s6.small.1")
    assert changed.metadata["metering.resourcespeccode"] == "s6.small.1.linux"


def test_a_running_server_is_resized_with_a_stop_and_runs_again(world, ecs, hosts):
    (server,) = world.make(flavor_id="c7.large.2")
    resize(ecs, server.id, mode="withStopServer")
    assert world.jobs.wait(10)
    assert (world.cloud.server(PROJECT, server.id).status, hosts.running()) == ("ACTIVE", {server.id})
    body = sdk.ResizeServerRequestBody(resize=sdk.ResizePrePaidServerOption(flavor_ref="c7.large.2"), dry_run=True)
    assert ecs.resize_server(sdk.ResizeServerRequest(server.id, body=body)).job_id is None
    assert world.cloud.server(PROJECT, server.id).flavor_id == "s6.small.1"


def test_a_sold_out_flavor_changes_nothing(world, ecs):
    (server,) = world.make(flavor_id="c7.large.2")
    world.cloud.faults.add("Resize*", "sold-out")
    refused("Ecs.0319", resize, ecs, server.id, mode="withStopServer")
    assert world.cloud.server(PROJECT, server.id).flavor_id == "c7.large.2"


def test_security_groups_come_and_go_by_id_or_name(world, ecs, hosts):
    (server,) = world.make()
    seen = []
    hosts.regroup = lambda server_id, groups: seen.append((server_id, groups))

    def add(name):
        body = sdk.NovaAssociateSecurityGroupRequestBody(sdk.NovaAddSecurityGroupOption(name))
        return ecs.nova_associate_security_group(sdk.NovaAssociateSecurityGroupRequest(server.id, body=body))

    def remove(name):
        body = sdk.NovaDisassociateSecurityGroupRequestBody(sdk.NovaRemoveSecurityGroupOption(name))
        return ecs.nova_disassociate_security_group(sdk.NovaDisassociateSecurityGroupRequest(server.id, body=body))

    add("web")
    add(SECOND_GROUP)
    remove(GROUP)
    assert seen == [(server.id, (GROUP, SECOND_GROUP)), (server.id, (SECOND_GROUP,))]
    assert world.cloud.server(PROJECT, server.id).security_groups == (SECOND_GROUP,)
    refused("Ecs.0014", remove, GROUP)
    refused("Ecs.0014", remove, "web")
    refused("Ecs.0014", add, "never heard of")
    assert world.cloud.server(PROJECT, server.id).security_groups == (SECOND_GROUP,)


def test_server_groups(world, ecs):
    def create(name, policy="anti-affinity"):
        body = sdk.CreateServerGroupRequestBody(sdk.CreateServerGroupOption(name, [policy]))
        return ecs.create_server_group(sdk.CreateServerGroupRequest(body=body)).server_group

    first, second = create("one"), create("two")
    refused("Ecs.0005", create, "three", "affinity")
    (server,) = world.make(server_group=first.id)
    shown = ecs.show_server_group(sdk.ShowServerGroupRequest(first.id)).server_group
    assert (shown.name, shown.policies, shown.members) == ("one", ["anti-affinity"], [server.id])
    assert world.cloud.server(PROJECT, server.id).server_group == first.id
    listed = ecs.list_server_groups(sdk.ListServerGroupsRequest(limit=1))
    assert ([group.id for group in listed.server_groups], listed.page_info.next_marker) == ([second.id], second.id)
    rest = ecs.list_server_groups(sdk.ListServerGroupsRequest(limit=1, marker=second.id))
    assert ([group.id for group in rest.server_groups], rest.page_info.next_marker) == ([first.id], None)
    for group in (first, second):
        ecs.delete_server_group(sdk.DeleteServerGroupRequest(group.id))
    refused("Ecs.0313", ecs.show_server_group, sdk.ShowServerGroupRequest(first.id))
    assert world.cloud.server(PROJECT, server.id).server_group == ""
    for number in range(10):
        create(f"group-{number}")
    refused("Ecs.0022", create, "eleventh")


def order(ecs, **changes):
    eip = sdk.PrePaidServerEip(iptype="5_bgp", bandwidth=sdk.PrePaidServerEipBandwidth(size=5, sharetype="PER"))
    server = sdk.PrePaidServer(
        name="hz",
        image_ref=IMAGE,
        flavor_ref="c7.large.2",
        vpcid=VPC,
        nics=[sdk.PrePaidServerNic(subnet_id=SUBNET)],
        root_volume=sdk.PrePaidServerRootVolume(volumetype="GPSSD", size=40),
        publicip=sdk.PrePaidServerPublicip(eip=eip, **changes),
    )
    body = sdk.CreateServersRequestBody(server=server)
    return ecs.create_servers(sdk.CreateServersRequest(body=body)).server_ids[0]


def delete(ecs, world, *server_ids, **options):
    servers = [sdk.ServerId(server_id) for server_id in server_ids]
    ecs.delete_servers(sdk.DeleteServersRequest(body=sdk.DeleteServersRequestBody(servers=servers, **options)))
    assert world.jobs.wait(10)


def test_what_outlives_a_server_is_known(world, ecs):
    kept, gone = order(ecs), order(ecs, delete_on_termination=True)
    assert world.jobs.wait(10)
    delete(ecs, world, kept, gone)
    (left,) = world.cloud.store.remnants.values()
    assert (left.kind, left.what, left.server_name) == ("eip", "10.201.254.2", "hz")
    assert world.cloud.store.public_addresses() == {"10.201.254.2"}
    delete(ecs, world, order(ecs), delete_publicip=True)
    assert len(world.cloud.store.remnants) == 1


def test_data_disks_outlive_a_server_unless_told_otherwise(world, ecs):
    disks = (VolumeOrder("SSD", 10), VolumeOrder("SSD", 20, delete_on_termination=True))
    first, second = (world.make(name=name, data_volumes=disks)[0] for name in ("first", "second"))
    delete(ecs, world, first.id)
    assert [(left.kind, left.what) for left in world.cloud.store.remnants.values()] == [("volume", "/dev/vdb")]
    delete(ecs, world, second.id, delete_volume=True)
    assert [left.server_name for left in world.cloud.store.remnants.values()] == ["first"]


def test_a_job_takes_as_long_as_it_is_told(world, ecs):
    world.cloud.faults.add("DeleteServers", "job-takes=0.3")
    (server,) = world.make()
    started = time.monotonic()
    body = sdk.DeleteServersRequestBody(servers=[sdk.ServerId(server.id)])
    job_id = ecs.delete_servers(sdk.DeleteServersRequest(body=body)).job_id
    assert ecs.show_job(sdk.ShowJobRequest(job_id)).status == "RUNNING"
    while ecs.show_job(sdk.ShowJobRequest(job_id)).status != "SUCCESS":
        assert time.monotonic() - started < 10
        time.sleep(0.02)
    assert time.monotonic() - started >= 0.3
