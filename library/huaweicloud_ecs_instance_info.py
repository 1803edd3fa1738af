#!/usr/bin/python
"""Module skin: ECS servers, read."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_ecs_instance_info
short_description: Reads ECS servers
description:
  - Lists the servers of one or more regions that match the filters, in the shape C(huaweicloud_ecs_instance) returns.
  - The filters are those of the inventory plugin C(huaweicloud_ecs).
options:
  regions:
    description: Regions to list, side by side. Default is O(region), which may name several, separated by commas.
    type: list
    elements: str
  ids:
    description: Only the servers with these ids.
    type: list
    elements: str
  filters:
    description:
      - Which servers to take. All keys must match. A list of values means one of them.
      - "Keys: C(name) and C(ip) (with C(*) and C(?)), C(status), C(flavor), C(enterprise_project_id), C(tags) (a map,
        where an empty value asks for the key alone) and C(not_tags) (such a map, or a list of keys)."
    type: dict
    default: {}
  include_filters:
    description: A list of such maps. Servers that match one of them, or O(filters), are taken.
    type: list
    elements: dict
    default: []
  exclude_filters:
    description: A list of such maps. Servers that match one of them are left out.
    type: list
    elements: dict
    default: []
extends_documentation_fragment: [huaweicloud.access, huaweicloud]
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Nothing changes.
notes:
  - The key needs the permission C(ecs:cloudServers:list).
"""

EXAMPLES = r"""
- name: The running members of prod-a
  huaweicloud_ecs_instance_info:
    filters: {status: ACTIVE, tags: {hazelcast: prod-a}}
  delegate_to: localhost
  register: members
"""

RETURN = r"""
instances:
  description: The servers, by name. No secret and no user_data is among them.
  type: list
  elements: dict
  returned: always
  contains:
    id: {description: The id., type: str}
    name: {description: The name., type: str}
    status: {description: For example ACTIVE or SHUTOFF., type: str}
    region: {description: The region., type: str}
    project_id: {description: The project., type: str}
    availability_zone: {description: The zone., type: str}
    flavor: {description: The flavor., type: str}
    image_id: {description: The image's id., type: str}
    image_name: {description: The image's name., type: str}
    vpc_id: {description: The VPC., type: str}
    subnet_ids: {description: The subnets of its network interfaces., type: list, elements: str}
    private_ipv4: {description: The first private address., type: str}
    public_ipv4: {description: The public address (EIP)., type: str}
    ipv6: {description: The first IPv6 address., type: str}
    security_groups: {description: "Each with C(id) and C(name).", type: list, elements: dict}
    tags: {description: The tags., type: dict}
    metadata: {description: "The user's metadata, not the cloud's.", type: dict}
    delete_protection: {description: Whether C(huaweicloud_ecs_instance) refuses to delete it., type: bool}
    key_name: {description: The key pair., type: str}
    agency: {description: The agency., type: str}
    server_group: {description: The server group., type: str}
    kept_disks: {description: Ids of the data disks that stay when it is deleted., type: list, elements: str}
    enterprise_project_id: {description: The enterprise project., type: str}
    created: {description: When it was made., type: str}
    fault: {description: Why it is in ERROR., type: str}
instance_ids:
  description: The ids of RV(instances).
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.huaweicloud.errors import ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.fetch import fetch_regions
from ansible.module_utils.huaweicloud.filters import Filter, parse_filter
from ansible.module_utils.huaweicloud.instance.seen import parse_instance
from ansible.module_utils.huaweicloud.instance.spread import natural
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud_module import ARGUMENTS, connect


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "regions": {"type": "list", "elements": "str"},
            "ids": {"type": "list", "elements": "str"},
            "filters": {"type": "dict", "default": {}},
            "include_filters": {"type": "list", "elements": "dict", "default": []},
            "exclude_filters": {"type": "list", "elements": "dict", "default": []},
        },
        supports_check_mode=True,
    )
    redactor = Redactor()
    try:
        instances, doubts = read(module.params, redactor)
    except HuaweiCloudError as error:
        module.fail_json(msg=redactor(str(error)), instances=[], instance_ids=[])
    for doubt in doubts:
        module.warn(doubt)
    module.exit_json(changed=False, instances=instances, instance_ids=[it["id"] for it in instances])


def read(params: dict[str, Any], redactor: Redactor) -> tuple[list[dict[str, Any]], list[str]]:
    """The servers as the module returns them, and why some may be missing. Raises HuaweiCloudError."""
    taken = [parse_filter(it, "include_filters") for it in params["include_filters"]]
    if params["filters"] or not taken:
        taken.append(parse_filter(params["filters"], "filters"))
    left_out = [parse_filter(it, "exclude_filters") for it in params["exclude_filters"]]
    regions = params["regions"] or [it.strip() for it in (params["region"] or "").split(",") if it.strip()]
    if not regions:
        raise ConfigurationError("No region is given: set region, regions or HW_REGION_NAME.")
    connection = connect(params, redactor)
    try:
        queries = dict.fromkeys(regions, tuple(dict.fromkeys(it.query() for it in taken)))
        fetched = fetch_regions(connection.client, connection.endpoints, queries, connection.projects)
    finally:
        connection.client.close()
    for error in fetched.failures.values():
        raise error
    found = [
        instance
        for region, data in fetched.regions.items()
        for raw in data.servers
        if _is_wanted(instance := parse_instance(raw, region, data.project_id), taken, left_out, params["ids"])
    ]
    return [it.result() for it in sorted(found, key=lambda it: (natural(it.name), it.id))], fetched.doubts


def _is_wanted(instance: Any, taken: list[Filter], left_out: list[Filter], ids: list[str] | None) -> bool:
    server = instance.server
    return (
        (ids is None or instance.id in ids)
        and any(it.matches(server) for it in taken)
        and not any(it.matches(server) for it in left_out)
    )


if __name__ == "__main__":
    main()
