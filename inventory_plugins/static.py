"""Static inventories in YAML, without the files of other plugins."""

from __future__ import annotations

DOCUMENTATION = r"""
name: static
short_description: Static inventories in YAML, and no other plugin's file
description:
  - Reads what the plugin P(ansible.builtin.yaml#inventory) reads, but leaves a file to the plugin it is named after.
  - Ansible hands a source that one plugin could not read to the next. M(ansible.builtin.yaml) would read a file of
    C(huaweicloud_ecs) without a C(plugin) line as an inventory without hosts, so that the failure ended with success,
    and would add its own complaint to that of any other failure.
options:
  yaml_extensions:
    description: Endings of the names of static inventories.
    type: list
    elements: str
    default: [.yaml, .yml, .json]
"""

EXAMPLES = r"""
# hosts.yml, beside ecs.huaweicloud_ecs.yml
all:
  hosts:
    office: {ansible_host: 192.0.2.10}
"""

from pathlib import Path

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.plugins.inventory.yaml import InventoryModule as YamlInventory


class InventoryModule(YamlInventory):  # type: ignore[misc] # Ansible ships no types
    """ansible.builtin.yaml with a better eye for what is its own."""

    NAME = "static"

    def verify_file(self, path: str) -> bool:
        """`NAME.yml` and `*.NAME.yml` belong to the enabled plugin NAME."""
        owner = Path(path).stem.rpartition(".")[2]
        return bool(super().verify_file(path)) and (owner == self.NAME or owner not in C.INVENTORY_ENABLED)
