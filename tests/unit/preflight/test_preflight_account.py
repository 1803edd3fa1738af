"""The account's questions, through the real client, against a cloud on loopback."""

from __future__ import annotations

import pytest
from ansible.module_utils.huaweicloud.inventory.settings import read_settings
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.sources import CredentialOptions
from ansible.module_utils.preflight import account
from ansible.module_utils.preflight.checks import FAILED, OK, UNTRIED

from tests.unit.huaweicloud.fake_cloud import KEY, SECRET, FakeCloud, Reply, server

DOMAINS = Reply(200, {"domains": [{"id": "d1", "name": "acme"}]})
FORBIDDEN = Reply(403, {"error": {"code": "Ecs.0003", "message": "Policy doesn't allow this."}})


@pytest.fixture
def home(cloud: FakeCloud) -> FakeCloud:
    """A cloud that knows whose key it is, with one running server; paths that end like `cloud.forbidden` give 403."""
    cloud.servers["test-1"] = [server(1), server(2, status="SHUTOFF")]
    cloud.forbidden = ()  # type: ignore[attr-defined]

    def answer(seen):
        if seen.path.endswith(cloud.forbidden):  # type: ignore[attr-defined]
            return FORBIDDEN
        known = f"Access={KEY}," in seen.headers.get("authorization", "") or "x-auth-token" in seen.headers
        return DOMAINS if seen.path == "/v3/auth/domains" and known else None

    cloud.trouble = answer
    return cloud


def examine(cloud: FakeCloud, key: str = KEY, **options):
    given = {"regions": ["test-1"], "endpoints": {"ecs": cloud.url, "iam": cloud.url}, **options}
    login = {"iam_user": "ops", "iam_domain": "acme", "iam_password": SECRET}
    credentials = CredentialOptions(access_key=key, secret_key=SECRET) if key else CredentialOptions(**login)
    return account.examine("ecs.huaweicloud_ecs.yml", read_settings(given), credentials, Redactor())


def states(subjects):
    return {check.name: check.state for subject in subjects for check in subject.checks}


def check_of(subjects, name):
    return next(check for subject in subjects for check in subject.checks if check.name == name)


def test_each_permission_is_tried_by_its_call(home):
    found = examine(home)
    assert states(found) == dict.fromkeys(
        ["credentials", "clock", account.PROJECTS, "project", account.LIST, account.CONSOLE], OK
    )
    assert check_of(found, "credentials").said == f"access key ****{KEY[-4:]} is accepted, account acme"
    assert [path.rsplit("/", 1)[1] for path in home.paths()] == ["domains", "projects", "detail", "console-output"]


@pytest.mark.parametrize(
    ("forbidden", "red", "rest"),
    [
        ("/v3/projects", account.PROJECTS, {"project": UNTRIED}),
        ("/detail", account.LIST, {account.PROJECTS: OK, "project": OK, account.CONSOLE: UNTRIED}),
        ("/console-output", account.CONSOLE, {account.PROJECTS: OK, "project": OK, account.LIST: OK}),
    ],
)
def test_a_missing_permission_is_named(home, forbidden, red, rest):
    home.forbidden = (forbidden,)
    found = examine(home)
    assert states(found) == {"credentials": OK, "clock": OK, red: FAILED, **rest}
    assert red in check_of(found, red).way_out and SECRET not in repr(found)


def test_a_refused_key_is_used_once(home):
    found = examine(home, key="AKTHATISNOTTHERE0001")
    assert states(found)["credentials"] == FAILED
    assert states(found)["project"] == UNTRIED
    assert len(home.seen) == 1
    assert "AKTHATISNOTTHERE0001" not in repr(found)


def test_a_key_that_may_not_ask_whose_it_is_is_accepted(home):
    home.forbidden = ("/v3/auth/domains",)
    assert states(examine(home))["credentials"] == OK


def test_regions_are_examined_each_for_itself(home):
    found = examine(home, regions=["nowhere-9", "test-1"])
    assert [subject.name for subject in found][1:] == ["nowhere-9", "test-1"]
    assert [subject.ok for subject in found] == [True, False, True]
    assert found[1].checks[0].said == "The account has no project for region nowhere-9"


def test_a_region_without_servers_leaves_the_console_untried(home):
    home.servers["test-1"] = []
    assert states(examine(home))[account.CONSOLE] == UNTRIED


def test_known_projects_are_not_looked_up(home):
    found = examine(home, project_id="project-test-1")
    assert states(found)[account.PROJECTS] == UNTRIED
    assert "/v3/projects" not in home.paths()


def test_a_login_needs_no_list_of_projects(home):
    found = examine(home, key="")
    assert states(found)[account.PROJECTS] == UNTRIED
    assert (
        "user ops" in check_of(found, "credentials").said or "token of user ops" in check_of(found, "credentials").said
    )


def test_the_clock_is_said_and_a_wrong_one_red(home):
    home.skew = 20 * 60
    assert check_of(examine(home), "clock").said in (
        "this machine's is 1199 s behind the cloud's",
        "this machine's is 1200 s behind the cloud's",
    )
    assert states(examine(home))["clock"] == FAILED


def test_a_cloud_that_cannot_be_reached(home):
    found = examine(home, endpoints={"ecs": "http://127.0.0.1:9", "iam": "http://127.0.0.1:9"})
    assert "HW_ECS_ENDPOINT" in check_of(found, "credentials").way_out
    assert "clock" not in states(found)


def test_no_credentials_at_all():
    found = account.examine("x.yml", read_settings({"regions": ["r"]}), CredentialOptions(), Redactor())
    assert states(found) == {"credentials": FAILED}
