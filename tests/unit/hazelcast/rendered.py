"""The role's real templates, rendered by Ansible's own templar from the role's real defaults and vars."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template

from tests.unit.hazelcast.places import ROLE

MEMORY_MB = 4096
# Ansible's command lines do this; without it there are no lookups.
init_plugin_loader()


def host(number: int, ports: tuple[int, ...] = (5701,), zone: str = "cn-north-4a") -> dict[str, Any]:
    return {
        "host": f"web-{number}",
        "address": f"10.0.0.1{number}",
        "ports": list(ports),
        "region": "cn-north-4",
        "availability_zone": zone,
    }


def variables(members: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
    """What the first of ``members`` has in the role: defaults, the required ones, ``settings`` over them, vars."""
    loader = DataLoader()
    return {
        **loader.load_from_file(str(ROLE / "defaults/main.yml"), trusted_as_template=True),
        "hazelcast_cluster_name": "prod-a",
        "hazelcast_address": members[0]["address"],
        "hazelcast_ports": members[0]["ports"],
        "hazelcast_members": members,
        "inventory_hostname": members[0]["host"],
        "ansible_facts": {"memtotal_mb": MEMORY_MB},
        "ansible_search_path": [str(ROLE)],
        "role_path": str(ROLE),
        **settings,
        **loader.load_from_file(str(ROLE / "vars/main.yml"), trusted_as_template=True),
    }


def value(expression: str, members: list[dict[str, Any]], **settings: Any) -> Any:
    templar = Templar(loader=DataLoader(), variables=variables(members, **settings))
    return templar.template(trust_as_template(f"{{{{ {expression} }}}}"))


def texts(members: list[dict[str, Any]], **settings: Any) -> dict[str, str]:
    """File name -> content of every text file that the role writes."""
    return {each["path"].rsplit("/", 1)[1]: each["content"] for each in value("__hazelcast_texts", members, **settings)}
