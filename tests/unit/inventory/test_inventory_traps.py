"""What ansible-core 2.19 does in this very place and an inventory plugin has to know, each with a test of its own.

Memory a process holds over bare Ansible is measured by bench/inventory; that a warm cache imports no SDK is tested with
the cache.
"""

import json
import stat

import pytest
from lab_region import LIST, REGION, loaded, sentence_of

from fake_cloud import server  # isort: skip


def test_of_several_variables_in_the_environment_the_last_found_wins(lab, ansible):
    """In an option's `env` the fallback names come first; the two families are never mixed."""
    lab.seed(1)
    stale = {"HW_ACCESS_KEY": "stale", "HW_SECRET_KEY": "stale-secret", "HW_SECURITY_TOKEN": "stale-token"}
    assert list(ansible.listed(environment=stale)) == ["web-1"], "a token of the other family is left out, too"
    account = lab.account
    second = {"HW_ACCESS_KEY": account.access_key, "HW_SECRET_KEY": account.secret_key}
    assert list(ansible.listed(environment={"HUAWEICLOUD_SDK_AK": None, "HUAWEICLOUD_SDK_SK": None, **second}))
    assert ansible.failure(environment={**second, "HUAWEICLOUD_SDK_SK": None}) == (
        "The access key comes from HUAWEICLOUD_SDK_* and the secret key from HW_*: set both by one pair of names."
    )


@pytest.mark.parametrize("place", ["option", "ini", "environment"])
def test_ansible_makes_no_open_folder_for_the_cache(lab, ansible, tmp_path, place):
    """Its own reader of options makes `cache_connection` 0755 before the plugin can say a word, and writes 0644."""
    lab.seed(1, user_data=1)
    folder = tmp_path / "deep" / "cache"
    options, environment = {"cache": True}, {}
    if place == "option":
        options["cache_connection"] = str(folder)
    elif place == "environment":
        environment["ANSIBLE_INVENTORY_CACHE_CONNECTION"] = str(folder)
    else:
        config = tmp_path / "ansible.cfg"
        plugins = ansible.environment["ANSIBLE_CONFIG"].replace("ansible.cfg", "inventory_plugins")
        config.write_text(
            f"[defaults]\ninventory_plugins = {plugins}\nfact_caching_connection = {tmp_path}/facts\n"
            f"[inventory]\nenable_plugins = huaweicloud_ecs\ncache_plugin = jsonfile\ncache_connection = {folder}\n"
        )
        environment["ANSIBLE_CONFIG"] = str(config)
    assert list(ansible.listed(environment=environment, **options)) == ["web-1"]
    (path,) = folder.rglob("*.json")
    assert path.parent == folder / "huaweicloud_ecs"
    assert [stat.S_IMODE(it.stat().st_mode) for it in (path.parent, path)] == [0o700, 0o600]
    assert not (tmp_path / "facts").exists()


def test_a_value_is_trusted_the_same_live_and_cached(lab, ansible):
    """`--list` marks texts it does not trust: one of the configuration must not differ from the same one kept."""
    lab.seed(1)
    options = {"cache": True, "regions": [REGION], "project_id": lab.project(REGION)}
    live, warm = ansible.inventory(**options), ansible.inventory(**options)
    assert live.stdout == warm.stdout
    assert lab.asked(LIST) == 1
    variables = json.loads(live.stdout)["_meta"]["hostvars"]["web-1"]
    for name in ("ecs_region", "ecs_project_id", "ecs_name", "ansible_host"):
        assert list(variables[name]) == ["__ansible_unsafe"], name


def test_templates_inside_tags_are_never_executed(lab, ansible, tmp_path):
    """Not when listed, not in what the constructed features and host names make of them, not in a play."""
    hacked = tmp_path / "hacked"
    template = f"{{{{ lookup('pipe', 'touch {hacked}') }}}}"
    lab.seed(1, tags={"evil": template})
    lab.seed(1, name=f"{template} too")
    options = {
        "compose": {"x_evil": "ecs_tags.evil | default('')"},
        "keyed_groups": [{"key": "ecs_tags.evil | default('')", "prefix": "evil"}],
        "groups": {"evil": "'touch' in (ecs_tags.evil | default(''))"},
        "hostnames": ["{{ ecs_tags.evil }}", "name"],
    }
    hosts = ansible.listed(**options)
    assert len(hosts) == 2
    assert template in [it["x_evil"] for it in hosts.values()]
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n"
        "    - ansible.builtin.debug: {msg: '{{ ecs_tags }} {{ ecs_name }} {{ inventory_hostname }}'}\n"
    )
    shown = ansible.run("ansible-playbook", str(play), path=ansible.file(compose={"ansible_host": "'127.0.0.1'"}))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "touch" in shown.stdout
    assert not hacked.exists()


def test_no_variable_lands_on_a_group_of_the_servers_name(lab, ansible):
    """InventoryData.set_variable prefers a group: a server called `all` would write its address onto every host."""
    for name in ("all", "hazelcast", "plain"):
        lab.seed(1, name=name, tags={"hazelcast": "x"})
    result = ansible.inventory("--export")
    assert not [name for name, group in loaded(result).items() if "vars" in group]
    hosts = loaded(result)["_meta"]["hostvars"]
    assert len({it["ansible_host"] for it in hosts.values()}) == 3


def test_what_our_plugin_cannot_parse_no_other_one_tries(lab, ansible):
    """A JSON file begins with a brace: `ini` would make a host called `{` of it, and `yaml` groups of its options."""
    lab.fault("*", "500")
    path = ansible.file(retries=0)
    path.write_text(json.dumps({"plugin": "huaweicloud_ecs", "retries": 0}, indent=1))
    assert sentence_of(ansible.run("ansible", "all", "--list-hosts", path=path))
    lab.control.clear_faults()
    lab.seed(1)
    assert "web-1" in ansible.run("ansible", "all", "--list-hosts", path=path).stdout, "JSON is YAML"


def test_a_static_inventory_keeps_working_beside_it(lab, ansible, tmp_path):
    """Files of a folder, as a user has them; its hosts and groups keep what they have."""
    folder = tmp_path / "inventory"
    folder.mkdir()
    (folder / "a-hosts.yml").write_text("mine:\n  hosts:\n    web-1: {x_mine: 1}\n    office: {}\n")
    ansible.file(name="inventory/ecs.huaweicloud_ecs.yml")
    lab.seed(1)
    lab.seed(1, name="mine")
    result = ansible.run("ansible-inventory", "--list", path=folder)
    listed = loaded(result)
    hosts = listed["_meta"]["hostvars"]
    assert sorted(listed["mine"]["hosts"]) == ["office", "web-1"]
    assert (hosts["web-1"]["x_mine"], hosts["web-1"]["ecs_name"]) == (1, "web-1")
    assert [name for name in hosts if name.startswith("mine_")]


def test_an_endpoint_with_a_path_is_refused(lab, ansible):
    """The SDK's signer drops it; hosts, ports and projects tell regions apart."""
    sentence = ansible.failure(endpoints={"ecs": lab.url + "/{region}"})
    assert "has a path; give scheme, host and port only" in sentence
    assert lab.asked() == 0
    for region in (REGION, "lab-02"):
        lab.seed(1, region=region, name=region)
    assert sorted(ansible.listed(regions=[REGION, "lab-02"])) == ["lab-02", REGION]


def test_ipv6_is_fixed_and_a_network_is_a_vpc(lab, ansible):
    """The list shows IPv6 addresses as `fixed` only, and names a network by its VPC's id only (the lab has no IPv6)."""
    both = [
        {"version": "4", "addr": "10.0.0.1", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": "p"},
        {"version": "6", "addr": "2407:c080::5", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": "p"},
    ]
    lab.say([server(1, name="six", addresses={"vpc-1": both}), server(2, name="other")])
    result = ansible.inventory(network="vpc-1", connect_with="ipv6", bastion={"host": "jump"})
    hosts = loaded(result)["_meta"]["hostvars"]
    assert list(hosts) == ["six"]
    assert hosts["six"]["ansible_host"] == "2407:c080::5"
    assert hosts["six"]["ecs_private_ipv4"] == "10.0.0.1"
    assert "ansible_ssh_common_args" not in hosts["six"], "a global IPv6 address is public"
    assert "other" in result.stderr
