"""inventory/group_vars/hazelcast.yml: clusters are made of the inventory's groups, whatever --limit says."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.unit.hazelcast.places import ROOT

SERVERS = {
    "web-2": ("10.0.0.12", "prod-a", "hazelcast_prod_a"),
    "web-1": ("10.0.0.11", "prod-a", "hazelcast_prod_a"),
    # Another cluster whose name makes the same group name.
    "odd-1": ("10.0.0.21", "prod.a", "hazelcast_prod_a"),
    "db-1": ("10.0.0.31", "prod-b", "hazelcast_prod_b"),
}
PLAY = [
    {
        "hosts": "hazelcast",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": "{{ [hazelcast_members, hazelcast_addresses] | to_json }}",
                    "dest": "{{ out }}/{{ inventory_hostname }}",
                },
                "delegate_to": "localhost",
            }
        ],
    }
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict[str, tuple[list, list]]:
    """Host -> (hazelcast_members, hazelcast_addresses) as two hosts of a limited run see them."""
    folder = tmp_path_factory.mktemp("inventory")
    children: dict = {}
    for name, (address, cluster, group) in SERVERS.items():
        hosts = children.setdefault(group, {"hosts": {}})["hosts"]
        hosts[name] = {"ansible_connection": "local", "ecs_private_ipv4": address, "ecs_tags": {"hazelcast": cluster}}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": {"hazelcast": {"children": children}}}}))
    (folder / "group_vars").mkdir()
    (folder / "group_vars/hazelcast.yml").symlink_to(ROOT / "inventory/group_vars/hazelcast.yml")
    (folder / "group_vars/hazelcast_prod_b.yml").write_text("hazelcast_ports: [5701, 5702]")
    (folder / "play.yml").write_text(yaml.safe_dump(PLAY))
    out = tmp_path_factory.mktemp("out")
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml")]
    subprocess.run(
        [*argv, "--limit", "web-1,odd-1,db-1", "-e", f"out={out}"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        check=True,
        capture_output=True,
    )
    return {path.name: json.loads(path.read_text()) for path in out.iterdir()}


def test_members_are_those_of_the_cluster_in_order_also_beyond_the_limit(seen):
    members, addresses = seen["web-1"]
    assert [member["host"] for member in members] == ["web-1", "web-2"]
    assert addresses == ["10.0.0.11:5701", "10.0.0.12:5701"]


def test_clusters_with_one_group_name_are_kept_apart(seen):
    assert [member["host"] for member in seen["odd-1"][0]] == ["odd-1"]


def test_every_port_is_a_member(seen):
    assert seen["db-1"][1] == ["10.0.0.31:5701", "10.0.0.31:5702"]
