#!/usr/bin/python
"""Proves a running Hazelcast cluster against the inventory, asked from one of its hosts."""

from __future__ import annotations

import json
import re
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.hazelcast.health import Health, ask_all, trouble
from ansible.module_utils.hazelcast.verdict import Member, differences, members_of, table, verdict

DOCUMENTATION = r"""
module: hazelcast_verify
short_description: Proves that a Hazelcast cluster is what the inventory says
description:
  - "Asks every member for its health (nodeState ACTIVE, clusterSafe, clusterSize) and, with ClusterProbe, for its own
    member list, and writes a value through each member and reads it through each other one."
  - While a cluster settles (members that start, partitions that move) it asks again, until C(timeout). What it reports
    are the last answers. A cluster that is not as it should be is a result, not a failure of this module.
options:
  cluster: {type: str, required: true, description: Name of the cluster.}
  members:
    type: list
    elements: dict
    required: true
    description: 'Its hosts: C(host), C(address), C(ports), C(region), C(availability_zone) each.'
  asked_from: {type: str, required: true, description: Name of this host in the inventory.}
  timeout: {type: int, default: 60, description: How long a cluster may take to settle, in seconds.}
"""
RETURN = r"""
result: {type: dict, returned: success, description: The result, as docs/schemas/verify-result.json has it.}
table: {type: list, returned: success, description: The members as lines of text.}
differences: {type: list, returned: success, description: What is not as it should be, a clause each.}
"""

UNIT = Path("/etc/systemd/system/hazelcast@.service")
ANSWER_S = 3.0
PAUSE_S = 0.5
# A probe's own start (two JVM seconds on a small server) does not count against the cluster.
PROBE_S = 15


class ProbeError(Exception):
    """ClusterProbe could not ask. The message is one sentence for a person."""


def probe_argv(unit: str, cluster: str, members: list[Member]) -> list[str]:
    """The command line of ClusterProbe, with the java and the home that the members' unit file, ``unit``, names."""
    match = re.search(r"^ExecStart=(\S+) @(\S+)/config/jvm\.options ", unit, re.MULTILINE)
    if not match:
        raise ProbeError(f"{UNIT} on this host is not the one of role hazelcast: run playbooks/hazelcast/deploy.yml.")
    java, home = match.groups()
    return [
        java,
        "-Xmx128m",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-cp",
        f"{home}/lib/*:{home}/bin/hazelcast-probe.jar",
        "io.ecsclusterkit.probe.ClusterProbe",
        "--cluster-name",
        cluster,
        "--members",
        ",".join(member.address for member in members),
        "--timeout-seconds",
        str(PROBE_S),
    ]


def unit_text() -> str:
    try:
        return UNIT.read_text()
    except FileNotFoundError as error:
        raise ProbeError(
            f"Hazelcast is not installed on this host ({UNIT} is missing): run playbooks/hazelcast/deploy.yml."
        ) from error


def probe(argv: list[str]) -> dict[str, Any]:
    """Run ClusterProbe; its answer. Raises ProbeError."""
    try:
        done = subprocess.run(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PROBE_S * 3,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except OSError as error:
        raise ProbeError(f"ClusterProbe cannot be started: {error}.") from error
    except subprocess.TimeoutExpired as error:
        raise ProbeError(f"ClusterProbe did not end within {PROBE_S * 3} s.") from error
    except (IndexError, ValueError) as error:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise ProbeError(f"ClusterProbe ended with {done.returncode} and said: {said[0]}") from error
    return answer


def settled(members: list[Member], deadline: float) -> list[Health]:
    """Ask for health until all is well or the time is over; the last answers."""
    while True:
        answers: list[Health] = ask_all([member.address for member in members], ANSWER_S)
        if not any(trouble(answer, len(members)) for answer in answers) or time.monotonic() >= deadline:
            return answers
        time.sleep(PAUSE_S)


def run(params: dict[str, Any]) -> dict[str, Any]:
    """Ask until the cluster is as it should be or the time is over, and report the last answers."""
    begun = time.monotonic()
    members = members_of(params["members"])
    argv = probe_argv(unit_text(), params["cluster"], members)
    while True:
        answers = settled(members, begun + params["timeout"])
        result = verdict(params["cluster"], members, answers, probe(argv), params["asked_from"])
        if result["ok"] or time.monotonic() >= begun + params["timeout"]:
            break
    result["checked_at"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    result["duration_s"] = round(time.monotonic() - begun, 3)
    return {"result": result, "table": table(result), "differences": differences(result)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "members": {"type": "list", "elements": "dict", "required": True},
            "asked_from": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **run(module.params))
    except ProbeError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
