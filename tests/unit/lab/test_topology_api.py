"""Floating addresses, security groups and hard power actions as the ECS API has them, by Huawei's own client."""

from __future__ import annotations

from dataclasses import replace

import huaweicloudsdkecs.v2 as sdk
import pytest
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from region_world import GROUP, IMAGE, PROJECT, SUBNET, VPC

from lab.settings import Rule, SecurityGroup

WEB = "0a6ddfa4-2f0f-4d20-9b5b-4b6c8d1c6a11"


@pytest.fixture
def public(world):
    """The region with five floating addresses, the first of which is the router's, and a second security group."""
    groups = (SecurityGroup(GROUP, "default", (Rule("ingress", group_id=GROUP),)), SecurityGroup(WEB, "web"))
    first, second = world.settings.regions
    settings = replace(
        world.settings,
        public_cidr="10.201.254.0/29",
        regions=(replace(first, security_groups=groups), replace(second, security_groups=())),
    )
    world.cloud.settings = settings
    world.cloud._regions = {region.project_id: region for region in settings.regions}
    world.region = settings.regions[0]
    return world


def order(ecs, name="one", publicip=None, groups=(), count=1):
    server = sdk.PrePaidServer(
        name=name,
        image_ref=IMAGE,
        flavor_ref="s6.small.1",
        vpcid=VPC,
        nics=[sdk.PrePaidServerNic(subnet_id=SUBNET)],
        root_volume=sdk.PrePaidServerRootVolume(volumetype="GPSSD"),
        publicip=publicip,
        security_groups=[sdk.PrePaidServerSecurityGroup(id=group) for group in groups],
        count=count,
    )
    return ecs.create_servers(sdk.CreateServersRequest(body=sdk.CreateServersRequestBody(server=server)))


def eip():
    bandwidth = sdk.PrePaidServerEipBandwidth(size=5, sharetype="PER", chargemode="traffic")
    return sdk.PrePaidServerPublicip(eip=sdk.PrePaidServerEip(iptype="5_bgp", bandwidth=bandwidth))


def test_a_floating_address_is_listed_beside_the_private_one(public, ecs):
    order(ecs, publicip=eip())
    [server] = ecs.list_servers_details(sdk.ListServersDetailsRequest()).servers
    fixed, floating = server.addresses[VPC]
    assert (fixed.os_ext_ip_stype, floating.os_ext_ip_stype) == ("fixed", "floating")
    assert floating.addr == server.network_interfaces[0].association.public_ip_address == "10.201.254.2"
    assert floating.os_ext_ips_ma_cmac_addr == fixed.os_ext_ips_ma_cmac_addr
    assert server.metadata["vpc_id"] == VPC


def test_every_server_has_another_one_and_gives_it_back(public, ecs):
    order(ecs, name="many", publicip=eip(), count=3)
    assert public.jobs.wait(10)
    assert public.cloud.store.public_addresses() == {"10.201.254.2", "10.201.254.3", "10.201.254.4"}
    first = next(server for server in public.cloud.servers(PROJECT) if server.name == "many-0001")
    public.lifecycle.delete(PROJECT, [first.id], public=True)
    assert public.jobs.wait(10)
    order(ecs, name="next", publicip=eip(), count=3)
    assert len(public.cloud.store.public_addresses()) == 5
    with pytest.raises(ServiceResponseException) as refused:
        order(ecs, name="more", publicip=eip())
    assert refused.value.error_code == "Ecs.0013"


def test_an_address_that_exists_cannot_be_bound(public, ecs):
    with pytest.raises(ServiceResponseException) as refused:
        order(ecs, publicip=sdk.PrePaidServerPublicip(id=SUBNET))
    assert refused.value.error_code == "Ecs.0005"


def test_groups_are_shown_by_name_and_reach_the_host(public, ecs, hosts):
    order(ecs, groups=(WEB, GROUP), publicip=eip())
    assert public.jobs.wait(10)
    expected = [{"id": WEB, "name": "web"}, {"id": GROUP, "name": "default"}]
    [detail] = ecs.list_servers_details(sdk.ListServersDetailsRequest()).servers
    [brief] = ecs.list_cloud_servers(sdk.ListCloudServersRequest(expect_fields=["security_groups"])).servers
    for shown in (detail, brief):
        assert [{"id": group.id, "name": group.name} for group in shown.security_groups] == expected
    [spec] = hosts.booted
    assert (spec.security_groups, spec.nics[0].public_address) == ((WEB, GROUP), "10.201.254.2")


def test_a_group_of_nowhere_is_refused(public, ecs):
    with pytest.raises(ServiceResponseException) as refused:
        order(ecs, groups=("ffffffff-0000-0000-0000-000000000000",))
    assert refused.value.error_code == "Ecs.0014"


@pytest.fixture
def calls(hosts, monkeypatch):
    """The names of the driver's methods in the order of their calls."""
    made = []
    for name in ("stop", "kill", "start"):
        real = getattr(hosts, name)
        monkeypatch.setattr(hosts, name, lambda server_id, name=name, real=real: (made.append(name), real(server_id)))
    return made


@pytest.mark.parametrize(("kind", "call"), [("SOFT", "stop"), ("HARD", "kill")])
def test_hard_takes_the_power_away(world, ecs, calls, kind, call):
    [server] = world.make()
    ids = [sdk.ServerId(id=server.id)]
    stop = sdk.BatchStopServersRequestBody(os_stop=sdk.BatchStopServersOption(servers=ids, type=kind))
    ecs.batch_stop_servers(sdk.BatchStopServersRequest(body=stop))
    assert world.jobs.wait(10)
    assert calls.pop(0) == call
    assert world.cloud.server(PROJECT, server.id).status == "SHUTOFF"
    start = sdk.BatchStartServersRequestBody(os_start=sdk.BatchStartServersOption(servers=ids))
    ecs.batch_start_servers(sdk.BatchStartServersRequest(body=start))
    assert world.jobs.wait(10)
    reboot = sdk.BatchRebootServersRequestBody(reboot=sdk.BatchRebootSeversOption(servers=ids, type=kind))
    ecs.batch_reboot_servers(sdk.BatchRebootServersRequest(body=reboot))
    assert world.jobs.wait(10)
    assert calls == ["start", call, "start"]
    assert world.cloud.server(PROJECT, server.id).status == "ACTIVE"
