"""What the real API refuses is refused here, with its code, and leaves nothing behind."""

from __future__ import annotations

import base64
import copy
import json
import uuid

import pytest
from region_world import (
    GROUP,
    IMAGE,
    OTHER_SUBNET,
    OTHER_VPC,
    PROJECT,
    SUBNET,
    VPC,
    Clock,
    NoHosts,
    Raw,
    World,
    host_of,
)

from lab.region import passwords

V1 = f"/v1/{PROJECT}/cloudservers"
GOOD = {
    "name": "hz",
    "imageRef": IMAGE,
    "flavorRef": "c7.large.2",
    "vpcid": VPC,
    "nics": [{"subnet_id": SUBNET}],
    "root_volume": {"volumetype": "GPSSD", "size": 40},
}
NIL = str(uuid.UUID(int=0))
PER_SERVER = {"size": 5, "sharetype": "PER"}


def send(world, url, method, path, body, **headers):
    raw = Raw(method, path, body=body if isinstance(body, bytes) else json.dumps(body).encode())
    raw.headers = {"Content-Type": "application/json", **headers}
    raw.signed(host_of(url), world.account.access_key, world.account.secret_key, world.cloud.now())
    status, _, answer = raw.send(url)
    return status, json.loads(answer) if answer else None


def create(world, url, changes=None, dry_run=False, token=None):
    server = {key: value for key, value in {**copy.deepcopy(GOOD), **(changes or {})}.items() if value is not ...}
    headers = {"X-Client-Token": token} if token else {}
    path = f"/v1.1/{PROJECT}/cloudservers"
    return send(world, url, "POST", path, {"dry_run": dry_run, "server": server}, **headers)


def encoded(size):
    return base64.b64encode(b"x" * size).decode()


REFUSED = [
    ({"name": ...}, "Ecs.0005"),
    ({"name": ""}, "Ecs.0005"),
    ({"name": 7}, "Ecs.0005"),
    ({"name": "a b"}, "Ecs.0915"),
    ({"name": "a" * 65}, "Ecs.0914"),
    ({"name": "a" * 60, "count": 2}, "Ecs.0914"),
    ({"count": 0}, "Ecs.0005"),
    ({"count": "2"}, "Ecs.0005"),
    ({"count": True}, "Ecs.0005"),
    ({"count": 101}, "Ecs.0913"),
    ({"imageRef": ...}, "Ecs.0005"),
    ({"imageRef": NIL}, "Ecs.0031"),
    ({"flavorRef": ...}, "Ecs.0005"),
    ({"flavorRef": "c7.enormous"}, "Ecs.0029"),
    ({"vpcid": ...}, "Ecs.0005"),
    ({"vpcid": NIL}, "Ecs.0014"),
    ({"vpcid": OTHER_VPC}, "Ecs.0064"),
    ({"nics": ...}, "Ecs.0005"),
    ({"nics": []}, "Ecs.0005"),
    ({"nics": [{}]}, "Ecs.0005"),
    ({"nics": ["eth0"]}, "Ecs.0005"),
    ({"nics": [{"subnet_id": NIL}]}, "Ecs.0038"),
    ({"nics": [{"subnet_id": SUBNET}] * 13}, "Ecs.0050"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "10.99.0.7"}]}, "Ecs.0039"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "10.201.0.1"}]}, "Ecs.0039"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "10.201.0.254"}]}, "Ecs.0039"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "ten"}]}, "Ecs.0005"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "10.201.0.2"}]}, "Ecs.0010"),
    ({"nics": [{"subnet_id": SUBNET, "ip_address": "10.201.0.9"}], "count": 2}, "Ecs.0010"),
    ({"vpcid": OTHER_VPC, "nics": [{"subnet_id": OTHER_SUBNET}], "count": 12}, "Ecs.0012"),
    ({"root_volume": ...}, "Ecs.0005"),
    ({"root_volume": {"size": 40}}, "Ecs.0005"),
    ({"root_volume": {"volumetype": "FLOPPY"}}, "Ecs.0043"),
    ({"root_volume": {"volumetype": "SSD", "size": 1025}}, "Ecs.0005"),
    ({"data_volumes": [{"volumetype": "SSD"}]}, "Ecs.0005"),
    ({"data_volumes": [{"volumetype": "SSD", "size": 9}]}, "Ecs.0005"),
    ({"data_volumes": [{"volumetype": "SSD", "size": 10}] * 24}, "Ecs.0042"),
    ({"security_groups": [{"id": NIL}]}, "Ecs.0014"),
    ({"availability_zone": "lab-north-1z"}, "Ecs.0005"),
    ({"key_name": "nobody"}, "Ecs.0314"),
    ({"adminPass": "password"}, "Ecs.0011"),
    ({"adminPass": "Xroot-12345"}, "Ecs.0011"),
    ({"user_data": "not base64!"}, "Ecs.0005"),
    ({"user_data": encoded(32 * 1024 + 1)}, "Ecs.0005"),
    ({"metadata": {f"k{n}": "v" for n in range(11)}}, "Ecs.0005"),
    ({"metadata": {"k": "v" * 256}}, "Ecs.0005"),
    ({"metadata": {"k" * 256: "v"}}, "Ecs.0005"),
    ({"metadata": {"k": 7}}, "Ecs.0005"),
    ({"metadata": {"a b": "v"}}, "Ecs.0005"),
    ({"metadata": []}, "Ecs.0005"),
    ({"server_tags": [{"key": f"k{n}"} for n in range(11)]}, "Ecs.0905"),
    ({"server_tags": [{"key": "k" * 37}]}, "Ecs.0906"),
    ({"server_tags": [{"key": "k", "value": "v" * 44}]}, "Ecs.0906"),
    *(({"server_tags": [{"key": f"a{sign}b"}]}, "Ecs.0906") for sign in "=*<>\\,|/"),
    *(({"server_tags": [{"key": "a", "value": f"a{sign}b"}]}, "Ecs.0906") for sign in "=*<>\\,|/"),
    ({"server_tags": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, "Ecs.0908"),
    ({"server_tags": [{"key": "k", "value": "1"}], "tags": ["k.2"]}, "Ecs.0908"),
    ({"server_tags": [{"value": "1"}]}, "Ecs.0005"),
    ({"tags": [7]}, "Ecs.0005"),
    ({"description": "x" * 86}, "Ecs.0041"),
    ({"description": "<b>"}, "Ecs.0041"),
    ({"publicip": {"eip": {"iptype": "5_bgp", "bandwidth": PER_SERVER}}}, "Ecs.0013"),
    ({"publicip": {"eip": {"iptype": "5_bgp"}}}, "Ecs.0005"),
    ({"publicip": {"eip": {"iptype": "5_bgp", "bandwidth": PER_SERVER | {"sharetype": "HALF"}}}}, "Ecs.0005"),
    ({"publicip": {"eip": {"iptype": "5_bgp", "bandwidth": {"sharetype": "WHOLE", "id": NIL}}}}, "Ecs.0005"),
    ({"publicip": {"eip": {"iptype": "5_bgp", "bandwidth": PER_SERVER | {"size": 2001}}}}, "Ecs.0045"),
    ({"os:scheduler_hints": {"group": NIL}}, "Ecs.0313"),
    ({"extendparam": {"chargingMode": "prePaid"}}, "Ecs.0005"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
@pytest.mark.parametrize("dry_run", [False, True])
def test_create_refuses(world, url, changes, code, dry_run):
    world.make(name="first")
    status, body = create(world, url, changes, dry_run)
    assert (status, body["error"]["code"]) == (400, code)
    assert body["error"]["message"].strip()
    assert len(world.cloud.servers(PROJECT)) == 1
    assert len(world.cloud.store.jobs) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "a" * 64},
        {"name": "a" * 59, "count": 2},
        {"name": "服务器_1.x-y"},
        {"user_data": encoded(32 * 1024)},
        {"metadata": {f"k{n}": "v" * 255 for n in range(10)}},
        {"server_tags": [{"key": "k" * 36, "value": "v" * 43}, {"key": "值 @:+-_."}]},
        {"tags": ["old.form.dotted", "bare"]},
        {"data_volumes": [{"volumetype": "SSD", "size": 10}] * 23},
        {"nics": [{"subnet_id": SUBNET}] * 12},
        {"nics": [{"subnet_id": SUBNET, "ip_address": "10.201.0.200"}]},
        {"security_groups": [{"id": GROUP}], "availability_zone": "", "description": "d" * 85},
        {"adminPass": "Correct-Horse-7", "key_name": "ops"},
        {"extendparam": {"chargingMode": "postPaid", "enterprise_project_id": "0"}},
    ],
)
def test_create_takes_what_is_allowed(world, url, changes):
    status, body = create(world, url, changes, dry_run=True)
    assert (status, body) == (202, None)
    assert world.cloud.servers(PROJECT) == []
    status, body = create(world, url, changes)
    assert status == 200
    assert len(body["serverIds"]) == changes.get("count", 1)


def test_the_quota_is_a_limit(world, url):
    world.make(count=100)
    world.make(count=99)
    assert create(world, url, {"count": 2})[1]["error"]["code"] == "Ecs.0001"
    assert create(world, url)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", V1, b"", "Common.0002"),
        ("POST", V1, b"{", "Ecs.0005"),
        ("POST", V1, [], "Ecs.0005"),
        ("POST", V1, {}, "Ecs.0005"),
        ("POST", V1 + "/delete", {"servers": []}, "Ecs.0005"),
        ("POST", V1 + "/delete", {"servers": "all"}, "Ecs.0005"),
        ("POST", V1 + "/delete", {"servers": [{"id": NIL}]}, "Ecs.0114"),
        ("POST", V1 + "/delete", {"servers": [{"id": str(n)} for n in range(1001)]}, "Ecs.0118"),
        ("POST", V1 + "/delete", {"servers": [{"id": NIL}], "delete_volume": "yes"}, "Ecs.0005"),
        ("POST", V1 + "/action", {}, "Ecs.0005"),
        ("POST", V1 + "/action", {"os-pause": {}}, "Ecs.0005"),
        ("POST", V1 + "/action", {"os-start": []}, "Ecs.0005"),
        ("POST", V1 + "/action", {"os-start": {"servers": [{"id": "{id}"}]}}, "Ecs.0100"),
        ("POST", V1 + "/action", {"os-stop": {"servers": [{"id": "{id}"}], "type": "GENTLE"}}, "Ecs.0005"),
        ("POST", V1 + "/action", {"reboot": {"servers": [{"id": "{id}"}]}}, "Ecs.0005"),
        ("POST", V1 + "/{id}/tags/action", {"action": "rename", "tags": []}, "Ecs.0005"),
        ("POST", V1 + "/{id}/tags/action", {"action": "create"}, "Ecs.0005"),
        ("POST", V1 + "/{id}/tags/action", {"action": "create", "tags": [{"key": "a=b"}]}, "Ecs.0906"),
        ("POST", V1 + f"/{NIL}/tags/action", {"action": "create", "tags": []}, "Ecs.0114"),
        ("POST", V1 + "/{id}/metadata", {}, "Ecs.0005"),
        ("POST", V1 + f"/{NIL}/metadata", {"metadata": {}}, "Ecs.0114"),
        ("DELETE", V1 + "/{id}/metadata/nothing", b"", "Ecs.0005"),
        ("GET", V1 + f"/{NIL}", b"", "Ecs.0114"),
        ("GET", V1 + f"/{NIL}/tags", b"", "Ecs.0114"),
        ("GET", V1 + f"/{NIL}/console-output", b"", "Ecs.0114"),
        ("GET", f"/v1/{PROJECT}/jobs/none", b"", "Common.0011"),
    ],
)
def test_other_routes_refuse(world, url, *, method, path, body, code):
    (server,) = world.make(tags={"k": "v"})
    before = dict(vars(world.cloud.server(PROJECT, server.id)))
    path = path.replace("{id}", server.id)
    body = body if isinstance(body, bytes) else json.loads(json.dumps(body).replace("{id}", server.id))
    status, answer = send(world, url, method, path, body)
    assert (status, answer["error"]["code"]) == (404 if code == "Ecs.0114" else 400, code)
    assert dict(vars(world.cloud.server(PROJECT, server.id))) == before


def test_no_more_than_ten_tags_on_a_server(world, url):
    (server,) = world.make(tags={f"k{n}": "" for n in range(10)})
    path = f"{V1}/{server.id}/tags/action"
    assert send(world, url, "POST", path, {"action": "create", "tags": [{"key": "k3", "value": "new"}]})[0] == 204
    status, body = send(world, url, "POST", path, {"action": "create", "tags": [{"key": "k10"}]})
    assert (status, body["error"]["code"]) == (400, "Ecs.0905")


@pytest.mark.parametrize("path", ["/", "/v1", f"{V1}/detail/", f"/v2.1/{PROJECT}/servers"])
def test_an_unknown_path_is_the_gateways_answer(world, url, path):
    status, body = send(world, url, "GET", path, b"")
    assert (status, body["error_code"]) == (404, "APIGW.0101")


def test_a_client_token_makes_create_idempotent(at_socket):
    clock = Clock()
    world = World(NoHosts(), now=clock)
    url = at_socket(world)
    token = str(uuid.uuid4())
    first = create(world, url, {"count": 2}, token=token)
    assert first[0] == 200
    assert create(world, url, {"count": 2}, token=token) == first
    assert len(world.cloud.servers(PROJECT)) == 2
    assert create(world, url, {"count": 3}, token=token)[1]["error"]["code"] == "Ecs.0122"
    assert create(world, url, token="not-a-uuid")[1]["error"]["code"] == "Ecs.0123"
    clock.advance(hours=8, seconds=1)
    assert create(world, url, {"count": 2}, token=token)[1]["error"]["code"] == "Ecs.0124"
    assert create(world, url, {"count": 2}, token=str(uuid.uuid4()))[1] != first[1]
    assert len(world.cloud.servers(PROJECT)) == 4


@pytest.mark.parametrize(
    ("password", "fit"),
    [
        ("Abcdef12", True),
        ("abcdef1!", True),
        ("Abcdef1", False),
        ("A1" + "b" * 25, False),
        ("A1" + "b" * 24, True),
        ("abcdefgh", False),
        ("Abcdefgh", False),
        ("Toor12345!", False),
        ("Abc 12345", False),
        ("Äbcdef12", False),
    ],
)
def test_the_rule_of_passwords(password, fit):
    assert passwords.fit(password) is fit


def test_admin_pass_becomes_a_hashed_first_boot_script(world):
    (server,) = world.make(admin_pass="Correct-Horse-7")
    script = base64.b64decode(server.user_data).decode()
    assert script.startswith("#!/bin/bash\necho 'root:$6$")
    assert script.endswith("' | chpasswd -e;")
    assert "Correct-Horse-7" not in script
    (own,) = world.make(admin_pass="Correct-Horse-7", user_data="IyE=")
    (keyed,) = world.make(admin_pass="Correct-Horse-7", key_name="ops")
    assert (own.user_data, keyed.user_data) == ("IyE=", "")
