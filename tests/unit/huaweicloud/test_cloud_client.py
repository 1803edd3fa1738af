"""The client on the wire: retries, refusals, broken answers, and sentences that name what to do."""

import gzip
import json
import sys
import threading
import time

import pytest
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.credentials import AccessKey, StaticKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import ApiError, ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.fetch import fetch_regions
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.retry import Limits, RetryPolicy
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport
from fake_cloud import KEY, SECRET, FakeCloud, Reply, refused, server, throttled


def client_of(cloud, *, retries=5, deadline=20.0, timeout=5.0, key=KEY, redactor=None):
    source = StaticKey(AccessKey(key, SECRET))
    endpoints = Endpoints({"ecs": cloud.url, "iam": cloud.url})
    limits = Limits(RetryPolicy(retries, first_wait=0.01), deadline)
    redactor = redactor or Redactor()
    redactor.learn([SECRET], access_keys=[key])
    return CloudClient(source, endpoints, Transport(HttpOptions(timeout=timeout)), limits, redactor)


def ids(listing):
    return [it["id"] for it in listing.servers]


def test_user_data_and_passwords_are_dropped_at_once(cloud):
    cloud.servers["test-1"] = [server(1, adminPass="x", metadata={"vpc_id": "v", "admin_pass": "x", "user_data": "x"})]
    (got,) = client_of(cloud).list_servers("test-1", "project-test-1").servers
    assert not [name for name in (*got, *got["metadata"]) if "user_data" in name or "pass" in name.lower()]
    assert got["metadata"] == {"vpc_id": "v"}


def failing(times, reply):
    """Trouble for the first `times` requests."""
    left = [times]

    def trouble(seen):
        left[0] -= 1
        return reply if left[0] >= 0 else None

    return trouble


@pytest.mark.parametrize(
    "reply",
    [
        throttled(),
        throttled("0"),
        Reply(500, {"error": {"code": "Ecs.0000", "message": "internal"}}),
        Reply(503, b"<html>busy</html>"),
        Reply(200, {"error_msg": "x", "error_code": "APIGW.0308"}),
        Reply(200, b"<html>a proxy's page</html>"),
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, {"count": 1, "servers": None}),
        Reply(200, {"count": 1, "servers": [{"id": None}]}),
        Reply(200, {"count": 1, "servers": [server(1)]}, cut=40),
        Reply(200, b"\xff\xfe\x00"),
    ],
    ids=lambda reply: f"{reply.status}-{reply.content()[:12]!r}-{reply.cut}",
)
def test_passing_trouble_is_retried_and_nothing_is_lost(cloud, reply):
    cloud.servers["test-1"] = [server(1), server(2)]
    cloud.trouble = failing(2, reply)
    assert len(client_of(cloud).list_servers("test-1", "project-test-1").servers) == 2
    assert len(cloud.seen) == 3


def test_a_server_that_hangs_is_left_after_the_timeout(cloud):
    cloud.trouble = lambda seen: Reply(200, {"servers": []}, wait=3)
    begin = time.monotonic()
    with pytest.raises(HuaweiCloudError, match=r"did not answer within 1 s"):
        client_of(cloud, retries=0, timeout=1).list_servers("test-1", "project-test-1")
    assert time.monotonic() - begin < 2.5


def test_an_answer_that_comes_drop_by_drop_is_left_after_the_timeout(cloud):
    """Each single read is quick, so a socket's timeout would never strike."""
    cloud.trouble = lambda seen: Reply(200, {"count": 0, "servers": [], "filler": "x" * 200}, drip=0.05)
    begin = time.monotonic()
    with pytest.raises(HuaweiCloudError, match="still coming when its time was over"):
        client_of(cloud, retries=0, timeout=1).list_servers("test-1", "project-test-1")
    assert time.monotonic() - begin < 4


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_whole_and_cut_answers_in_every_encoding(cloud, chunked, packed):
    cloud.servers["test-1"] = [server(number) for number in range(300)]
    whole = json.dumps({"count": 300, "servers": cloud.servers["test-1"]}).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    body = gzip.compress(whole) if packed else whole
    cut = Reply(200, body, headers, chunked=chunked, cut=len(body) * 2 // 3)
    answers = iter([cut, cut, Reply(200, body, headers, chunked=chunked)])
    cloud.trouble = lambda seen: next(answers)
    assert len(client_of(cloud).list_servers("test-1", "project-test-1").servers) == 300
    assert len(cloud.seen) == 3


def test_an_answer_that_stops_is_left_after_the_timeout(cloud):
    cloud.trouble = lambda seen: Reply(200, {"count": 0, "servers": []}, drip=3)
    with pytest.raises(HuaweiCloudError, match="The answer stopped on its way"):
        client_of(cloud, retries=0, timeout=1).list_servers("test-1", "project-test-1")


def test_retry_after_as_a_date(cloud):
    cloud.trouble = lambda seen: throttled("Wed, 01 Jan 2098 00:00:00 GMT")
    with pytest.raises(ApiError, match="asks to wait"):
        client_of(cloud).list_servers("test-1", "project-test-1")


def test_a_missing_permission_is_named(cloud):
    cloud.trouble = lambda seen: Reply(403, {"error": {"code": "Ecs.0003", "message": "Policy doesn't allow"}})
    with pytest.raises(ApiError, match=r"permission ecs:cloudServers:list is missing.*Policy doesn't allow"):
        client_of(cloud).list_servers("test-1", "project-test-1")
    assert len(cloud.seen) == 1


def test_a_redirect_is_not_followed(cloud):
    cloud.trouble = lambda seen: Reply(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"})
    with pytest.raises(ApiError, match=r"redirects to http://127\.0\.0\.1:9/elsewhere"):
        client_of(cloud).list_servers("test-1", "project-test-1")


def test_nobody_there_is_said_quickly():
    with FakeCloud() as fake:
        client = client_of(fake)
    begin = time.monotonic()
    with pytest.raises(HuaweiCloudError, match=r"ECS of region test-1: .*connection was refused"):
        client.list_servers("test-1", "project-test-1")
    assert time.monotonic() - begin < 1


def test_a_missing_package_is_named(cloud, monkeypatch):
    monkeypatch.setitem(sys.modules, "huaweicloudsdkcore.sdk_request", None)
    with pytest.raises(ConfigurationError, match=r"package huaweicloudsdkcore\.sdk_request is missing: pip install"):
        client_of(cloud).list_servers("test-1", "project-test-1")


def test_a_netrc_entry_does_not_replace_the_signature(cloud, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of(cloud).list_servers("test-1", "project-test-1")
    assert cloud.seen[0].headers["authorization"].startswith("SDK-HMAC-SHA256 ")


def queries(*regions):
    return {region: [()] for region in regions}


def fetch(cloud, client, *regions, projects=None):
    return fetch_regions(client, Endpoints({"ecs": cloud.url, "iam": cloud.url}), queries(*regions), projects or {})


REGIONS = [f"test-{number}" for number in range(1, 11)]


def test_many_regions_cost_one_look_up_and_one_list_each(cloud):
    cloud.servers = {region: [server(index)] for index, region in enumerate(REGIONS)}
    result = fetch(cloud, client_of(cloud), *REGIONS)
    assert {region: len(data.servers) for region, data in result.regions.items()} == dict.fromkeys(REGIONS, 1)
    assert cloud.paths().count("/v3/projects") == 1
    assert len(cloud.seen) == 11


def test_known_projects_are_not_looked_up(cloud):
    fetch(cloud, client_of(cloud), "test-1", projects={"test-1": "project-test-1"})
    assert "/v3/projects" not in cloud.paths()


def test_an_accepted_key_runs_freely(cloud):
    cloud.servers = {region: [] for region in REGIONS}
    cloud.latency = 0.1
    most, now, lock = [0], [0], threading.Lock()

    def count(seen):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.1)
        with lock:
            now[0] -= 1

    cloud.trouble = count
    fetch(cloud, client_of(cloud), *REGIONS)
    assert most[0] > 4


def test_a_refusal_after_acceptance_concerns_one_region(cloud):
    cloud.servers = {"test-1": [server(1)], "test-2": [server(2)]}
    cloud.trouble = lambda seen: refused() if "project-test-2" in seen.path else None
    result = fetch(cloud, client_of(cloud), "test-1", "test-2")
    assert list(result.regions) == ["test-1"]
    assert list(result.failures) == ["test-2"]


def test_no_project_and_several_projects_are_told_apart(cloud):
    with pytest.raises(ConfigurationError, match="no project for region elsewhere-1"):
        client_of(cloud).project_id("elsewhere-1")
    twice = [{"id": "p1", "name": "test-1"}, {"id": "p2", "name": "test-1"}]
    cloud.trouble = lambda seen: Reply(200, {"projects": twice})
    with pytest.raises(ConfigurationError, match=r"several projects named test-1 \(p1, p2\)"):
        client_of(cloud).project_id("test-1")


def test_no_thread_and_no_connection_outlives_the_run(cloud):
    before = threading.active_count()
    client = client_of(cloud)
    fetch(cloud, client, "test-1")
    client.close()
    deadline = time.monotonic() + 2
    while threading.active_count() > before + 1 and time.monotonic() < deadline:
        time.sleep(0.02)  # the fake cloud's own threads end when connections close
    assert threading.active_count() <= before + 1
