"""IAM through Huawei's SDK, and the errors its clients must read."""

from __future__ import annotations

import json

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkecs.v2 import EcsClient, ListServersDetailsRequest
from huaweicloudsdkiam import v3 as sdk
from huaweicloudsdkiam.v3.iam_credentials import IamCredentials
from region_world import PASSWORD, PROJECT, SECOND_PROJECT, Raw, ecs_client


def test_projects_by_region_name(iam):
    response = iam.keystone_list_projects(sdk.KeystoneListProjectsRequest(name="lab-north-1"))
    assert [(project.id, project.name) for project in response.projects] == [(PROJECT, "lab-north-1")]
    every = iam.keystone_list_projects(sdk.KeystoneListProjectsRequest())
    assert [project.id for project in every.projects] == [PROJECT, SECOND_PROJECT]
    assert iam.keystone_list_projects(sdk.KeystoneListProjectsRequest(name="nowhere")).projects == []
    second = iam.keystone_list_projects(sdk.KeystoneListProjectsRequest(page=2, per_page=1))
    assert [project.id for project in second.projects] == [SECOND_PROJECT]


def test_projects_and_domains_of_the_caller(iam, world):
    projects = iam.keystone_list_auth_projects(sdk.KeystoneListAuthProjectsRequest()).projects
    assert [project.name for project in projects] == ["lab-north-1", "lab-south-1"]
    (domain,) = iam.keystone_list_auth_domains(sdk.KeystoneListAuthDomainsRequest()).domains
    assert (domain.id, domain.name) == (world.account.domain_id, "example-account")


def test_the_sdk_finds_the_project_of_a_region_by_itself(url, world):
    credentials = BasicCredentials(world.account.access_key, world.account.secret_key).with_iam_endpoint(url)
    builder = EcsClient.new_builder().with_credentials(credentials).with_region(Region("lab-north-1", url))
    assert builder.build().list_servers_details(ListServersDetailsRequest()).count == 0
    routes = {(entry.route, entry.status) for entry in world.journal.entries()}
    assert ("/v3/projects", 200) in routes


def login(client, password=PASSWORD, scope=None, user="operator", domain="example-account"):
    """POST /v3/auth/tokens as the SDK sends it: unsigned."""
    person = sdk.PwdPasswordUser(domain=sdk.PwdPasswordUserDomain(domain), name=user, password=password)
    identity = sdk.PwdIdentity(methods=["password"], password=sdk.PwdPassword(user=person))
    body = sdk.KeystoneCreateUserTokenByPasswordRequestBody(sdk.PwdAuth(identity=identity, scope=scope))
    return client.keystone_create_user_token_by_password(sdk.KeystoneCreateUserTokenByPasswordRequest(body=body))


@pytest.fixture
def anonymous(url):
    return sdk.IamClient.new_builder().with_credentials(IamCredentials()).with_endpoint(url).build()


def test_a_token_scoped_to_a_project(anonymous, url):
    response = login(anonymous, scope=sdk.AuthScope(project=sdk.AuthScopeProject(name="lab-north-1")))
    assert response.status_code == 201
    assert response.token.project.id == PROJECT
    assert [entry.type for entry in response.token.catalog] == ["ecs", "iam"]
    raw = Raw(headers={"X-Auth-Token": response.x_subject_token})
    assert raw.send(url)[0] == 200


def test_a_project_scope_wins_over_a_domain(anonymous):
    scope = sdk.AuthScope(project=sdk.AuthScopeProject(id=PROJECT), domain=sdk.AuthScopeDomain(name="example-account"))
    assert login(anonymous, scope=scope).token.project.id == PROJECT
    unscoped = login(anonymous).token
    assert (unscoped.project, unscoped.domain.name) == (None, "example-account")


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "no"},
        {"user": "nobody"},
        {"domain": "elsewhere"},
        {"scope": sdk.AuthScope(project=sdk.AuthScopeProject(name="mars-1"))},
        {"scope": sdk.AuthScope(domain=sdk.AuthScopeDomain(name="elsewhere"))},
    ],
)
def test_a_wrong_login_is_401(anonymous, wrong):
    with pytest.raises(ClientRequestException) as caught:
        login(anonymous, **wrong)
    assert caught.value.status_code == 401


def test_the_words_of_a_wrong_password(url):
    user = {"name": "operator", "password": "no", "domain": {"name": "example-account"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    status, _, answer = Raw("POST", "/v3/auth/tokens", body=json.dumps(body).encode()).send(url)
    assert status == 401
    expected = {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}
    assert json.loads(answer) == {"error": expected}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"auth": {}}',
        b'{"auth": {"identity": {"methods": ["token"]}}}',
        b'{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "operator"}}}}}',
    ],
)
def test_a_login_of_another_form_is_400(url, body):
    status, _, answer = Raw("POST", "/v3/auth/tokens", body=body).send(url)
    assert (status, json.loads(answer)["error"]["code"]) == (400, 400)


def temporary_key(url, token, seconds=None, method="token"):
    form = {"methods": [method], "token": {} if seconds is None else {"duration_seconds": seconds}}
    raw = Raw("POST", "/v3.0/OS-CREDENTIAL/securitytokens", body=json.dumps({"auth": {"identity": form}}).encode())
    raw.headers = {"X-Auth-Token": token} if token else {}
    status, _, answer = raw.send(url)
    return status, json.loads(answer)


def test_a_temporary_key_by_token(anonymous, url):
    token = login(anonymous).x_subject_token
    status, body = temporary_key(url, token, 3600)
    assert status == 201

    class Pair:
        access_key = body["credential"]["access"]
        secret_key = body["credential"]["secret"]

    client = ecs_client(url, Pair, security_token=body["credential"]["securitytoken"])
    assert client.list_servers_details(ListServersDetailsRequest()).count == 0


def test_temporary_keys_that_cannot_be_had(anonymous, url):
    token = login(anonymous).x_subject_token
    for seconds in (899, 86401, "900", True):
        status, body = temporary_key(url, token, seconds)
        assert (status, body["error_code"]) == (400, "IAM.0011")
    assert temporary_key(url, "")[0] == 401
    assert temporary_key(url, "foreign")[0] == 401
    assert temporary_key(url, token, method="assume_role")[0] == 400


def test_a_temporary_key_through_the_sdk(anonymous, url):
    """The SDK of the token's owner asks with the token alone."""
    credentials = IamCredentials().with_x_auth_token(login(anonymous).x_subject_token)
    client = sdk.IamClient.new_builder().with_credentials(credentials).with_endpoint(url).build()
    identity = sdk.TokenAuthIdentity(methods=["token"], token=sdk.IdentityToken(duration_seconds=900))
    body = sdk.CreateTemporaryAccessKeyByTokenRequestBody(auth=sdk.TokenAuth(identity=identity))
    request = sdk.CreateTemporaryAccessKeyByTokenRequest(body=body)
    credential = client.create_temporary_access_key_by_token(request).credential
    assert credential.access
    assert credential.expires_at.endswith("Z")
