"""What an account lets the toolkit do. Its code is the action plugin of the same name: it runs on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: huaweicloud_account
short_description: Examines the accounts and regions of the inventory
description:
  - Reads the inventory's files of plugin P(huaweicloud_ecs#inventory) with their own credentials, and tries each
    permission the toolkit uses by a call that needs it. Every call reads; nothing is changed.
  - Whether the credentials are accepted and whose they are; how far this machine's clock is from the cloud's; the
    project of each region; C(iam:projects:listProjects), C(ecs:cloudServers:list) and
    C(ecs:cloudServers:getConsoleOutput).
  - What is refused is a result, not a failure of this module. After a refused key nothing more is sent with it.
options:
  sources:
    description: The inventory's sources, C(ansible_inventory_sources).
    type: list
    elements: path
    required: true
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
author: ["ECS Cluster Kit"]
"""

EXAMPLES = r"""
- name: The account is examined
  huaweicloud_account:
    sources: "{{ ansible_inventory_sources }}"
  register: account
"""

RETURN = r"""
subjects:
  description: Accounts and regions with their checks, as docs/schemas/preflight-result.json has them.
  returned: always
  type: list
  elements: dict
"""
