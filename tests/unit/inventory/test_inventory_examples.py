"""The documentation is complete; every example in it and in inventory/examples runs as it stands on the lab's API."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.parsing.yaml.loader import AnsibleLoader
from inventory_runner import ROOT
from lab_region import EXAMPLE_PROJECT, EXAMPLES, REGION, loaded

sys.path.insert(0, str(ROOT / "inventory_plugins"))

import huaweicloud_ecs as plugin

BIN = Path(sys.executable).parent
DOCUMENTED = [text.strip() + "\n" for text in plugin.EXAMPLES.split("---\n")]
NORTH, EAST = EXAMPLES


@pytest.fixture
def users_project(lab, ansible, tmp_path):
    """`listed(text)`: hosts, and the whole inventory, of a file of this text in a project of the user's."""
    lab.make("web", {"env": "test", "role": "front"}, region=NORTH)
    lab.make("db", {"bastion": "jump.example.com", "owner": "me", "hazelcast": "prod-a"}, region=NORTH)
    lab.make("east", {"env": "prod"}, region=EAST)

    def listed(text, **environment):
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        path = ansible.file(text, name="inventory/example.huaweicloud_ecs.yml")
        result = ansible.run("ansible-inventory", "--list", path=path, cwd=tmp_path, **environment)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        whole = loaded(result)
        return whole["_meta"]["hostvars"], whole

    return listed


def test_the_least(lab, users_project):
    lab.seed(1)
    assert list(users_project(DOCUMENTED[0])[0]) == ["web-1"]


def test_two_regions_filters_and_the_cache(lab, users_project):
    for _ in range(2):
        assert sorted(users_project(DOCUMENTED[1])[0]) == ["db", "east"]
    assert lab.asked("ListServersDetails") == 2, "one for each region; the second time comes from the cache"


def test_bastion_names_and_constructed(lab, users_project):
    hosts, whole = users_project(DOCUMENTED[2], MY_SECRET_KEY=lab.account.secret_key)
    assert sorted(hosts) == ["db", "front"]
    jump = hosts["db"]["ansible_ssh_common_args"]
    assert jump == "-o ProxyJump=jump@jump.example.com"
    assert hosts["db"]["backup"] == "none"
    assert sorted(whole["flavor_c7_large_2"]["hosts"]) == ["db", "front"]


def test_the_examples_tested_here_are_all_there_are():
    assert len(DOCUMENTED) == 3
    names = {path.name.partition(".")[0] for path in (ROOT / "inventory" / "examples").glob("*.huaweicloud_ecs.yml")}
    assert names == {"several_regions", "from_a_server", "behind_a_bastion", "keys_in_a_vault"}


def example(name):
    return (ROOT / "inventory" / "examples" / f"{name}.huaweicloud_ecs.yml").read_text("utf-8")


def test_the_users_own_inventory(lab, users_project):
    lab.seed(1)
    assert list(users_project((ROOT / "inventory" / "ecs.huaweicloud_ecs.yml").read_text("utf-8"))[0]) == ["web-1"]


def test_several_regions(users_project):
    assert sorted(users_project(example("several_regions"))[0]) == ["db", "east"]


def test_behind_a_bastion(users_project):
    hosts, _ = users_project(example("behind_a_bastion"), HW_REGION_NAME=NORTH)
    assert sorted(hosts) == ["db", "web"]
    assert "ProxyJump=jump@jump.example.com" in hosts["db"]["ansible_ssh_common_args"]
    assert "ansible_ssh_common_args" not in hosts["web"]


def test_from_a_server(lab, users_project):
    """But for the address of the metadata service: the real one must not be asked from here."""
    assert lab.project(NORTH) == EXAMPLE_PROJECT
    lab.make("control-node", address="127.0.0.1", agency_name="ecs-reader")
    text = example("from_a_server") + f"endpoints: {{metadata: '{lab.metadata_url}'}}\n"
    no_keys = {"HUAWEICLOUD_SDK_AK": None, "HUAWEICLOUD_SDK_SK": None}
    assert sorted(users_project(text, **no_keys)[0]) == ["db", "web"]
    assert lab.asked("KeystoneListProjects") == 0


def test_keys_in_a_vault(lab, users_project, tmp_path):
    """Really encrypted."""
    password, keys = tmp_path / "password", tmp_path / "keys.yml"
    password.write_text("vault-password\n")
    keys.write_text(f"access_key: {lab.account.access_key}\nsecret_key: {lab.account.secret_key}\n")
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    subprocess.run(
        [BIN / "ansible-vault", "encrypt", keys], check=True, capture_output=True, env={**vault, "HOME": "/"}
    )
    assert keys.read_text().startswith("$ANSIBLE_VAULT")
    wrong = {"HUAWEICLOUD_SDK_AK": "none", "HUAWEICLOUD_SDK_SK": "none"}
    _, whole = users_project(example("keys_in_a_vault"), **wrong, **vault)
    assert whole["nobodys"]["hosts"] == ["web"]
    assert sorted(whole["flavor_c7_large_2"]["hosts"]) == ["db", "web"]


def test_the_documentation_is_complete(ansible):
    shown = ansible.command("ansible-doc", "-t", "inventory", "huaweicloud_ecs", "static", "--json")
    assert shown.stderr == ""
    both = json.loads(shown.stdout)
    for name in ("huaweicloud_ecs", "static"):
        assert both[name]["doc"]["short_description"]
        assert yaml.load_all(both[name]["examples"], AnsibleLoader)
        for option, told in both[name]["doc"]["options"].items():
            assert told["description"], option
            assert told.get("type"), option
    options = both["huaweicloud_ecs"]["doc"]["options"]
    assert set(WANTED.split()) <= set(options)
    assert options["regions"]["env"] == [{"name": "HW_REGION_NAME"}]
    text = ansible.command("ansible-doc", "-t", "inventory", "huaweicloud_ecs").stdout
    assert REGION not in text, "nothing of the lab"


WANTED = """
plugin access_key secret_key security_token iam_domain iam_user iam_password credentials_from credentials_file regions
project_id endpoints filters include_filters exclude_filters hostnames connect_with network bastion hostvars_prefix
hostvars_suffix full_hostvars systems on_region_error timeout retries deadline validate_certs ca_path proxy compose
groups keyed_groups strict leading_separator use_extra_vars cache cache_timeout cache_connection
"""


def test_a_single_encrypted_value(lab, users_project, ansible, tmp_path):
    """`!vault` in the file itself. Ansible decrypts it with the other options: the password is always needed."""
    password = tmp_path / "password"
    password.write_text("vault-password\n")
    vault = {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    made = ansible.command("ansible-vault", "encrypt_string", lab.account.secret_key, "--name", "secret_key", **vault)
    text = f"plugin: huaweicloud_ecs\nregions: [{NORTH}]\n{made.stdout}"
    assert "!vault" in text
    assert sorted(users_project(text, HUAWEICLOUD_SDK_SK=None, **vault)[0]) == ["db", "web"]
