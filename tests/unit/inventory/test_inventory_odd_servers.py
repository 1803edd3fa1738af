"""Servers nobody expects: none crashes the inventory, and what is dropped is said. The golden cases have more."""

from lab_region import REGION, loaded

from fake_cloud import server  # isort: skip

LONG = "长" * 200


def test_names_and_tags_beyond_the_rules(lab, ansible):
    """The API shows what a console let pass years ago."""
    lab.seed(1, name="数据库-{n}", tags={"团队": "支付", "emoji": "🚀 go", "note": "a:b, c=d", "alone": ""})
    lab.seed(1, name=LONG, tags={LONG: LONG, " ": " "})
    lab.seed(1, name="{{ 7 * 7 }}", tags={"k": "{{ lookup('pipe', 'touch hacked') }}"})
    lab.seed(1, name="-o ProxyCommand=x", tags={"-": "--"})
    hosts = ansible.listed()
    assert set(hosts) == {"数据库-1", LONG, "{{ 7 * 7 }}", "-o ProxyCommand=x"}
    graph = ansible.run("ansible-inventory", "--graph", path=ansible.file()).stdout
    for group in ("tag_团队_支付", "tag_emoji___go", "tag_note_a_b__c_d", "tag_alone", f"tag_{LONG}_{LONG}"):
        assert f"@{group}:\n" in graph


def test_every_status(lab, ansible):
    statuses = ("ACTIVE", "SHUTOFF", "BUILD", "ERROR")
    for status in statuses:
        lab.seed(1, status=status, name=status)
    hosts = ansible.listed()
    assert {name: it["ecs_status"] for name, it in hosts.items()} == {it: it for it in statuses}


def test_names_of_groups_and_of_this_machine(lab, ansible):
    """A shared name, and names that are already something else: nobody's variables land on them."""
    for name in ("all", "localhost", "ungrouped", "hazelcast", "tag_a_b", "10.0.0.7", "web", "web"):
        lab.seed(1, name=name, tags={"hazelcast": "x", "a": "b"})
    result = ansible.inventory("--export")
    assert result.returncode == 0
    listed = loaded(result)
    hosts = listed["_meta"]["hostvars"]
    names = {it["ecs_name"]: host for host, it in hosts.items()}
    for name in ("all", "localhost", "ungrouped", "hazelcast", "tag_a_b", "web"):
        assert names[name] == f"{name}_{hosts[names[name]]['ecs_id']}"
    assert names["10.0.0.7"] == "10.0.0.7"
    assert len(hosts) == 8
    assert not [name for name, group in listed.items() if "vars" in group]
    assert "[WARNING]: Servers share a name and are called NAME_<id> instead: web (2)." in result.stderr
    assert "like this machine and are called NAME_<id> instead: all, hazelcast, localhost, tag_a_b" in result.stderr


def test_what_the_lab_does_not_make(lab, ansible):
    """Objects of the API as it has been seen to answer, put in place of the lab's own: IPv6, holes, half characters."""
    six = {"version": "6", "addr": "2407:c080:1::5", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": "p"}
    lab.say(
        [
            server(1, name="no-address", addresses={}),
            server(2, name="young", status="BUILD", addresses=None),
            server(3, name="six", addresses={"vpc": [six]}),
            server(4, name="gone", status="DELETED"),
            server(5, name="bare", tags=None, metadata=None, flavor=None, image=None, security_groups=None),
            server(6, name=None) | {"name": None},
            server(7, name="half-\ud83d-character", tags=["half=\udc00"]),
            {"id": "only-an-id"},
            server(8, name="two-nics") | {"addresses": two_nics()},
        ]
    )
    result = ansible.inventory(network="192.168.0.0/16", connect_with=["ipv6", "private_ipv4"])
    assert result.returncode == 0, result.stderr
    assert list(loaded(result)["_meta"]["hostvars"]) == ["two-nics"]
    assert "Left out, 8 servers (no ipv6 and no private_ipv4): no-address" in result.stderr
    result = ansible.inventory(connect_with=["private_ipv4", "ipv6"])
    hosts = loaded(result)["_meta"]["hostvars"]
    assert set(hosts) == {"six", "gone", "bare", server(6)["id"], "half-?-character", "two-nics"}
    assert hosts["six"]["ansible_host"] == "2407:c080:1::5"
    assert "Left out, 3 servers" in result.stderr
    for name in ("no-address", "young", "(no name) [only-an-id]"):
        assert name in result.stderr


def two_nics():
    """The same server in two VPCs."""
    return {
        f"vpc-{number}": [{"addr": f"{net}.0.7", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS:port_id": f"p{number}"}]
        for number, net in enumerate(("10.9", "192.168"))
    }


def test_a_server_without_the_wanted_address_is_left_out_and_said(lab, ansible):
    lab.seed(1, name="inside")
    lab.seed(1, name="outside", public=True)
    result = ansible.inventory(connect_with="public_ipv4")
    assert list(loaded(result)["_meta"]["hostvars"]) == ["outside"]
    assert "[WARNING]: Left out, 1 server (no public_ipv4): inside [" in result.stderr


def test_a_tag_that_would_be_an_option_of_ssh(lab, ansible):
    lab.seed(1, name="good", tags={"bastion": "jump.example.com"})
    lab.seed(1, name="none")
    lab.seed(1, name="evil", tags={"bastion": "-oProxyCommand=touch x"})
    result = ansible.inventory(bastion={"host": "tag:bastion", "user": "ops"}, regions=[REGION])
    hosts = loaded(result)["_meta"]["hostvars"]
    jump = hosts["good"]["ansible_ssh_common_args"]
    assert jump == "-o ProxyJump=ops@jump.example.com"
    assert "ansible_ssh_common_args" not in hosts["none"]
    assert "evil" not in hosts
    assert "its tag bastion is no name or address of a bastion): evil [" in result.stderr
