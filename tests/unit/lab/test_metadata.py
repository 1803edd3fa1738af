"""The instance metadata service: each server sees its own, nobody else sees anything."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest
from huaweicloudsdkecs.v2 import ListServersDetailsRequest
from region_world import PROJECT, PUBLIC_KEY, Clock, NoHosts, Raw, World, ecs_client

SCRIPT = "#!/bin/bash\necho 'root:x' | chpasswd\nbash /home/init.sh\n"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def neighbours(clock, socket_and_switch):
    """Two servers with loopback addresses, so that a test can call from them, and the metadata service."""
    world = World(NoHosts(), now=clock, first="127.201.0")
    (plain,) = world.make(name="Plain_One")
    (full,) = world.make(
        name="full",
        user_data=base64.b64encode(SCRIPT.encode()).decode(),
        key_name="ops",
        metadata={"agency_name": "ecs-hz-agency", "colour": "green"},
        tags={"hazelcast": "prod-a"},
    )
    address, switch = socket_and_switch
    switch.application = world.metadata
    return SimpleNamespace(world=world, url=address, plain=plain, full=full)


def ask(neighbours, path, server=None, method="GET", **headers):
    source = server.nics[0].address if server else None
    status, _, body = Raw(method, path, headers=headers).send(neighbours.url, source)
    return status, body.decode()


def test_each_server_gets_its_own(neighbours):
    for server in (neighbours.plain, neighbours.full):
        status, body = ask(neighbours, "/openstack/latest/meta_data.json", server)
        assert (status, json.loads(body)["uuid"]) == (200, server.id)


@pytest.mark.parametrize("path", ["/", "/openstack", "/openstack/latest/meta_data.json", "/latest/meta-data/"])
def test_an_unknown_caller_gets_nothing(neighbours, path):
    assert ask(neighbours, path)[0] == 404


def test_meta_data(neighbours):
    data = json.loads(ask(neighbours, "/openstack/latest/meta_data.json", neighbours.full)[1])
    assert data["name"] == "full"
    assert data["hostname"] == "full.novalocal"
    assert (data["project_id"], data["region_id"]) == (PROJECT, "lab-north-1")
    assert data["availability_zone"] == "lab-north-1a"
    assert data["instance_type"] == "c7.large.2"
    assert data["public_keys"] == {"ops": PUBLIC_KEY + "\n"}
    assert (data["meta"]["colour"], data["meta"]["vpc_id"]) == ("green", neighbours.full.vpc_id)
    assert "hazelcast" not in json.dumps(data)
    assert len(base64.b64decode(data["random_seed"])) == 512
    plain = json.loads(ask(neighbours, "/openstack/latest/meta_data.json", neighbours.plain)[1])
    assert plain["hostname"] == "plain-one.novalocal"
    assert "public_keys" not in plain


def test_what_cloud_init_asks_for(neighbours):
    status, versions = ask(neighbours, "/openstack", neighbours.full)
    assert status == 200
    for version in versions.split():
        for name in ("meta_data.json", "vendor_data.json", "network_data.json"):
            status, body = ask(neighbours, f"/openstack/{version}/{name}", neighbours.full)
            assert status == 200
            assert isinstance(json.loads(body), dict)
    assert ask(neighbours, "/openstack/1999-01-01/meta_data.json", neighbours.full)[0] == 404
    assert ask(neighbours, "/openstack/latest/user_data", neighbours.full) == (200, SCRIPT)
    assert ask(neighbours, "/openstack/latest/user_data", neighbours.plain)[0] == 404


def test_network_data(neighbours):
    data = json.loads(ask(neighbours, "/openstack/latest/network_data.json", neighbours.full)[1])
    (link,), (network,) = data["links"], data["networks"]
    assert link["ethernet_mac_address"] == "fa:16:3e:c9:00:03"
    assert (network["ip_address"], network["netmask"]) == ("127.201.0.3", "255.255.255.0")
    assert network["routes"][0]["gateway"] == "127.201.0.1"
    assert network["link"] == link["id"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("hostname", "full.novalocal"),
        ("local-hostname", "full.novalocal"),
        ("instance-type", "c7.large.2"),
        ("local-ipv4", "127.201.0.3"),
        ("public-ipv4", ""),
        ("placement/availability-zone", "lab-north-1a"),
        ("placement", "availability-zone"),
        ("public-keys/", "0=ops"),
        ("public-keys/0/openssh-key", PUBLIC_KEY),
        ("security-groups", "default"),
    ],
)
def test_the_ec2_paths(neighbours, path, expected):
    assert ask(neighbours, f"/latest/meta-data/{path}", neighbours.full) == (200, expected)


def test_the_ec2_tree(neighbours):
    status, names = ask(neighbours, "/latest/meta-data/", neighbours.full)
    assert status == 200
    assert {"instance-id", "placement/", "public-keys/"} <= set(names.split())
    assert ask(neighbours, "/latest/meta-data/nothing", neighbours.full)[0] == 404
    assert ask(neighbours, "/latest/meta-data/hostname/deeper", neighbours.full)[0] == 404
    assert ask(neighbours, "/latest/meta-data/public-keys/", neighbours.plain)[0] == 404
    assert ask(neighbours, "/latest/user-data", neighbours.full) == (200, SCRIPT)
    assert ask(neighbours, "/latest/user-data", neighbours.plain)[0] == 404
    assert "latest" in ask(neighbours, "/", neighbours.full)[1].split()


def security_key(neighbours):
    status, body = ask(neighbours, "/openstack/latest/securitykey", neighbours.full)
    assert status == 200
    return json.loads(body)["credential"]


def test_no_agency_no_key(neighbours):
    status, body = ask(neighbours, "/openstack/latest/securitykey", neighbours.plain)
    assert (status, body) == (401, "Please configure Cloud Service Agency first")


def test_the_agencys_key_opens_the_api_and_rotates(neighbours, clock, at_socket):
    key = security_key(neighbours)
    clock.advance(minutes=49)
    assert security_key(neighbours) == key
    clock.advance(minutes=2)
    newer = security_key(neighbours)
    assert newer["access"] != key["access"]
    assert newer["expires_at"] > key["expires_at"]
    clock.advance(minutes=-51)
    pair = SimpleNamespace(access_key=newer["access"], secret_key=newer["secret"])
    url = at_socket(neighbours.world)
    client = ecs_client(url, pair, security_token=newer["securitytoken"])
    assert client.list_servers_details(ListServersDetailsRequest()).count == 2


def test_the_sdks_metadata_credentials(neighbours, monkeypatch, at_socket):
    """The SDK's own provider against this service, from the address of the server with the agency."""
    import requests
    from huaweicloudsdkcore.auth import provider
    from huaweicloudsdkcore.auth.internal import MetadataAccessor

    class FromServer(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args, **kwargs):
            super().init_poolmanager(*args, source_address=(neighbours.full.nics[0].address, 0), **kwargs)

    def call(method, url, **kwargs):
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", FromServer())
            return session.request(method, url, **{"timeout": 5, **kwargs})

    monkeypatch.setattr(MetadataAccessor, "_METADATA_ENDPOINT", neighbours.url)
    monkeypatch.setattr(requests, "get", lambda url, **kwargs: call("GET", url, **kwargs))
    monkeypatch.setattr(requests, "put", lambda url, **kwargs: call("PUT", url, **kwargs))
    credentials = provider.MetadataCredentialProvider.get_basic_credential_metadata_provider().get_credentials()
    assert credentials.ak in neighbours.world.cloud.store.temporary_keys
    assert credentials.security_token


def test_the_hardened_mode_is_not_here(neighbours):
    headers = {"X-Metadata-Token-Ttl-Seconds": "21600"}
    status, _ = ask(neighbours, "/meta-data/latest/api/token", neighbours.full, "PUT", **headers)
    assert status == 405
