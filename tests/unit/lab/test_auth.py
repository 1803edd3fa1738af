"""Who is let in: clocks, keys, locks, tokens, temporary keys, projects."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkecs import v2 as sdk
from region_world import PASSWORD, PROJECT, SECOND_PROJECT, Clock, NoHosts, Raw, World, ecs_client, host_of

LIST = sdk.ListServersDetailsRequest()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def timed(clock, at_socket):
    world = World(NoHosts(), now=clock)
    return SimpleNamespace(world=world, url=at_socket(world), clock=clock)


def signed_list(at, moment=None, secret=None, access=None):
    key = at.world.account
    raw = Raw().signed(host_of(at.url), access or key.access_key, secret or key.secret_key, moment or at.clock())
    status, _, body = raw.send(at.url)
    return status, json.loads(body).get("error_msg", "")


@pytest.mark.parametrize(("minutes", "expected"), [(-16, 401), (-14, 200), (0, 200), (14, 200), (16, 401)])
def test_the_clock_may_be_15_minutes_off(timed, minutes, expected):
    assert signed_list(timed, timed.clock() + timedelta(minutes=minutes))[0] == expected


def test_an_unknown_key_is_named(timed):
    status, message = signed_list(timed, access="NOSUCHKEY")
    assert (status, message) == (
        401,
        "Incorrect IAM authentication information: Get secretKey failed,ak:NOSUCHKEY,err:ak not exist",
    )


def test_more_than_five_wrong_signatures_lock_the_key_for_five_minutes(timed):
    for _ in range(6):
        status, message = signed_list(timed, secret="wrong")
        assert status == 401
        assert "verify aksk signature fail" in message
    assert signed_list(timed) == (
        401,
        "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden.",
    )
    timed.clock.advance(minutes=4, seconds=59)
    assert signed_list(timed)[0] == 401
    timed.clock.advance(seconds=2)
    assert signed_list(timed)[0] == 200


def test_a_right_signature_forgives_the_wrong_ones(timed):
    for _ in range(3):
        for _ in range(5):
            assert signed_list(timed, secret="wrong")[0] == 401
        assert signed_list(timed)[0] == 200


def test_no_credentials_at_all(timed):
    status, _, body = Raw().send(timed.url)
    assert status == 401
    assert json.loads(body)["error_msg"] == "Incorrect IAM authentication information: x-auth-token not found"


def token_for(at, scope):
    user = {"name": "operator", "password": PASSWORD, "domain": {"name": "example-account"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
    status, headers, _ = Raw("POST", "/v3/auth/tokens", body=body).send(at.url)
    assert status == 201
    return headers["X-Subject-Token"]


def list_with_token(at, token, project=PROJECT):
    raw = Raw(path=f"/v1/{project}/cloudservers/detail", headers={"X-Auth-Token": token})
    status, _, body = raw.send(at.url)
    return status, json.loads(body)


def test_a_token_lives_24_hours(timed):
    token = token_for(timed, {"project": {"name": "lab-north-1"}})
    timed.clock.advance(hours=23, minutes=59)
    assert list_with_token(timed, token)[0] == 200
    timed.clock.advance(minutes=2)
    status, body = list_with_token(timed, token)
    assert status == 401
    assert body["error_msg"].startswith("Incorrect IAM authentication information: token expires, expires_at: ")


def test_a_foreign_token_cannot_be_decrypted(timed):
    status, body = list_with_token(timed, "MIIDforeign")
    assert (status, body["error_msg"]) == (401, "Incorrect IAM authentication information: decrypt token fail")


def test_a_token_of_another_project_is_refused(timed):
    token = token_for(timed, {"project": {"id": SECOND_PROJECT}})
    assert list_with_token(timed, token, SECOND_PROJECT)[0] == 200
    status, body = list_with_token(timed, token)
    assert (status, body["error"]["code"]) == (400, "Ecs.0023")


def test_a_project_that_is_not_the_keys_is_refused(url, world):
    with pytest.raises(ClientRequestException) as caught:
        ecs_client(url, world.account, project="0" * 32).list_servers_details(LIST)
    assert (caught.value.status_code, caught.value.error_code) == (400, "Ecs.0023")


def test_a_temporary_key_needs_its_security_token_and_ends(timed):
    cloud = timed.world.cloud
    key = cloud.change(lambda: cloud.credentials.issue_key(timed.world.account, 900, timed.clock()))

    def status(token):
        headers = {"X-Security-Token": token} if token else {}
        raw = Raw(headers=headers).signed(host_of(timed.url), key.access, key.secret, timed.clock())
        return raw.send(timed.url)[0]

    assert status(key.security_token) == 200
    assert status("") == 401
    assert status(key.security_token[:-1] + "!") == 401
    timed.clock.advance(minutes=15, seconds=1)
    assert status(key.security_token) == 401


def test_the_sdk_sends_the_security_token(url, world):
    cloud = world.cloud
    key = cloud.change(lambda: cloud.credentials.issue_key(world.account, 900, datetime.now(UTC)))
    pair = SimpleNamespace(access_key=key.access, secret_key=key.secret)
    assert ecs_client(url, pair, security_token=key.security_token).list_servers_details(LIST).count == 0
    with pytest.raises(ClientRequestException) as caught:
        ecs_client(url, pair).list_servers_details(LIST)
    assert (caught.value.status_code, caught.value.error_code) == (401, "APIGW.0301")
