"""Who asks, with the lab's own checks: signatures, locks of keys, tokens, the clock, a server's agency."""

import json
import sys
import time

import pytest
from huaweicloudsdkecs import v2 as sdk
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkiam.v3.iam_credentials import IamCredentials
from lab_region import LIST, PROJECTS, REGION, REGIONS
from test_iam import login

LOGIN, SECURITY_KEY = "KeystoneCreateUserTokenByPassword", "metadata/securitykey"
WRONG = "not-the-secret-of-this-account-000000001"
NO_KEYS = {"HUAWEICLOUD_SDK_AK": None, "HUAWEICLOUD_SDK_SK": None}


@pytest.fixture
def eve(lab):
    """An account whose key a test may have locked; what it is given for its keys in the environment."""
    return lab.settings.accounts[1]


def keys_of(account, secret=None):
    return {"HUAWEICLOUD_SDK_AK": account.access_key, "HUAWEICLOUD_SDK_SK": secret or account.secret_key}


def every_project(lab):
    return {region: lab.project(region) for region in REGIONS}


def test_a_wrong_key_meets_four_requests_and_none_after_the_first_refusal(lab, ansible, eve):
    """Ten regions at once: the first refusal comes while the other three are on their way, and ends it all."""
    lab.fault(LIST, "latency=0.4", after=1)
    sentence = ansible.failure(
        regions=list(REGIONS), project_id=every_project(lab), environment=keys_of(eve, WRONG), on_region_error="warn"
    )
    lab.wait_for(4)
    assert lab.statuses() == {401: 4}
    assert sentence.startswith("ECS of region ")
    assert f"refused access key ****{eve.access_key[-4:]}: " in sentence
    assert "verify aksk signature fail" in sentence
    assert "Check the access key, the secret key and, for temporary keys, the security token." in sentence
    assert eve.access_key not in sentence
    assert list(ansible.listed(environment=keys_of(eve))) == [], "the key is not locked: its right secret works"


def test_a_wrong_key_is_looked_up_once(lab, ansible, eve):
    """Without project ids IAM is asked first, one call for all regions."""
    assert "IAM of region" in ansible.failure(regions=list(REGIONS), environment=keys_of(eve, WRONG))
    assert lab.statuses() == {401: 1}
    assert list(ansible.listed(environment=keys_of(eve))) == []


def test_a_refusal_that_is_cut_off_is_not_tried_again(lab, ansible, eve):
    """Its status says enough: more than five wrong signatures would lock the key."""
    lab.fault(PROJECTS, "cut-off")
    assert "refused access key" in ansible.failure(environment=keys_of(eve, WRONG))
    assert lab.statuses() == {401: 1}


def test_a_locked_key_is_told(lab, ansible):
    """Locked as a real one is: by wrong signatures, here of two runs with many regions."""
    mal = lab.settings.accounts[2]
    projects = every_project(lab)
    lab.fault(LIST, "latency=0.3")
    for _ in range(2):
        ansible.failure(regions=list(REGIONS), project_id=projects, environment=keys_of(mal, WRONG))
    lab.control.clear_faults()
    sentence = ansible.failure(environment=keys_of(mal))
    assert "AK access failed to reach the limit,forbidden." in sentence
    assert sentence.endswith(
        "The key is locked for five minutes after too many wrong signatures: wait, then correct the secret key."
    )


def test_ten_good_regions_are_asked_at_once(lab, ansible):
    """After the first acceptance nothing holds the rest up: ten answers of two seconds are no twenty."""
    for region in REGIONS:
        lab.seed(1, region=region, name=f"{region}-{{n}}")
    lab.fault(LIST, "latency=2")
    begin = time.monotonic()
    assert len(ansible.listed(regions=list(REGIONS))) == 10
    assert time.monotonic() - begin < 15
    assert (lab.asked(PROJECTS), lab.asked(LIST)) == (1, 10)


def test_an_unknown_key_is_told_by_its_end(lab, ansible):
    """The API repeats it in full."""
    result = ansible.inventory("-vvvv", environment={"HUAWEICLOUD_SDK_AK": "HPUAUNKNOWNUNKNO9876"})
    assert "Get secretKey failed,ak:****9876,err:ak not exist" in result.stderr
    assert "HPUAUNKNOWN" not in result.stdout + result.stderr
    assert lab.statuses() == {401: 1}


@pytest.mark.parametrize(("minutes", "words"), [(60, "60 minutes behind"), (-121, "121 minutes ahead of")])
def test_a_wrong_clock_is_told(lab, ansible, minutes, words):
    lab.fault("*", f"clock={minutes}")
    sentence = ansible.failure()
    assert f"This machine's clock is {words} the service's; signatures are accepted within 15 minutes" in sentence
    assert lab.statuses() == {401: 1}


def test_a_clock_that_is_a_little_wrong_is_none_of_our_business(lab, ansible):
    lab.fault("*", "clock=10")
    assert ansible.listed() == {}


def test_the_sdks_own_credentials_file(lab, ansible, tmp_path):
    lab.seed(1)
    file = tmp_path / "credentials"
    file.write_text(f"[basic]\nak = {lab.account.access_key}\nsk = {lab.account.secret_key}\n")
    assert list(ansible.listed(environment={**NO_KEYS, "HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(file)})) == ["web-1"]
    assert list(ansible.listed(environment=NO_KEYS, credentials_file=str(file))) == ["web-1"]


class TestPasswordLogin:
    """`iam_domain`, `iam_user`, `iam_password`"""

    @pytest.fixture
    def user(self, lab):
        account = lab.account
        return {"iam_domain": account.domain, "iam_user": account.user, "iam_password": account.password}

    def test_one_login_for_each_region_and_no_look_up(self, lab, ansible, user):
        lab.seed(1)
        assert list(ansible.listed(regions=[REGION, "lab-02"], environment=NO_KEYS, **user)) == ["web-1"]
        assert (lab.asked(LOGIN), lab.asked(LIST), lab.asked()) == (2, 2, 4)

    def test_a_wrong_password_is_tried_once(self, lab, ansible, user):
        sentence = ansible.failure(environment=NO_KEYS, **{**user, "iam_password": "Not-The-Password-1"})
        assert "The username or password is wrong." in sentence
        assert sentence.endswith("Check iam_domain, iam_user and iam_password.")
        assert "Not-The-Password-1" not in sentence
        assert lab.statuses() == {401: 1}

    def test_a_token_that_ended_is_told_and_not_tried_again(self, lab, ansible, user):
        lab.fault(LIST, "expired-token")
        sentence = ansible.failure(environment=NO_KEYS, **user)
        assert f"refused the token of user {lab.account.user}: " in sentence
        assert "token expires" in sentence
        assert lab.asked(LIST) == 1


class TestTemporaryKey:
    """A key with `security_token`, got from the lab's IAM."""

    @pytest.fixture
    def key(self, lab):
        """What it is in the environment, as `lab` would print it."""
        client = iam.IamClient.new_builder().with_credentials(IamCredentials()).with_endpoint(lab.url).build()
        token = iam.IdentityToken(id=login(client).x_subject_token, duration_seconds=900)
        body = iam.CreateTemporaryAccessKeyByTokenRequestBody(
            iam.TokenAuth(iam.TokenAuthIdentity(methods=["token"], token=token))
        )
        request = iam.CreateTemporaryAccessKeyByTokenRequest(body=body)
        made = client.create_temporary_access_key_by_token(request).credential
        lab.control.clear_requests()
        return {
            "HUAWEICLOUD_SDK_AK": made.access,
            "HUAWEICLOUD_SDK_SK": made.secret,
            "HUAWEICLOUD_SDK_SECURITY_TOKEN": made.securitytoken,
        }

    def test_it_works_with_its_token_only(self, lab, ansible, key):
        lab.seed(1)
        assert list(ansible.listed(environment=key)) == ["web-1"]
        ansible.failure(environment={**key, "HUAWEICLOUD_SDK_SECURITY_TOKEN": None})
        assert lab.statuses()[401] == 1

    def test_its_end_is_told_and_not_tried_again(self, lab, ansible, key):
        lab.fault(LIST, "expired-token")
        sentence = ansible.failure(environment=key)
        assert f"Get secretKey failed,ak:****{key['HUAWEICLOUD_SDK_AK'][-4:]}" in sentence
        assert "for temporary keys, the security token" in sentence
        assert lab.asked(LIST) == 1


@pytest.fixture
def me(lab):
    """`me(agency)`: this machine is a server of the lab: the metadata service knows its address, 127.0.0.1."""

    def make(agency=None):
        return lab.make("control-node", address="127.0.0.1", **({"agency_name": agency} if agency else {}))

    return make


class TestAgency:
    """`credentials_from: metadata`"""

    @pytest.fixture
    def options(self, lab):
        return {
            "credentials_from": "metadata",
            "endpoints": {"metadata": lab.metadata_url},
            "environment": NO_KEYS,
        }

    def test_one_key_for_all_regions_and_requests(self, lab, ansible, me, options):
        me("ecs-reader")
        lab.seed(1, region="lab-02")
        assert sorted(ansible.listed(regions=[REGION, "lab-02"], **options)) == ["control-node", "web-1"]
        assert (lab.asked(SECURITY_KEY), lab.asked(LIST)) == (1, 2)

    def test_a_module_has_the_agencys_keys_too(self, lab, ansible, me, options):
        """Told by the inventory file alone; the API's endpoints are still the environment's."""
        me("ecs-reader")
        module = [
            "localhost",
            "-m",
            "huaweicloud_ecs_instance_info",
            "-e",
            f"ansible_python_interpreter={sys.executable}",
        ]
        path = ansible.file(**{name: it for name, it in options.items() if name != "environment"})
        result = ansible.run("ansible", *module, path=path, **NO_KEYS)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "name: control-node" in result.stdout
        assert lab.asked(SECURITY_KEY) == 2

    def test_no_agency_is_told(self, lab, ansible, me, options):
        me()
        sentence = ansible.failure(**options)
        assert sentence == (
            "Metadata service: HTTP 401: this server has no agency, so it has no keys; give it one in the console."
        )
        assert lab.asked() == 1

    def test_the_hardened_service(self, lab, ansible, me, options):
        server_id = me("ecs-reader")
        body = sdk.UpdateServerMetadataOptionsRequestBody(http_endpoint="enabled", http_tokens="required")
        lab.ecs().update_metadata_options(sdk.UpdateMetadataOptionsRequest(server_id, body))
        lab.control.clear_requests()
        assert list(ansible.listed(**options)) == ["control-node"]
        assert lab.statuses("metadata/*") == {401: 1, 200: 2}

    @pytest.mark.parametrize("kind", ["500", "cut-off", "wrong-json", "reset"])
    def test_passing_trouble(self, lab, ansible, me, options, kind):
        me("ecs-reader")
        lab.fault(SECURITY_KEY, kind, times=1)
        assert list(ansible.listed(**options)) == ["control-node"]
        assert lab.asked(SECURITY_KEY) == 2

    def test_its_key_and_token_are_never_shown(self, lab, ansible, me, options):
        """Also when the list repeats them: the wrong key is the agency's, whose end has come."""
        me("ecs-reader")
        lab.fault(LIST, "expired-token")
        result = ansible.inventory("-vvvvv", **options)
        keys = json.loads((lab.directory / "state.json").read_text())["temporary_keys"]
        assert keys
        for key in keys:
            for secret in (key["access"], key["secret"], key["security_token"]):
                assert secret not in result.stdout + result.stderr
        assert "Get secretKey failed,ak:****" in result.stderr
