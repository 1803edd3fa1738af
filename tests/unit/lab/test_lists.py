"""Lists: every page, every filter."""

from __future__ import annotations

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as sdk
from region_world import IMAGE, PROJECT, SECOND_PROJECT


def details(ecs, **query):
    return ecs.list_servers_details(sdk.ListServersDetailsRequest(**query))


def names(ecs, **query):
    return sorted(server.name for server in details(ecs, **query).servers)


def brief_names(ecs, **query):
    return sorted(server.name for server in ecs.list_cloud_servers(sdk.ListCloudServersRequest(**query)).servers)


@pytest.mark.parametrize("limit", [1, 7, 25, 60, 1000])
def test_markers_lead_to_the_end_without_loss(world, ecs, limit):
    made = {server.id for server in world.make(count=60)}
    seen, marker = [], None
    while True:
        page = details(ecs, limit=limit, marker=marker)
        assert page.count == 60
        seen += [server.id for server in page.servers]
        if len(page.servers) < limit:
            break
        marker = page.servers[-1].id
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == made


def test_servers_made_while_paging_lose_nothing(world, ecs):
    before = {server.id for server in world.make(count=20)}
    seen, marker = set(), None
    while page := details(ecs, limit=6, marker=marker).servers:
        seen |= {server.id for server in page}
        marker = page[-1].id
        world.make(name="late")
    assert seen == before


def test_brief_markers_lead_to_the_end_without_loss(world, ecs):
    made = {server.id for server in world.make(count=25)}
    seen, marker, links = [], None, []
    while True:
        page = ecs.list_cloud_servers(sdk.ListCloudServersRequest(limit=10, marker=marker))
        seen += [server.id for server in page.servers]
        links.append(len(page.servers_links))
        if len(page.servers) < 10:
            break
        marker = page.servers[-1].id
    assert sorted(seen) == sorted(made)
    assert links == [1, 1, 0]


def test_offset_is_a_page_number_from_one(world, ecs):
    world.make(count=5)
    pages = [[server.id for server in details(ecs, limit=2, offset=page).servers] for page in (0, 1, 2, 3, 4)]
    assert pages[0] == pages[1]
    assert [len(page) for page in pages[1:]] == [2, 2, 1, 0]
    assert len({server_id for page in pages for server_id in page}) == 5


def test_the_default_pages(world, ecs):
    world.make(count=30)
    assert len(details(ecs).servers) == 25
    assert len(ecs.list_cloud_servers(sdk.ListCloudServersRequest()).servers) == 10


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"status": "SLEEPING"}, {"marker": "nobody"}]
)
def test_values_out_of_range_are_refused(ecs, query):
    with pytest.raises(ClientRequestException) as caught:
        details(ecs, **query)
    assert (caught.value.status_code, caught.value.error_code) == (400, "Ecs.0005")


@pytest.fixture
def mixed(world):
    (first,) = world.make(name="hz-1", tags={"hazelcast": "prod-a", "env": "test"}, availability_zone="lab-north-1a")
    (second,) = world.make(name="hz.2", tags={"hazelcast": "prod-b"}, flavor_id="s6.small.1", key_name="ops")
    (third,) = world.make(name="web", tags={"bare": ""}, metadata={"role": "front"}, availability_zone="lab-north-1c")
    world.lifecycle.power(PROJECT, "stop", [third.id])
    assert world.jobs.wait(10)
    return first, second, third


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "hz"}, ["hz-1", "hz.2"]),
        ({"name": "z.2"}, ["hz.2"]),
        ({"name": "z.1"}, ["hz-1"]),
        ({"name": "[hz]"}, []),
        ({"flavor": "s6.small.1"}, ["hz.2"]),
        ({"status": "ACTIVE"}, ["hz-1", "hz.2"]),
        ({"status": "SHUTOFF"}, ["web"]),
        ({"status": "BUILD"}, []),
        ({"ip": "201.0.3"}, ["hz.2"]),
        ({"ip_eq": "10.201.0.2"}, ["hz-1"]),
        ({"ip_eq": "201.0.2"}, []),
        ({"tags": "hazelcast"}, ["hz-1", "hz.2"]),
        ({"tags": "hazelcast=prod-a"}, ["hz-1"]),
        ({"tags": ["hazelcast=prod-a", "env=test"]}, ["hz-1"]),
        ({"tags": ["hazelcast=prod-b", "env=test"]}, []),
        ({"tags": "bare="}, ["web"]),
        ({"not_tags": "hazelcast"}, ["web"]),
        ({"not_tags": "hazelcast=prod-a"}, ["hz.2", "web"]),
        ({"enterprise_project_id": "0"}, ["hz-1", "hz.2", "web"]),
        ({"enterprise_project_id": "all_granted_eps"}, ["hz-1", "hz.2", "web"]),
        ({"enterprise_project_id": "another"}, []),
        ({"name": "hz", "tags": "env"}, ["hz-1"]),
    ],
)
def test_filters(ecs, mixed, query, expected):
    assert names(ecs, **query) == expected
    assert details(ecs, **query, limit=1).count == len(expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "hz"}, ["hz-1", "hz.2"]),
        ({"flavor_name": "s6.small.1"}, ["hz.2"]),
        ({"image_id": IMAGE}, ["hz-1", "hz.2", "web"]),
        ({"availability_zone": "north-1"}, ["hz-1", "hz.2", "web"]),
        ({"availability_zone_eq": "lab-north-1c"}, ["web"]),
        ({"metadata": "role=front"}, ["web"]),
        ({"metadata_key": "role"}, ["web"]),
        ({"key_name": "ops"}, ["hz.2"]),
        ({"tags": "hazelcast=prod-b"}, ["hz.2"]),
        ({"launched_since": "2099-01-01T00:00:00Z"}, []),
        ({"launched_since": "2020-01-01T00:00:00Z"}, ["hz-1", "hz.2", "web"]),
        ({"charging_mode": "0"}, ["hz-1", "hz.2", "web"]),
        ({"in_recycle_bin": True}, []),
    ],
)
def test_brief_filters(ecs, mixed, query, expected):
    assert brief_names(ecs, **query) == expected


def test_the_reservation_of_a_batch(world, ecs):
    batch = world.make(count=3)
    world.make(name="other")
    found = details(ecs, reservation_id=batch[0].reservation_id)
    assert {server.id for server in found.servers} == {server.id for server in batch}


def test_a_project_shows_its_own_servers_only(world, url, ecs):
    world.make(count=2)
    from region_world import ecs_client

    assert details(ecs_client(url, world.account, project=SECOND_PROJECT)).servers == []
    (server, _) = details(ecs).servers
    with pytest.raises(ClientRequestException) as caught:
        ecs_client(url, world.account, project=SECOND_PROJECT).show_server(sdk.ShowServerRequest(server.id))
    assert (caught.value.status_code, caught.value.error_code) == (404, "Ecs.0114")
