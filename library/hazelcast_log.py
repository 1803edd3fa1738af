#!/usr/bin/python
"""What the logs of members of this host say about why they do not come."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.journal import last_words, log_of

DOCUMENTATION = r"""
module: hazelcast_log
short_description: Tells why Hazelcast members of this host ended, from their logs
description:
  - Reads the journal of each member and picks the first error of its last start.
options:
  ports: {type: list, elements: int, required: true, description: The ports of the members.}
"""
RETURN = r"""
says: {type: list, returned: success, description: The errors, each once; empty when the logs have none.}
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={"ports": {"type": "list", "elements": "int", "required": True}},
        supports_check_mode=True,
    )
    words = [last_words(log_of(port)) for port in module.params["ports"]]
    module.exit_json(changed=False, says=sorted({said for said in words if said}))


if __name__ == "__main__":
    main()
