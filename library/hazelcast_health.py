#!/usr/bin/python
"""Asks members how they are, and waits until they are one whole cluster of a given size."""

from __future__ import annotations

import subprocess
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.health import Health, ask_all, largest_size, troubles_together
from ansible.module_utils.hazelcast.journal import complaint, last_words, log_of
from ansible.module_utils.hazelcast.units import unit_name

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
      - "C(nothing): only ask. C(whole): wait until C(must_answer), and those of C(members) that answer at first, agree
        to be one cluster. C(size): wait until all C(members) agree to be one cluster of at least C(size)."
  must_answer: {type: list, elements: str, default: [], description: Addresses of members that are meant to run.}
  size: {type: int, default: 1, description: The least size of the cluster to wait for.}
  port:
    type: int
    description: Port of a member of this host that was just started. When it keeps ending, waiting does, too.
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
# A member that ended and was started again this often will not come.
MOST_RESTARTS = 2
# A member that has logged an error and is not in after this time will not come either; a slow one logs none.
PATIENCE_S = 30


def answering(answers: list[Health]) -> list[str]:
    return [answer.address for answer in answers if not answer.silence]


def restarts(port: int) -> int:
    """How often systemd had to start the member again since it was told to."""
    argv = ["systemctl", "show", "--value", "-p", "NRestarts", unit_name(port)]
    return int(subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout)


def hopeless(port: int | None, waited_s: float) -> bool:
    """Whether the member of this host will not come, however long one waits."""
    if port is None:
        return False
    return restarts(port) >= MOST_RESTARTS or (waited_s > PATIENCE_S and bool(complaint(log_of(port))))


def wait(members: list[str], size: int, port: int | None, timeout: int) -> tuple[list[Health], list[str]]:
    """Ask until nobody is in trouble or there is no hope; the last answers and what was wrong with them."""
    begun = time.monotonic()
    while True:
        answers = ask_all(members, ANSWER_S)
        troubles = troubles_together(answers, size)
        waited_s = time.monotonic() - begun
        if not troubles or waited_s >= timeout or hopeless(port, waited_s):
            return answers, troubles
        time.sleep(PAUSE_S)


def run(params: dict[str, Any]) -> tuple[list[Health], list[str]]:
    """The answers, and the troubles as clauses."""
    members, size = params["members"], params["size"]
    if params["wait_for"] == "size":
        return wait(members, size, params["port"], params["timeout"])
    answers: list[Health] = ask_all(members, ANSWER_S)
    if params["wait_for"] == "nothing":
        return answers, []
    running = sorted({*answering(answers), *params["must_answer"]})
    return wait(running, 1, None, params["timeout"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "members": {"type": "list", "elements": "str", "required": True},
            "wait_for": {"type": "str", "choices": ["nothing", "whole", "size"], "default": "nothing"},
            "must_answer": {"type": "list", "elements": "str", "default": []},
            "size": {"type": "int", "default": 1},
            "port": {"type": "int"},
            "timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    begun = time.monotonic()
    answers, troubles = run(module.params)
    if troubles:
        port = module.params["port"]
        sentence = f"The cluster is not whole after {time.monotonic() - begun:.0f} s: {'; '.join(troubles)}."
        if port:
            said = last_words(log_of(port)) or "nothing of note"
            sentence += f" The log of {unit_name(port)} on this host says: {said}"
        module.fail_json(msg=sentence)
    module.exit_json(changed=False, answering=answering(answers), size=largest_size(answers))


if __name__ == "__main__":
    main()
