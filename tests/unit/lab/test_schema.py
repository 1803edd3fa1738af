"""Every body the region answers with fits the SDK's model of it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from huaweicloudsdkecs import v2 as ecs
from huaweicloudsdkiam import v3 as iam
from region_world import PASSWORD, PROJECT, Raw, host_of
from sdk_schema import faults

from lab.api import views
from lab.region.orders import VolumeOrder

V1 = f"/v1/{PROJECT}"
EXPECT = [
    "launched_at", "key_name", "locked", "root_device_name", "tenancy", "dedicated_host_id", "enterprise_project_id",
    "tags", "metadata", "addresses", "security_groups", "volumes_attached", "image", "power_state", "cpu_options",
    "market_info",
]  # fmt: skip


def get(world, url, path, query=()):
    raw = Raw(path=path, query=list(query)).signed(host_of(url), world.account.access_key, world.account.secret_key)
    status, _, body = raw.send(url)
    assert status == 200, body
    return json.loads(body)


@pytest.fixture
def populated(world, hosts):
    """Servers in every state, one with an EIP, a key, data disks and tags."""
    (full,) = world.make(
        key_name="ops", tags={"hazelcast": "a", "bare": ""}, data_volumes=(VolumeOrder("SSD", 10),), user_data="IyE="
    )
    nic = dataclasses.replace(full.nics[0], public_address="203.0.113.7")
    world.cloud.update_server(full.id, nics=(nic,))
    (stopped,) = world.make(name="stopped")
    world.lifecycle.power(PROJECT, "stop", [stopped.id])
    assert world.jobs.wait(10)
    hosts.broken = "no memory"
    world.make(name="broken")
    return full


READS = [
    (V1 + "/cloudservers/detail", [], ecs.ListServersDetailsResponse),
    (V1 + "/cloudservers/{id}", [], ecs.ShowServerResponse),
    (f"/v1.1/{PROJECT}/cloudservers/detail", [], ecs.ListCloudServersResponse),
    (
        f"/v1.1/{PROJECT}/cloudservers/detail",
        [("limit", "1"), *(("expect-fields", name) for name in EXPECT)],
        ecs.ListCloudServersResponse,
    ),
    (V1 + "/cloudservers/flavors", [], ecs.ListFlavorsResponse),
    (V1 + "/cloudservers/limits", [], ecs.ShowServerLimitsResponse),
    (V1 + "/cloudservers/tags", [], ecs.ListServerTagsResponse),
    (V1 + "/cloudservers/{id}/tags", [], ecs.ShowServerTagsResponse),
    (V1 + "/cloudservers/{id}/console-output", [], ecs.ShowServerConsoleOutputResponse),
    (V1 + "/cloudservers/{id}/metadata-options", [], ecs.ShowMetadataOptionsResponse),
    (V1 + "/availability-zones", [], ecs.ListServerAzInfoResponse),
    ("/v3/projects", [], iam.KeystoneListProjectsResponse),
    ("/v3/auth/projects", [], iam.KeystoneListAuthProjectsResponse),
    ("/v3/auth/domains", [], iam.KeystoneListAuthDomainsResponse),
]


@pytest.mark.parametrize(("path", "query", "model"), READS, ids=[f"{model.__name__}" for _, _, model in READS])
def test_a_read_fits_its_model(world, url, populated, *, path, query, model):
    body = get(world, url, path.format(id=populated.id), query)
    assert faults(body, model) == []
    assert any(body.values())


def test_the_expected_fields_are_all_there(world, url, populated):
    query = [("expect-fields", name) for name in EXPECT]
    for server in get(world, url, f"/v1.1/{PROJECT}/cloudservers/detail", query)["servers"]:
        assert set(EXPECT) <= server.keys()
        assert not [key for key in server if "user_data" in key]


def test_jobs_fit_their_model(world, url, populated):
    jobs = [get(world, url, f"{V1}/jobs/{job_id}") for job_id in world.cloud.store.jobs]
    assert {job["status"] for job in jobs} == {"SUCCESS", "FAIL"}
    for job in jobs:
        assert faults(job, ecs.ShowJobResponse) == []


def test_an_unknown_server_id_has_every_field_null(world, url, populated):
    query = [("server_id", f"{populated.id},00000000-0000-0000-0000-000000000000"), ("name", "ignored")]
    known, unknown = get(world, url, f"{V1}/cloudservers/detail", query)["servers"]
    assert known["id"] == populated.id
    assert {key for key, value in unknown.items() if value is not None} == {"id", "fault"}
    assert unknown.keys() == known.keys()
    assert set(views.DETAIL_FIELDS) == known.keys()


def test_tokens_and_keys_fit_their_models(world, url):
    user = {"name": "operator", "password": PASSWORD, "domain": {"name": "example-account"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    for scope in ({}, {"project": {"name": "lab-north-1"}}, {"domain": {"name": "example-account"}}):
        body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
        status, headers, answer = Raw("POST", "/v3/auth/tokens", body=body).send(url)
        assert status == 201
        assert faults(json.loads(answer), iam.KeystoneCreateUserTokenByPasswordResponse) == []
    form = json.dumps({"auth": {"identity": {"methods": ["token"]}}}).encode()
    raw = Raw("POST", "/v3.0/OS-CREDENTIAL/securitytokens", body=form)
    raw.headers = {"X-Auth-Token": headers["X-Subject-Token"]}
    status, _, answer = raw.send(url)
    assert status == 201
    assert faults(json.loads(answer), iam.CreateTemporaryAccessKeyByTokenResponse) == []


def test_the_checker_finds_what_it_is_for():
    body = {"servers": [{"id": 7, "surprise": 1}], "count": "1"}
    found = faults(body, ecs.ListServersDetailsResponse)
    assert "ListServersDetailsResponse.servers[0].surprise: unknown" in found
    assert "ListServersDetailsResponse.servers[0].name: missing" in found
    assert "ListServersDetailsResponse.servers[0].id: 7 is not of type str" in found
    assert "ListServersDetailsResponse.count: '1' is not of type int" in found
