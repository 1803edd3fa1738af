"""Inventory of Huawei Cloud ECS servers: options in, hosts out. Everything hard lives in module_utils/huaweicloud."""

from __future__ import annotations

DOCUMENTATION = r"""
name: huaweicloud_ecs
short_description: Huawei Cloud ECS servers, grouped by their tags
description:
  - Lists the Elastic Cloud Servers of one or more regions and makes hosts and groups of them.
  - The key of a tag names a system and its value a cluster. C(hazelcast=prod-a) on a server puts it into the groups
    C(hazelcast) and C(hazelcast_prod_a). Any tag makes a group C(tag_<key>_<value>).
  - The inventory file must be called C(*.huaweicloud_ecs.yml), C(*.huaweicloud_ecs.yaml) or C(huaweicloud_ecs.yml).
requirements:
  - huaweicloudsdkcore (comes with huaweicloudsdkecs and huaweicloudsdkiam)
options:
  plugin:
    description: Marks the file as one for this plugin.
    required: true
    choices: [huaweicloud_ecs]
  access_key:
    description: Access key id (AK).
    type: str
    env:
      - name: HW_ACCESS_KEY
      - name: HUAWEICLOUD_SDK_AK
  secret_key:
    description: Secret access key (SK).
    type: str
    env:
      - name: HW_SECRET_KEY
      - name: HUAWEICLOUD_SDK_SK
  security_token:
    description: Security token of a temporary access key.
    type: str
    env:
      - name: HW_SECURITY_TOKEN
      - name: HUAWEICLOUD_SDK_SECURITY_TOKEN
  regions:
    description: Regions to list, for example C(cn-north-4).
    type: list
    elements: str
    env:
      - name: HW_REGION_NAME
  project_id:
    description: Project id of the only region, or a map of region to project id. Looked up through IAM when absent.
    type: raw
  endpoints:
    description: Map of service (C(ecs), C(iam)) to URL; C({region}) is replaced. Absent or empty means the real cloud.
    type: dict
    default: {}
  ecs_endpoint:
    description: O(endpoints) C(ecs) from the environment.
    type: str
    env:
      - name: HW_ECS_ENDPOINT
  iam_endpoint:
    description: O(endpoints) C(iam) from the environment.
    type: str
    env:
      - name: HW_IAM_ENDPOINT
extends_documentation_fragment:
  - constructed
"""

EXAMPLES = r"""
plugin: huaweicloud_ecs
regions: [cn-north-4]
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable, to_safe_group_name

# An inventory plugin beside a playbook does not see the project's module_utils by itself.
ansible.module_utils.__path__.append(str(Path(__file__).resolve().parent.parent / "module_utils"))

from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.credentials import AccessKey, StaticKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.fetch import fetch_regions
from ansible.module_utils.huaweicloud.inventory.groups import GroupNames
from ansible.module_utils.huaweicloud.inventory.hosts import HostRules, make_hosts
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.servers import parse_server

FILE_NAMES = ("huaweicloud_ecs.yml", "huaweicloud_ecs.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable):  # type: ignore[misc] # Ansible ships no types
    """Options -> client -> servers -> hosts and groups."""

    NAME = "huaweicloud_ecs"

    def verify_file(self, path: str) -> bool:
        name = Path(path).name
        return bool(super().verify_file(path)) and (
            name in FILE_NAMES or name.endswith(tuple(f".{it}" for it in FILE_NAMES))
        )

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        redactor = Redactor()
        try:
            hosts, warnings = self._hosts(redactor)
        except HuaweiCloudError as error:
            raise AnsibleParserError(redactor(str(error))) from None
        for warning in warnings:
            self.display.warning(redactor(warning))
        self._populate(hosts)
        self._construct(hosts)

    def _hosts(self, redactor: Redactor) -> tuple[list[Any], list[str]]:
        key = AccessKey(self._text("access_key"), self._text("secret_key"), self._text("security_token") or None)
        redactor.learn([key.sk, key.security_token], access_keys=[key.ak])
        if not key.ak or not key.sk:
            raise AnsibleParserError(
                "No access key: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or access_key and secret_key."
            )
        regions = [str(region).strip() for region in self.get_option("regions") or [] if str(region).strip()]
        if not regions:
            raise AnsibleParserError("No region: set HW_REGION_NAME, or regions in the inventory file.")
        overrides = {
            "ecs": self._text("ecs_endpoint"),
            "iam": self._text("iam_endpoint"),
            **self.get_option("endpoints"),
        }
        endpoints = Endpoints({service: str(url) for service, url in overrides.items() if url})
        client = CloudClient(StaticKey(key), endpoints, redactor=redactor)
        try:
            project = self.get_option("project_id")
            projects = project if isinstance(project, Mapping) else {regions[0]: project} if project else {}
            fetched = fetch_regions(client, endpoints, {region: [()] for region in regions}, projects)
        finally:
            client.close()
        for error in fetched.failures.values():
            raise error
        servers = [
            parse_server(raw, region, data.project_id)
            for region, data in fetched.regions.items()
            for raw in data.servers
        ]
        names = GroupNames(to_safe_group_name)
        hosts, warnings = make_hosts(servers, HostRules(), names, lambda _t, _v: "", taken=list(self.inventory.groups))
        return hosts, fetched.doubts + warnings

    def _populate(self, hosts: list[Any]) -> None:
        """Straight into Host and Group objects: InventoryData.set_variable prefers a group that has the host's name."""
        inventory = self.inventory
        for host in hosts:
            inventory.add_host(host.name)
            entry = inventory.hosts[host.name]
            for name, value in host.variables.items():
                entry.set_variable(name, value)
            for group, parent in host.groups:
                if parent and parent not in inventory.groups:
                    inventory.add_group(parent)
                if group not in inventory.groups:
                    inventory.add_group(group)
                    if parent:
                        inventory.add_child(parent, group)
                inventory.groups[group].add_host(entry)

    def _construct(self, hosts: list[Any]) -> None:
        """Ansible's constructed features, one after the other for all hosts, keyed groups last: none may make a group
        named like a host before that host has its variables and groups."""
        strict = self.get_option("strict")
        if compose := self.get_option("compose"):
            for host in hosts:
                self._set_composite_vars(compose, host.variables, host.name, strict=strict)
        if groups := self.get_option("groups"):
            for host in hosts:
                self._add_host_to_composed_groups(groups, host.variables, host.name, strict=strict)
        if keys := self.get_option("keyed_groups"):
            for host in hosts:
                self._add_host_to_keyed_groups(keys, host.variables, host.name, strict=strict)

    def _text(self, option: str) -> str:
        return str(self.get_option(option) or "").strip()
