#!/usr/bin/python
"""Asks members how they are, and waits until they are one whole cluster of a given size."""

from __future__ import annotations

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.health import Health, ask_all, largest_size, trouble

DOCUMENTATION = r"""
module: hazelcast_health
short_description: Asks Hazelcast members how they are, from a host of their cluster
description:
  - Asks all members side by side through their health check, the only REST group that is on.
  - It can wait until members are ACTIVE in one safe cluster with no migration to go; when that does not happen in time
    it fails with a sentence.
options:
  members: {type: list, elements: str, required: true, description: Addresses as IP:PORT.}
  wait_for:
    type: str
    choices: [nothing, whole, size]
    default: nothing
    description:
      - "C(nothing): only ask. C(whole): wait until all members that answer at first agree to be the cluster that is the
        largest now. C(size): wait until all C(members) are in a cluster of C(size)."
  size: {type: int, description: The size of the cluster to wait for.}
  timeout: {type: int, default: 120, description: How long to wait, in seconds.}
"""
RETURN = r"""
answering: {type: list, returned: success, description: Addresses of the members that answered.}
size: {type: int, returned: success, description: The size of the largest cluster any of them is in; 0 for none.}
"""

# One answer; a member that hands over partitions can be slow.
ANSWER_S = 3.0
# "clusterSafe" asks every partition's replicas: not more often than needed.
PAUSE_S = 0.5


def answering(answers: list[Health]) -> list[str]:
    return [answer.address for answer in answers if not answer.silence]


def wait(members: list[str], size: int, timeout: int) -> tuple[list[Health], list[str]]:
    """Ask until nobody is in trouble or the time is over; the last answers and what was wrong with them."""
    deadline = time.monotonic() + timeout
    while True:
        answers = ask_all(members, ANSWER_S)
        troubles = [clause for clause in (trouble(answer, size) for answer in answers) if clause]
        if not troubles or time.monotonic() >= deadline:
            return answers, troubles
        time.sleep(PAUSE_S)


def run(params: dict[str, Any]) -> dict[str, Any]:
    members, size = params["members"], params["size"]
    troubles: list[str] = []
    answers: list[Health] = [] if params["wait_for"] == "size" else ask_all(members, ANSWER_S)
    if params["wait_for"] == "whole":
        members, size = answering(answers), largest_size(answers)
        if not members:
            return {"answering": [], "size": 0, "troubles": ["none of its members answers"]}
    if params["wait_for"] != "nothing":
        answers, troubles = wait(members, size, params["timeout"])
    return {"answering": answering(answers), "size": largest_size(answers), "troubles": troubles}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "members": {"type": "list", "elements": "str", "required": True},
            "wait_for": {"type": "str", "choices": ["nothing", "whole", "size"], "default": "nothing"},
            "size": {"type": "int"},
            "timeout": {"type": "int", "default": 120},
        },
        required_if=[("wait_for", "size", ["size"])],
        supports_check_mode=True,
    )
    outcome = run(module.params)
    if outcome["troubles"]:
        clauses = "; ".join(outcome["troubles"])
        module.fail_json(msg=f"The cluster is not whole after {module.params['timeout']} s: {clauses}.", **outcome)
    module.exit_json(changed=False, **outcome)


if __name__ == "__main__":
    main()
