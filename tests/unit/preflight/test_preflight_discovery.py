"""A host's try of its discovery key, against a cloud on loopback, which leaves signatures to test_preflight_signing."""

from __future__ import annotations

import pytest
from ansible.module_utils.preflight import discovery
from ansible.module_utils.preflight.checks import FAILED, OK, UNTRIED
from ansible.module_utils.preflight.discovery import Plan, examine

from tests.unit.huaweicloud.fake_cloud import KEY, SECRET, FakeCloud, Reply, Seen, refused, server, throttled

META = {"region_id": "test-1", "project_id": "project-test-1", "availability_zone": "test-1a"}
AGENCY = {"credential": {"access": KEY, "secret": SECRET, "securitytoken": "tok", "expires_at": "2026-11-21T00:00:00Z"}}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(discovery, "PAUSE_S", 0)


@pytest.fixture
def hosted(cloud: FakeCloud) -> FakeCloud:
    """The cloud with a metadata service; `cloud.metadata` maps the last part of a path to its answer."""
    cloud.servers["test-1"] = [server(1, tags=["hazelcast=prod"])]
    cloud.metadata = {"meta_data.json": Reply(200, META), "securitykey": Reply(200, AGENCY)}  # type: ignore[attr-defined]

    def answer(seen: Seen) -> Reply | None:
        kind, name = seen.path.split("/")[1], seen.path.rsplit("/", 1)[1]
        return cloud.metadata.get(name, Reply(404, {})) if kind in ("openstack", "meta-data") else None  # type: ignore[attr-defined]

    cloud.trouble = answer
    return cloud


def plan(cloud: FakeCloud, mode: str = "metadata", **options) -> Plan:
    places = dict.fromkeys(("endpoint_ecs", "endpoint_iam", "endpoint_metadata"), cloud.url)
    return Plan(mode, **{"tag_key": "hazelcast", **places, **options})


def aksk(cloud: FakeCloud, **options) -> Plan:
    return plan(cloud, "aksk", **{"region": "test-1", "access_key": KEY, "secret_key": SECRET, **options})


def test_the_agencys_key_is_tried_with_its_token(hosted):
    assert [(check.name, check.state) for check in examine(plan(hosted))] == [
        ("metadata_service", OK),
        ("discovery_key", OK),
    ]
    asked = hosted.seen[-1]
    assert asked.path == "/v1/project-test-1/cloudservers/detail" and asked.first("tags") == "hazelcast"
    assert asked.headers["x-security-token"] == "tok"


def test_a_hardened_metadata_service_gets_its_token(hosted):
    plain = hosted.trouble

    def hardened(seen):
        if seen.path.startswith("/openstack") and seen.headers.get("x-metadata-token") != "t0ken":
            return Reply(401, {})
        return plain(seen)

    hosted.metadata["token"] = Reply(200, b"t0ken")
    hosted.trouble = hardened
    assert examine(plan(hosted))[-1].state == OK


@pytest.mark.parametrize("answer", [Reply(401, b"Please configure Cloud Service Agency first"), Reply(404, {})])
def test_a_server_without_an_agency(hosted, answer):
    hosted.metadata["securitykey"] = answer
    check = examine(plan(hosted))[-1]
    assert (check.name, check.state) == ("agency", FAILED)
    assert "ecs:cloudServers:list" in check.way_out


def test_a_metadata_service_that_cannot_be_reached(hosted):
    [check] = examine(plan(hosted, endpoint_metadata="http://127.0.0.1:9"))
    assert check.name == "metadata_service" and "Connection refused" in check.said
    assert "TCP 80 to 169.254.169.254/32" in check.way_out


def test_a_configured_key_looks_its_project_up(hosted):
    assert examine(aksk(hosted))[-1].state == OK
    assert hosted.paths() == ["/v3/projects", "/v1/project-test-1/cloudservers/detail"]
    assert (
        examine(aksk(hosted, region="test-9"))[-1].said == f"access key ****{KEY[-4:]} sees 0 projects of region test-9"
    )


def test_a_user_logs_in(hosted):
    login = {"region": "test-1", "iam_domain": "acme", "iam_user": "ops"}
    assert examine(plan(hosted, "iam", iam_password=SECRET, **login))[-1].state == OK
    assert hosted.seen[-1].headers["x-auth-token"].startswith("token-of-test-1")
    [check] = examine(plan(hosted, "iam", iam_password="another-secret", **login))
    assert check.state == FAILED and "user ops of account acme is refused" in check.said


FORBIDDEN = Reply(403, {"error": {"code": "Ecs.0003", "message": "not allowed"}})


@pytest.mark.parametrize(
    ("answer", "state", "said", "way_out"),
    [
        (refused(), FAILED, "is refused", "Correct the key pair"),
        (refused("AK access failed to reach the limit,forbidden"), FAILED, "is refused", "Wait five minutes"),
        (FORBIDDEN, FAILED, "lacks the permission ecs:cloudServers:list", "policy with ecs:cloudServers:list"),
        (Reply(404, {"error": {"message": "no project"}}), FAILED, "no project", "hazelcast_discovery_project_id"),
        (Reply(302, b"", {"Location": "http://elsewhere/"}), FAILED, "answered 302", "endpoints"),
        (throttled(), UNTRIED, "answered 429", ""),
        (Reply(503, b"busy"), UNTRIED, "answered 503: busy, 3 times", ""),
    ],
)
def test_what_the_service_says_to_a_key(cloud, answer, state, said, way_out):
    cloud.trouble = lambda seen: answer
    [check] = examine(aksk(cloud, project_id="p"))
    assert check.state == state and said in check.said and way_out in check.way_out
    assert SECRET not in repr(check)


def test_a_user_who_may_not_log_in_needs_programmatic_access(cloud):
    cloud.trouble = lambda seen: FORBIDDEN
    login = {"iam_domain": "acme", "iam_user": "ops", "iam_password": SECRET}
    [check] = examine(plan(cloud, "iam", region="test-1", **login))
    assert "lacks the permission to log in with a password" in check.said
    assert check.way_out == "Give this user programmatic access in IAM."


def test_a_wrong_clock_is_the_way_out(cloud):
    cloud.skew = 20 * 60
    cloud.trouble = lambda seen: refused()
    [check] = examine(aksk(cloud, project_id="p"))
    assert check.way_out.startswith("Set this host's clock: it is 20 minutes behind")


def test_a_passing_trouble_passes(cloud):
    answers = iter([Reply(500, b""), Reply(500, b"")])
    cloud.trouble = lambda seen: next(answers, None)
    assert examine(aksk(cloud, project_id="project-test-1"))[-1].state == OK


def test_an_endpoint_that_cannot_be_reached(cloud):
    [check] = examine(aksk(cloud, project_id="p", endpoint_ecs="http://127.0.0.1:9"))
    assert check.name == "ecs_endpoint" and check.way_out.startswith("Let TCP 9 to it out")


def test_a_host_that_shall_not_use_the_key_only_reaches_for_the_service(cloud):
    assert [check.name for check in examine(aksk(cloud, use_key=False))] == ["ecs_endpoint"]
    assert [seen.headers.get("authorization") for seen in cloud.seen] == [None]


def test_secrets_are_in_no_repr(cloud):
    text = repr(aksk(cloud, iam_password="pass-word")) + repr(discovery.Key("x", "a", SECRET, "tok", "t0ken"))
    assert not any(secret in text for secret in (SECRET, "pass-word", "tok'", "t0ken"))


def test_regions_have_their_endpoints():
    assert discovery._endpoint("", "ecs", "cn-north-4") == "https://ecs.cn-north-4.myhuaweicloud.com"
    assert discovery._endpoint("", "iam", "eu-west-101") == "https://iam.eu-west-101.myhuaweicloud.eu"
    assert discovery._endpoint("http://x.{region}/", "ecs", "r1") == "http://x.r1"
    assert [discovery._host(it) for it in ("http://a:80", "https://a:443", "http://a:8080")] == ["a", "a", "a:8080"]
