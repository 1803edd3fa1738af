"""The plugin inside Ansible: options, failures, cache, regions. Names, variables and groups are in the golden cases."""

import json
import os
import re
import stat

import pytest
import yaml
from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.module_utils.huaweicloud.cache import default_folder
from ansible.module_utils.huaweicloud.inventory.settings import read_settings
from ansible.plugins.loader import inventory_loader
from fake_cloud import KEY, SECRET, Reply, refused, server, throttled
from inventory_runner import ROOT, picture

LOGIN = {"iam_domain": "acme", "iam_user": "ops", "iam_password": SECRET}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.huaweicloud_ecs.yml", True),
        ("a.huaweicloud_ecs.yaml", True),
        ("huaweicloud_ecs.yml", True),
        ("huaweicloud_ecs.yaml", True),
        ("xhuaweicloud_ecs.yml", False),
        ("huaweicloud_ecs.json", False),
        ("hosts.yml", False),
    ],
)
def test_which_files_are_ours(tmp_path, name, wanted):
    (tmp_path / name).write_text("plugin: huaweicloud_ecs\n")
    assert inventory_loader.get("huaweicloud_ecs").verify_file(str(tmp_path / name)) is wanted
    assert inventory_loader.get("huaweicloud_ecs").verify_file(str(tmp_path / "no" / name)) is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"regions": None}, "No region: set HW_REGION_NAME"),
        ({"regions": ["", " "]}, "No region"),
        ({"access_key": None, "secret_key": None}, "No credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"),
        ({"secret_key": None}, "secret_key is not set"),
        ({"filter": {"name": "x"}}, "There is no option 'filter'; did you mean 'filters'?"),
        ({"filters": {"tag": {}}}, "filters does not know tag"),
        ({"include_filters": [{"nam": 1}]}, "include_filters[0] does not know nam"),
        ({"hostnames": ["nam"]}, "hostnames: 'nam' is none of name, id"),
        ({"hostnames": ["{{ nonsense("]}, "hostnames:"),
        ({"connect_with": ["public"]}, "connect_with: 'public' is none of private_ipv4"),
        ({"network": "10.0.0.1/8"}, "network '10.0.0.1/8' is not a CIDR"),
        ({"bastion": {"host": "-oProxyCommand=x"}}, "bastion.host '-oProxyCommand=x' is neither"),
        ({"bastion": {"user": "x"}}, "bastion must be a map with host"),
        ({"bastion": {"host": "h", "port": "x"}}, "bastion.port 'x' is not a port"),
        ({"bastion": {"host": "h", "user": "-x"}}, "bastion.user '-x' is not a user name"),
        ({"endpoints": {"ecs": "ftp://x"}}, "is not an http or https URL"),
        ({"endpoints": {"ecs": "http://127.0.0.1:1/path"}}, "has a path"),
        ({"endpoints": {"esc": "http://127.0.0.1:1"}}, "endpoints must be a map with some of the keys"),
        ({"project_id": {"elsewhere": "p"}}, "project_id names regions that are not listed: elsewhere"),
        ({"regions": ["test-1", "test-2"], "project_id": "p"}, "project_id must be a map"),
        ({"retries": -1}, "retries must be at least 0"),
        ({"hostvars_prefix": "9-"}, "do not make variable names"),
        ({"ca_path": "/no/such/file"}, "ca_path /no/such/file does not exist"),
        ({"iam_user": "ops"}, "iam_domain and iam_password"),
        ({"regions": ["nowhere-1"]}, "no project for region nowhere-1"),
    ],
)
def test_mistakes_are_told_in_a_sentence(runner, cloud, options, words):
    cloud.servers["test-1"] = [server(1)]
    sentence = runner.failure(**options)
    assert words in sentence
    assert "Traceback" not in sentence
    assert "/v1/" not in "".join(cloud.paths()) or "hostnames" in options


def test_a_failed_source_leaves_no_host(runner, cloud):
    cloud.servers["test-1"] = [server(number) for number in range(30)]
    cloud.page_cap = 10
    cloud.trouble = lambda seen: throttled() if seen.first("marker") else None
    assert "throttles access key ****WXYZ" in runner.failure()


def test_keys_and_regions_from_the_environment(runner, cloud, monkeypatch):
    cloud.servers = {"test-1": [server(1)], "test-2": [server(2)]}
    options = dict.fromkeys(["access_key", "secret_key", "regions", "endpoints"])
    for name, value in {
        "HUAWEICLOUD_SDK_AK": KEY,
        "HUAWEICLOUD_SDK_SK": SECRET,
        "HW_REGION_NAME": "test-1, test-2",
        "HW_ECS_ENDPOINT": cloud.url,
        "HW_IAM_ENDPOINT": cloud.url,
    }.items():
        monkeypatch.setenv(name, value)
    assert sorted(runner.run(**options).hosts) == ["web-1", "web-2"]


def test_the_sdk_names_win_and_families_do_not_mix(runner, cloud, monkeypatch):
    cloud.servers["test-1"] = [server(1)]
    options = {"access_key": None, "secret_key": None}
    monkeypatch.setenv("HW_ACCESS_KEY", "stale")
    monkeypatch.setenv("HW_SECRET_KEY", "stale-secret")
    monkeypatch.setenv("HW_SECURITY_TOKEN", "stale-token")
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", KEY)
    assert "secret key from HW_*" in runner.failure(**options)
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", SECRET)
    assert list(runner.run(**options).hosts) == ["web-1"]
    assert "x-security-token" not in cloud.seen[-1].headers


def test_options_may_be_templates(runner, cloud, monkeypatch):
    cloud.servers["test-1"] = [server(1)]
    monkeypatch.setenv("MY_SECRET", SECRET)
    template = "{{ lookup('ansible.builtin.env', 'MY_SECRET') }}"
    assert list(runner.run(secret_key=template, regions=["{{ 'test-' ~ 1 }}"]).hosts) == ["web-1"]


def test_a_credential_that_cannot_be_evaluated(runner):
    sentence = runner.failure(secret_key="{{ nothing_of_the_kind }}")
    assert sentence == "secret_key cannot be evaluated: 'nothing_of_the_kind' is undefined"


def test_login_and_metadata_as_sources(runner, cloud):
    cloud.servers["test-1"] = [server(1)]
    keys = {"access_key": None, "secret_key": None}
    assert list(runner.run(**keys, **LOGIN).hosts) == ["web-1"]
    assert cloud.paths() == ["/v3/auth/tokens", "/v1/project-test-1/cloudservers/detail"]
    cloud.servers["test-2"] = [server(2)]
    cloud.seen.clear()
    assert list(runner.run(**keys, **LOGIN, regions=["test-1", "test-2"]).hosts) == ["web-1", "web-2"]
    assert sorted(cloud.paths())[2:] == ["/v3/auth/tokens"] * 2, "a token tells its project: nothing is looked up"
    assert len(cloud.seen) == 4
    cloud.trouble = lambda seen: Reply(404, b"") if "securitykey" in seen.path else None
    endpoints = {"ecs": cloud.url, "iam": cloud.url, "metadata": cloud.url}
    assert "no agency" in runner.failure(**keys, credentials_from="metadata", endpoints=endpoints)


@pytest.mark.parametrize("trouble", [refused(), Reply(500, b""), Reply(200, b"{}"), Reply(200, b"{}", cut=1)])
def test_one_region_fails(runner, cloud, trouble):
    cloud.servers = {"test-1": [server(1)], "test-2": [server(2)]}
    cloud.trouble = lambda seen: trouble if "project-test-2" in seen.path else None
    regions = ["test-1", "test-2"]
    assert "region test-2" in runner.failure(regions=regions)
    manager = runner.run(regions=regions, on_region_error="warn", cache=True)
    assert list(manager.hosts) == ["web-1"]
    assert len(runner.warnings) == 1
    assert "Region test-2 is missing from the inventory" in runner.warnings[0]
    assert not list(runner.folder.glob("cache/**/*.json")), "an incomplete result is never kept"


def test_all_regions_failing_is_a_failure(runner, cloud):
    cloud.servers = {"test-1": [], "test-2": []}
    cloud.trouble = lambda seen: Reply(503, b"") if "cloudservers" in seen.path else None
    sentence = runner.failure(regions=["test-1", "test-2"], on_region_error="warn")
    assert "region test-1" in sentence
    assert "region test-2" in sentence


def test_fewer_servers_than_announced_are_said_and_not_kept(runner, cloud):
    cloud.trouble = lambda seen: (
        Reply(200, {"count": 3, "servers": [] if seen.first("marker") else [server(1)]})
        if "detail" in seen.path
        else None
    )
    assert list(runner.run(cache=True).hosts) == ["web-1"]
    assert runner.warnings == ["Region test-1 announced 3 servers and listed 1."]
    assert not list(runner.folder.glob("cache/**/*.json"))


def test_an_id_in_two_queries_counts_once(runner, cloud):
    cloud.servers["test-1"] = [server(1, tags=["a=1", "b=1"])]
    manager = runner.run(include_filters=[{"tags": {"a": 1}}, {"tags": {"b": 1}}])
    assert list(manager.hosts) == ["web-1"]
    assert runner.warnings == []
    assert cloud.paths().count("/v1/project-test-1/cloudservers/detail") == 2


class TestCache:
    """Warm: no call, no credentials, the same inventory."""

    def test_live_and_cached_are_the_same(self, runner, cloud):
        cloud.servers["test-1"] = [
            server(1, name="数据-😀", tags=["a=b", "evil={{ 7 * 7 }}", "hazelcast=p"]),
            server(2),
        ]
        options = {"cache": True, "compose": {"x_region": "ecs_region"}, "full_hostvars": True}
        live = runner.run(**options)
        calls = len(cloud.seen)
        cached = runner.run(**options)
        assert picture(cached) == picture(live)
        assert len(cloud.seen) == calls
        for name in live.hosts:
            for key, value in live.hosts[name].vars.items():
                assert type(value) is type(cached.hosts[name].vars[key]), key

    def test_without_credentials(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        runner.run(cache=True)
        cloud.__exit__()
        assert list(runner.run(cache=True, access_key=None, secret_key=None).hosts) == ["web-1"]
        assert list(runner.run(cache=True, access_key=None, secret_key="{{ nothing }}").hosts) == ["web-1"]

    def test_other_credentials_are_a_miss(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        runner.run(cache=True)
        assert "refused access key ****1234" in runner.failure(cache=True, access_key="HPUAOTHEROTHEROT1234")

    def test_other_options_are_a_miss(self, runner, cloud):
        cloud.servers = {"test-1": [server(1)], "test-2": [server(2)]}
        runner.run(cache=True)
        for options in ({"regions": ["test-2"]}, {"filters": {"status": "ACTIVE"}}, {"project_id": "project-test-1"}):
            calls = len(cloud.seen)
            runner.run(cache=True, **options)
            assert len(cloud.seen) > calls, options
        calls = len(cloud.seen)
        runner.run(cache=True, hostnames=["id"], full_hostvars=True, connect_with=["name"])
        assert len(cloud.seen) == calls, "what only changes hosts needs no new answer"

    def test_no_user_data_and_private(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        runner.run(cache=True)
        (path,) = runner.folder.glob("cache/huaweicloud_ecs/*.json")
        assert "user_data" not in path.read_text()
        assert KEY not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_damage_is_said_and_repaired(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        runner.run(cache=True)
        (path,) = runner.folder.glob("cache/huaweicloud_ecs/*.json")
        path.write_text(path.read_text()[:100])
        assert list(runner.run(cache=True).hosts) == ["web-1"]
        assert "is damaged" in runner.warnings[0]
        json.loads(path.read_text())

    def test_the_users_cache_folder_without_a_connection(self, runner, monkeypatch):
        assert read_settings({"regions": ["test-1"]}).cache_folder is None
        assert default_folder() == runner.folder / "xdg"
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "/home/somebody")
        assert str(default_folder()) == "/home/somebody/.cache"

    def test_a_folder_that_cannot_be_used_is_only_a_warning(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        (runner.folder / "blocked").write_text("")
        assert list(runner.run(cache=True, cache_connection=str(runner.folder / "blocked")).hosts) == ["web-1"]
        assert "cannot be written" in runner.warnings[-1]

    def test_refresh_asks_again_and_writes(self, runner, cloud):
        cloud.servers["test-1"] = [server(1), server(2)]
        path = runner.file(cache=True)
        manager = runner.parse(path)
        cloud.servers["test-1"].pop()
        manager.refresh_inventory()
        assert list(manager.hosts) == ["web-1"]
        assert list(runner.parse(path).hosts) == ["web-1"]

    def test_projects_are_kept(self, runner, cloud):
        cloud.servers["test-1"] = [server(1)]
        runner.run(cache=True)
        assert runner.run(cache=True).hosts["web-1"].vars["ecs_project_id"] == "project-test-1"
        assert cloud.paths().count("/v3/projects") == 1


@pytest.mark.parametrize(
    "path", sorted((ROOT / "inventory").glob("**/*.huaweicloud_ecs.yml")), ids=lambda path: path.stem
)
def test_the_files_a_user_copies_work(runner, cloud, monkeypatch, path):
    example = yaml.safe_load(path.read_text())
    regions = example.get("regions", ["cn-north-4"])
    cloud.servers = {region: [server(index, tags=["bastion=jump"])] for index, region in enumerate(regions)}
    monkeypatch.setenv("HW_REGION_NAME", "cn-north-4")
    if "project_id" in example:
        example["project_id"] = "project-cn-north-4"
    credentials = dict.fromkeys(["credentials_from", "access_key", "secret_key"])
    manager = runner.run(**{"regions": None, **example, **credentials, **LOGIN})
    assert len(manager.hosts) == len(regions)
    assert runner.warnings == []


def test_samples_are_no_part_of_the_inventory():
    """Ansible reads every file of the folder `inventory`: the folder of samples is named in ansible.cfg."""
    assert re.search("|".join(C.INVENTORY_IGNORE_PATTERNS), "examples")


def test_keys_from_a_vault(runner, cloud):
    cloud.servers["cn-north-4"] = [server(1, tags=[]), server(2, tags=["owner=me"])]
    keys = runner.folder / "keys.yml"
    keys.write_text(f"access_key: {KEY}\nsecret_key: {SECRET}\n")
    example = yaml.safe_load((ROOT / "inventory/examples/keys_in_a_vault.huaweicloud_ecs.yml").read_text())
    for name in ("access_key", "secret_key"):
        example[name] = example[name].replace("inventory/keys.yml", str(keys))
    manager = runner.run(**example)
    assert [host.name for host in manager.groups["nobodys"].hosts] == ["web-1"]
    assert [host.name for host in manager.groups["flavor_c7_large_2"].hosts] == ["web-1", "web-2"]


def test_a_static_inventory_beside_it(runner, cloud):
    """Its groups are not taken for hosts, and its hosts keep their variables."""
    cloud.servers["test-1"] = [server(1, name="monitors"), server(2, name="web")]
    static = runner.folder / "static.yml"
    static.write_text("monitors:\n  hosts:\n    m1: {x_a: 1}\nmine:\n  hosts:\n    web: {x_b: 2}\n")
    manager = runner.parse(static, runner.file())
    assert manager.groups["monitors"].vars.get("ecs_id") is None
    assert "monitors_00000001-aaaa-bbbb-cccc-0123456789ab" in manager.hosts
    assert manager.hosts["web"].vars["x_b"] == 2
    assert manager.hosts["web"].vars["ansible_host"] == "10.0.0.2"


def test_a_group_of_the_option_groups_is_no_host_name(runner, cloud):
    cloud.servers["test-1"] = [server(1, name="first"), server(2, name="other")]
    manager = runner.run(groups={"first": "ecs_name == 'other'"}, compose={"x_a": "ecs_name"})
    assert [host.name for host in manager.groups["first"].hosts] == ["other"]
    assert manager.groups["first"].vars == {}


def test_strict_makes_a_bad_expression_fatal(runner, cloud):
    cloud.servers["test-1"] = [server(1)]
    assert "Could not set x_a" in runner.failure(compose={"x_a": "nothing + 1"}, strict=True)


def test_values_are_plain_and_never_trusted(runner, cloud):
    """Nothing that came from the cloud may be run as a template, and no tag of Ansible's sticks to it."""
    cloud.servers["test-1"] = [server(1, name="{{ 1 + 1 }}", tags=["k={{ lookup('pipe', 'touch hacked') }}"])]
    manager = runner.run(regions=["test-1"])
    variables = manager.hosts["{{ 1 + 1 }}"].vars
    assert type(variables["ecs_region"]) is str
    assert type(variables["ecs_tags"]["k"]) is str
    assert not os.path.exists("hacked")  # noqa: PTH110


def test_secrets_in_an_error_are_masked(runner, cloud):
    cloud.trouble = lambda seen: refused(f"key {KEY} with {SECRET}, header {seen.headers.get('authorization')}")
    sentence = runner.failure()
    assert SECRET not in sentence
    assert KEY not in sentence
    assert "****WXYZ" in sentence
