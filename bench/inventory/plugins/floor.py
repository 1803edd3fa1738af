"""The floor: the same hosts, variables and groups as huaweicloud_ecs makes of the fleet, from a formula, in the
cheapest way Ansible allows. No SDK, no network, no cache file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.plugins.inventory import BaseInventoryPlugin

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.inventory import fleet

DOCUMENTATION = r"""
name: floor
short_description: The same inventory from memory
options:
  plugin: {description: Marks the file., type: str, required: true}
  count: {description: Number of servers., type: int, default: 1000}
"""

REGION = "test-1"


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc] # Ansible ships no types
    NAME = "floor"

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        for number in range(self.get_option("count")):
            name, tags, zone = fleet.name(number), fleet.tags(number), REGION + fleet.zone(number)
            inventory.add_host(name)
            host = inventory.hosts[name]
            variables = {
                "ecs_id": fleet.server_id(number),
                "ecs_name": name,
                "ecs_status": "ACTIVE",
                "ecs_region": REGION,
                "ecs_project_id": fleet.project(REGION),
                "ecs_availability_zone": zone,
                "ecs_flavor": fleet.FLAVOR,
                "ecs_image_id": fleet.IMAGE,
                "ecs_vpc_id": fleet.VPC,
                "ecs_private_ipv4": fleet.address(number),
                "ecs_public_ipv4": None,
                "ecs_tags": tags,
                "ecs_security_groups": ["default"],
                "ansible_host": fleet.address(number),
            }
            host.vars.update(variables)
            cluster = self._safe(f"hazelcast_{tags['hazelcast']}")
            if cluster not in inventory.groups:
                for group in ("hazelcast", cluster):
                    inventory.add_group(group)
                inventory.add_child("hazelcast", cluster)
            groups = [cluster, *(self._safe(f"tag_{key}_{value}") for key, value in tags.items())]
            for group in (*groups, self._safe(f"region_{REGION}"), self._safe(f"az_{zone}")):
                if group not in inventory.groups:
                    inventory.add_group(group)
                inventory.groups[group].add_host(host)

    @staticmethod
    def _safe(name: str) -> str:
        return name.replace("-", "_")
