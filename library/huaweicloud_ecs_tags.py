#!/usr/bin/python
"""Module skin: tags of ECS servers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_ecs_tags
short_description: Tags ECS servers
description:
  - Sets and removes tags of servers that are there. The servers are listed once.
  - The cloud's own tags (C(_sys_...)) and a plan's (C(ecs-plan), C(ecs-slot)) are never touched.
options:
  servers:
    description: The servers' ids. One that does not exist is an error, and nothing is changed.
    type: list
    elements: str
    required: true
  tags:
    description:
      - Tags every one of O(servers) is to have. Absent, they are left alone, and the module only reads.
      - V({}) with O(purge) removes all.
    type: dict
  purge:
    description: Whether tags that are not in O(tags) are removed.
    type: bool
    default: false
  remove:
    description: Keys of tags that no server is to have. None of them may be in O(tags).
    type: list
    elements: str
    default: []
extends_documentation_fragment: [huaweicloud.access, huaweicloud]
attributes:
  check_mode:
    support: full
    description: Returns the tags there would be afterwards.
  diff_mode:
    support: full
    description: Shows the tags of the servers that change, before and after.
notes:
  - The key needs C(ecs:cloudServers:list) and C(ecs:cloudServers:batchSetServerTags).
"""

EXAMPLES = r"""
- name: Two servers are members of prod-b
  huaweicloud_ecs_tags:
    servers: ["{{ hostvars['hz-4'].ecs_id }}", "{{ hostvars['hz-5'].ecs_id }}"]
    tags: {hazelcast: prod-b}
  delegate_to: localhost
"""

RETURN = r"""
servers:
  description: The servers, with the tags they have now; in check mode with those they would have.
  type: list
  elements: dict
  returned: always
  sample: [{"id": "4cc3...", "name": "hz-4", "tags": {"hazelcast": "prod-b"}}]
changed_ids:
  description: Ids of the servers whose tags were changed; after a failure, of those whose change succeeded.
  type: list
  elements: str
  returned: always
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.huaweicloud.errors import ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.instance.api import MOST_IDS_IN_A_QUERY, ServerApi
from ansible.module_utils.huaweicloud.instance.differences import Update, tag_changes
from ansible.module_utils.huaweicloud.instance.faults import MAX_TAGS, check_tags
from ansible.module_utils.huaweicloud.instance.options import read_tags
from ansible.module_utils.huaweicloud.instance.seen import Instance
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud_module import ARGUMENTS, connect, one_region

WORKERS = 8

Json = dict[str, Any]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "servers": {"type": "list", "elements": "str", "required": True},
            "tags": {"type": "dict"},
            "purge": {"type": "bool", "default": False},
            "remove": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    redactor = Redactor()
    done: list[str] = []
    try:
        result = retag(module, redactor, done)
    except HuaweiCloudError as error:
        module.fail_json(msg=redactor(str(error)), changed=bool(done), servers=[], changed_ids=done)
    module.exit_json(**result)


def retag(module: AnsibleModule, redactor: Redactor, done: list[str]) -> Json:
    """Change what differs; returns the module's result. `done` is told the servers changed, before an error too. Raises
    HuaweiCloudError.
    """
    params = module.params
    tags = None if params["tags"] is None else read_tags(params["tags"])
    faults = check_tags(tags or {})
    faults += [f"{key} is to be set and removed: say one" for key in params["remove"] if key in (tags or {})]
    if faults:
        raise ConfigurationError(f"tags: {'; '.join(faults)}.")
    region = one_region(params)
    if not region:
        raise ConfigurationError("No region is given: set region or HW_REGION_NAME.")
    connection = connect(params, redactor)
    try:
        api = ServerApi(connection.client, region, connection.project(region))
        instances = _listed(api, list(dict.fromkeys(params["servers"])))
        updates = [_update(it, tags, params["purge"], params["remove"]) for it in instances]
        _check(updates)
        needed = [it for it in updates if it]
        if needed and not module.check_mode:
            with ThreadPoolExecutor(min(WORKERS, len(needed))) as pool:
                futures = [pool.submit(_carry_out, api, it, done) for it in needed]
            for future in futures:
                future.result()
    finally:
        connection.client.close()
    return {
        "changed": bool(needed),
        "changed_ids": [it.instance.id for it in needed],
        "servers": [_view(it.applied()) for it in updates],
        "diff": {
            "before": {it.instance.label: dict(it.instance.server.tags) for it in needed},
            "after": {it.instance.label: dict(it.applied().server.tags) for it in needed},
        },
    }


def _listed(api: ServerApi, ids: list[str]) -> list[Instance]:
    """The servers, in the order asked for."""
    batches = [ids[start : start + MOST_IDS_IN_A_QUERY] for start in range(0, len(ids), MOST_IDS_IN_A_QUERY)]
    found = {it.id: it for batch in batches for it in api.list([("server_id", ",".join(batch))])}
    missing = [it for it in ids if it not in found]
    if missing:
        raise ConfigurationError(f"Region {api.region} has no server {', '.join(missing)}: nothing was changed.")
    return [found[it] for it in ids]


def _update(instance: Instance, tags: dict[str, str] | None, purge: bool, remove: list[str]) -> Update:
    set_, gone = tag_changes(instance.server.tags, tags, purge)
    unwanted = tag_changes({key: "" for key in remove if key in instance.server.tags}, {}, True)[1]
    return Update(instance, tags=set_, tags_removed=tuple(dict.fromkeys((*gone, *unwanted))))


def _check(updates: list[Update]) -> None:
    """Before anything is changed: the API would refuse the one server with too many after changing the others."""
    crowded = [it.instance.label for it in updates if it and len(it.applied().server.tags) > MAX_TAGS]
    if crowded:
        raise ConfigurationError(f"{', '.join(crowded)} would have more than {MAX_TAGS} tags: nothing was changed.")


def _carry_out(api: ServerApi, update: Update, done: list[str]) -> None:
    server = update.instance.server
    if update.tags_removed:
        api.remove_tags(server.id, {key: server.tags[key] for key in update.tags_removed})
    if update.tags:
        api.set_tags(server.id, update.tags)
    done.append(server.id)


def _view(instance: Instance) -> Json:
    return {"id": instance.id, "name": instance.name, "tags": dict(instance.server.tags)}


if __name__ == "__main__":
    main()
