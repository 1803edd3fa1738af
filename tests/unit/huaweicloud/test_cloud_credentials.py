"""The four ways to credentials, on the wire where one is involved."""

import datetime as dt
import json

import pytest
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.credentials import AccessKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import ConfigurationError
from ansible.module_utils.huaweicloud.redact import Redactor, mask_key
from ansible.module_utils.huaweicloud.sources import CredentialOptions, make_source
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport
from fake_cloud import KEY, SECRET, Reply


def source_of(cloud, redactor=None, projects=None, **options):
    endpoints = Endpoints({"ecs": cloud.url, "iam": cloud.url, "metadata": cloud.url})
    transport = Transport(HttpOptions(timeout=5))
    redactor = redactor or Redactor()
    source = make_source(CredentialOptions(**options), endpoints, transport, redactor, projects)
    return source, CloudClient(source, endpoints, transport, redactor=redactor)


def test_repr_shows_no_secret():
    shown = repr(AccessKey(KEY, SECRET, "token")) + repr(CredentialOptions(KEY, SECRET, "token", iam_password="pw"))
    assert not any(secret in shown for secret in (KEY, SECRET, "token'", "pw"))


@pytest.mark.parametrize(("key", "shown"), [("HPUATESTTESTTESTWXYZ", "****WXYZ"), ("short", "****"), ("", "****")])
def test_keys_are_shown_by_their_end(key, shown):
    assert mask_key(key) == shown


def test_a_temporary_key_sends_its_token_signed(cloud):
    _, client = source_of(cloud, access_key=KEY, secret_key=SECRET, security_token="tok-1234")
    client.list_servers("test-1", "project-test-1")
    headers = cloud.seen[0].headers
    assert headers["x-security-token"] == "tok-1234"
    assert "x-security-token" in headers["authorization"]


def test_nothing_given_and_halves_are_refused(cloud):
    with pytest.raises(ConfigurationError, match="No credentials: set HUAWEICLOUD_SDK_AK"):
        source_of(cloud)
    with pytest.raises(ConfigurationError, match="secret_key is not set"):
        source_of(cloud, access_key=KEY)
    with pytest.raises(ConfigurationError, match="access_key is not set"):
        source_of(cloud, secret_key=SECRET)
    with pytest.raises(ConfigurationError, match="iam_domain and iam_password"):
        source_of(cloud, iam_user="ops")


def test_families_of_the_environment_are_not_mixed():
    options = CredentialOptions(access_key=KEY, secret_key=SECRET, security_token="stale")
    sdk = {"access_key": "env: HUAWEICLOUD_SDK_AK", "secret_key": "env: HUAWEICLOUD_SDK_SK"}
    assert not options.of_one_origin({**sdk, "security_token": "env: HW_SECURITY_TOKEN"}).security_token
    assert options.of_one_origin({**sdk, "security_token": "env: HUAWEICLOUD_SDK_SECURITY_TOKEN"}) == options
    with pytest.raises(ConfigurationError, match=r"HUAWEICLOUD_SDK_\* and the secret key from HW_\*"):
        options.of_one_origin({**sdk, "secret_key": "env: HW_SECRET_KEY"})


def test_the_sdk_credentials_file(cloud, tmp_path):
    path = tmp_path / "credentials"
    path.write_text(f"[basic]\nak = {KEY}\nsk = {SECRET}%\n[global]\nak = other\n")
    source, _ = source_of(cloud, credentials_file=str(path))
    assert source.credential("test-1") == AccessKey(KEY, SECRET + "%", None)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("no section", "not an INI file"), ("[basic]\nak=x\n", "no ak and sk")],
)
def test_a_bad_credentials_file_is_named_without_its_content(cloud, tmp_path, content, words):
    path = tmp_path / "credentials"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        source_of(cloud, credentials_file=str(path))
    assert "no section" not in str(caught.value)


def test_login_with_a_password(cloud):
    cloud.servers["test-2"] = []
    _, client = source_of(cloud, iam_domain="acme", iam_user="ops", iam_password=SECRET)
    assert client.project_id("test-2") == "project-test-2"
    client.list_servers("test-2", "project-test-2")
    client.list_servers("test-2", "project-test-2")
    tokens = [seen for seen in cloud.seen if seen.path == "/v3/auth/tokens"]
    assert len(tokens) == 1
    assert json.loads(tokens[0].body)["auth"]["scope"] == {"project": {"name": "test-2"}}
    assert "authorization" not in tokens[0].headers
    assert cloud.seen[-1].headers["x-auth-token"] == "token-of-test-2-0123456789"
    assert "authorization" not in cloud.seen[-1].headers


def test_login_into_a_known_project(cloud):
    source, _ = source_of(
        cloud, projects={"test-1": "project-test-1"}, iam_domain="acme", iam_user="ops", iam_password=SECRET
    )
    source.credential("test-1")
    assert json.loads(cloud.seen[0].body)["auth"]["scope"] == {"project": {"id": "project-test-1"}}


def metadata(lifetime, fraction=True):
    """A metadata service whose keys live `lifetime` seconds and are numbered."""
    made = [0]

    def trouble(seen):
        if seen.path != "/openstack/latest/securitykey":
            return None
        made[0] += 1
        end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=lifetime)
        key = {
            "access": KEY,
            "secret": f"{SECRET}{made[0]}",
            "securitytoken": f"security-token-{made[0]}",
            "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if fraction else "%Y-%m-%dT%H:%M:%SZ"),
        }
        return Reply(200, {"credential": key})

    return trouble


@pytest.mark.parametrize("fraction", [True, False])
def test_metadata_keys_are_kept_while_they_live(cloud, fraction):
    cloud.trouble = metadata(3600, fraction)
    _, client = source_of(cloud, credentials_from="metadata")
    client.list_servers("test-1", "project-test-1")
    client.list_servers("test-1", "project-test-1")
    assert cloud.paths().count("/openstack/latest/securitykey") == 1
    assert cloud.seen[-1].headers["x-security-token"] == "security-token-1"


def test_metadata_is_asked_without_a_proxy(cloud, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cloud.trouble = metadata(3600)
    source, _ = source_of(cloud, credentials_from="metadata")
    assert source.credential("test-1").ak == KEY


def test_learnt_secrets_are_masked_longest_first():
    redactor = Redactor()
    redactor.learn(["secret", "secret-longer", "", None, "abc"], access_keys=[KEY])
    assert redactor(f"secret-longer secret {KEY} abc") == "**** **** ****WXYZ abc"
