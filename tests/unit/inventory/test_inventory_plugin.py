"""The plugin inside Ansible: options, failures, cache, regions. Names, variables and groups are in the golden cases."""

import os
import re

import pytest
from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.plugins.loader import inventory_loader
from fake_cloud import SECRET, server

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


def test_options_may_be_templates(runner, cloud, monkeypatch):
    cloud.servers["test-1"] = [server(1)]
    monkeypatch.setenv("MY_SECRET", SECRET)
    options = {
        "secret_key": "{{ lookup('ansible.builtin.env', 'MY_SECRET') }}",
        "retries": "{{ 1 + 1 }}",
        "filters": {"name": "{{ 'web-' ~ 1 }}"},
    }
    for regions in (["{{ 'test-' ~ 1 }}"], "{{ ['test-1'] }}"):
        assert list(runner.run(**options, regions=regions).hosts) == ["web-1"]


def test_a_credential_that_cannot_be_evaluated(runner):
    sentence = runner.failure(secret_key="{{ nothing_of_the_kind }}")
    assert sentence == "secret_key cannot be evaluated: 'nothing_of_the_kind' is undefined"


def test_samples_are_no_part_of_the_inventory():
    """Ansible reads every file of the folder `inventory`: the folder of samples is named in ansible.cfg."""
    assert re.search("|".join(C.INVENTORY_IGNORE_PATTERNS), "examples")


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
