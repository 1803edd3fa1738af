#!/usr/bin/python
"""Module skin: private images of the Image Management Service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_ims_image
short_description: Makes, finds and deletes private images
description:
  - Makes a private image of a stopped server's system disk, finds the newest by name or tag, or deletes one.
  - An image is known by its name. What it holds is not compared - a new content deserves a new name.
options:
  state:
    description:
      - V(present) - there and ready for use; made from O(server) when there is none of O(name).
      - V(absent) - not there; by O(id) or O(name).
      - V(found) - nothing is changed; the newest one with O(name) and O(tags) is returned, if there is one.
    type: str
    choices: [present, absent, found]
    default: present
  name:
    description: The image's name. More than one of that name is an error where one is meant.
    type: str
  id:
    description: The image's id, for V(absent).
    type: str
  server:
    description: Id of the server to make it from. It must be stopped.
    type: str
  tags:
    description: Tags of a new image; for V(found) those it must have, where an empty value asks for the key alone.
    type: dict
    default: {}
  description:
    description: A description of a new image.
    type: str
    default: ''
  wait:
    description: Wait until the image can be used.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 1800
extends_documentation_fragment: [huaweicloud.access, huaweicloud]
attributes:
  check_mode:
    support: full
    description: Returns the image there would be afterwards.
  diff_mode:
    support: full
    description: Shows the images before and after.
notes:
  - The key needs C(ims:images:list) and, for what is used of them, C(ims:serverImages:create) and C(ims:images:delete).
    What the second depends on is in C(docs/huawei-cloud.md).
"""

EXAMPLES = r"""
- name: The stopped server is an image
  huaweicloud_ims_image:
    name: hazelcast-5.3.1-20261121
    server: "{{ builder.instance.id }}"
    tags: {hazelcast: 5.3.1}
  delegate_to: localhost

- name: The newest image of Hazelcast 5.3.1
  huaweicloud_ims_image:
    state: found
    tags: {hazelcast: 5.3.1}
  delegate_to: localhost
  register: newest
"""

RETURN = r"""
image:
  description: The image, if there is one; in check mode the one there would be, without an id.
  type: dict
  returned: always
  contains:
    id: {description: The id., type: str}
    name: {description: The name., type: str}
    status: {description: V(active) when it can be used., type: str}
    created: {description: When it was made., type: str}
    min_disk: {description: "The least size of a system disk made of it, in GB.", type: int}
    tags: {description: The tags., type: dict}
    description: {description: The description., type: str}
    server_id: {description: The server it was made from., type: str}
images:
  description: All private images that fit, newest first.
  type: list
  elements: dict
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.huaweicloud.errors import ConfigurationError, HuaweiCloudError
from ansible.module_utils.huaweicloud.images import (
    Image,
    ImageApi,
    Patience,
    await_image,
    make,
    only,
    refuse_broken,
    remove,
)
from ansible.module_utils.huaweicloud.instance.options import read_tags
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.retry import Deadline
from ansible.module_utils.huaweicloud_module import ARGUMENTS, connect, one_region

Json = dict[str, Any]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "state": {"type": "str", "choices": ["present", "absent", "found"], "default": "present"},
            "name": {"type": "str"},
            "id": {"type": "str"},
            "server": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "description": {"type": "str", "default": ""},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        required_if=[("state", "present", ["name"]), ("state", "absent", ["name", "id"], True)],
        supports_check_mode=True,
    )
    redactor = Redactor()
    try:
        before, after, changed = converge(module, redactor)
    except HuaweiCloudError as error:
        module.fail_json(msg=redactor(str(error)), image=None, images=[])
    shown = [it.result() for it in after]
    module.exit_json(
        changed=changed,
        image=shown[0] if shown else None,
        images=shown,
        diff={"before": [it.result() for it in before], "after": shown} if changed else {"before": "", "after": ""},
    )


def converge(module: AnsibleModule, redactor: Redactor) -> tuple[list[Image], list[Image], bool]:
    """The images that fit before and after, and whether that changed. Raises HuaweiCloudError."""
    params = module.params
    region = one_region(params)
    if not region:
        raise ConfigurationError("No region is given: set region or HW_REGION_NAME.")
    connection = connect(params, redactor)
    try:
        api = ImageApi(connection.client, region, connection.project(region))
        tags = read_tags(params["tags"])
        if params["state"] == "found":
            found = [it for it in api.list(params["name"] or "", tags) if it.status == "active"]
            return found, found, False
        before = [it for it in api.list(params["name"] or "", {}) if params["id"] in (None, it.id)]
        if params["state"] == "absent":
            doomed = only(before)
            if doomed and not module.check_mode:
                remove(api, doomed)
            return before, [], doomed is not None
        after, made = _present(module, api, tags, only(before))
        return before, [after], made
    finally:
        connection.client.close()


def _present(module: AnsibleModule, api: ImageApi, tags: dict[str, str], there: Image | None) -> tuple[Image, bool]:
    """The image, and whether it was made. One that a run before has ordered is waited for."""
    params = module.params
    patience = Patience(params["wait"], params["wait_timeout"])
    wanted = Image("", params["name"], tags=tags, description=params["description"], server_id=params["server"] or "")
    if there:
        refuse_broken(there)
        if there.status == "active" or module.check_mode:
            return there, False
        return await_image(api, wanted, Deadline(patience.timeout), patience), False
    if not wanted.server_id:
        raise ConfigurationError(f"There is no private image {wanted.name}, and no server to make it from is given.")
    if module.check_mode:
        return wanted, True
    return make(api, wanted, patience), True


if __name__ == "__main__":
    main()
