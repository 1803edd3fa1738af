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


@pytest.fixture
def at_server(neighbours, monkeypatch):
    """Has the SDK's metadata provider ask this service, from the address of the server with the agency."""
    import requests
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


def sdk_credentials():
    from huaweicloudsdkcore.auth import provider

    return provider.MetadataCredentialProvider.get_basic_credential_metadata_provider().get_credentials()


def asked(neighbours):
    return [(entry.method, entry.operation, entry.status) for entry in neighbours.world.journal.entries()]


def test_the_sdks_metadata_credentials(neighbours, at_server):
    credentials = sdk_credentials()
    assert credentials.ak in neighbours.world.cloud.store.temporary_keys
    assert credentials.security_token
    assert asked(neighbours) == [("PUT", "metadata/token", 405), ("GET", "metadata/securitykey", 200)]


# The hardened mode


def harden(neighbours, server=None, **options):
    wanted = options or {"http_tokens": "required"}
    neighbours.world.lifecycle.set_metadata_options(PROJECT, (server or neighbours.full).id, wanted)


def token(neighbours, server, seconds="21600", **headers):
    names = {"X-Metadata-Token-Ttl-Seconds": seconds} if seconds else {}
    return ask(neighbours, "/meta-data/latest/api/token", server, "PUT", **names, **headers)


def test_the_hardened_mode_is_not_offered_by_itself(neighbours):
    assert token(neighbours, neighbours.full)[0] == 405


def test_the_sdk_in_hardened_mode(neighbours, at_server):
    harden(neighbours)
    assert sdk_credentials().ak in neighbours.world.cloud.store.temporary_keys
    assert asked(neighbours) == [("PUT", "metadata/token", 200), ("GET", "metadata/securitykey", 200)]


@pytest.mark.parametrize("path", ["/openstack/latest/meta_data.json", "/latest/meta-data/hostname", "/openstack"])
def test_without_a_token_nothing_is_told(neighbours, path):
    harden(neighbours)
    assert ask(neighbours, path, neighbours.full)[0] == 401
    good = token(neighbours, neighbours.full)[1]
    assert ask(neighbours, path, neighbours.full, **{"X-Metadata-Token": good})[0] == 200
    for bad in ("", "x", good[:-1], good[:-1] + ("0" if good[-1] != "0" else "1"), "f" + good):
        assert ask(neighbours, path, neighbours.full, **{"X-Metadata-Token": bad})[0] == 401, bad
    assert ask(neighbours, path, neighbours.plain)[0] == 200


def test_a_token_is_for_one_server_and_ends(neighbours, clock):
    harden(neighbours)
    harden(neighbours, neighbours.plain)
    good = {"X-Metadata-Token": token(neighbours, neighbours.full, "60")[1]}
    path = "/openstack/latest/meta_data.json"
    assert ask(neighbours, path, neighbours.full, **good)[0] == 200
    assert ask(neighbours, path, neighbours.plain, **good)[0] == 401
    clock.advance(seconds=59)
    assert ask(neighbours, path, neighbours.full, **good)[0] == 200
    clock.advance(seconds=2)
    assert ask(neighbours, path, neighbours.full, **good)[0] == 401


def test_an_optional_token_is_checked_when_it_comes(neighbours):
    harden(neighbours, http_tokens="optional")
    path = "/openstack/latest/meta_data.json"
    assert ask(neighbours, path, neighbours.full)[0] == 200
    assert token(neighbours, neighbours.full)[0] == 200
    assert ask(neighbours, path, neighbours.full, **{"X-Metadata-Token": "x"})[0] == 401


@pytest.mark.parametrize("seconds", ["", "0", "59", "21601", "-60", "an hour"])
def test_the_life_of_a_token_has_limits(neighbours, seconds):
    harden(neighbours)
    assert token(neighbours, neighbours.full, seconds)[0] == 400


def test_tokens_do_not_go_through_proxies(neighbours):
    harden(neighbours)
    assert token(neighbours, neighbours.full, **{"X-Forwarded-For": "10.0.0.9"})[0] == 403
    assert token(neighbours, None)[0] == 404


def test_the_service_can_be_switched_off(neighbours):
    harden(neighbours, http_endpoint="disabled")
    assert ask(neighbours, "/openstack/latest/meta_data.json", neighbours.full)[0] == 403
    assert token(neighbours, neighbours.full)[0] == 403


# Faults


def test_faults_of_the_metadata_service(neighbours, at_server):
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    faults = neighbours.world.cloud.faults
    for kind, status in [("500", 500), ("503=2", 503), ("429", 429)]:
        faults.add("metadata/securitykey@lab-north-1", kind, times=1)
        with pytest.raises(ClientRequestException) as caught:
            sdk_credentials()
        assert caught.value.status_code == status
    assert ask(neighbours, "/openstack/latest/meta_data.json", neighbours.full)[0] == 200
    faults.add("metadata/*", "wrong-json={}", times=1)
    assert ask(neighbours, "/latest/meta-data/hostname", neighbours.full) == (200, "{}")
    faults.add("metadata/ec2", "reset")
    with pytest.raises(ConnectionResetError):
        ask(neighbours, "/latest/user-data", neighbours.full)
