"""playbooks/hazelcast/tasks/restart.yml: what must be true before a member stops, and that it never stays stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.unit.hazelcast.places import ROOT

TASKS = yaml.safe_load((ROOT / "playbooks/hazelcast/tasks/restart.yml").read_text())
UNIT = "ansible.builtin.systemd_service"


def states(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """What the tasks do with the member, those of blocks left out."""
    return (task[UNIT]["state"] for task in tasks if UNIT in task)


def test_whatever_happens_after_the_stop_the_member_is_started():
    block = next(task for task in TASKS if "block" in task)
    assert list(states(block["block"])) == ["stopped"]
    assert list(states(block["always"])) == ["started"]
    assert list(states(TASKS)) == []


@pytest.mark.parametrize(
    ("size", "members", "may"),
    [(3, 3, True), (2, 3, True), (1, 3, False), (1, 1, True), (2, 1, True)],
)
def test_the_last_of_several_members_keeps_the_data(size, members, may):
    stop = next(index for index, task in enumerate(TASKS) if "block" in task)
    guard = next(task for task in TASKS[:stop] if "ansible.builtin.assert" in task)
    addresses = [f"10.0.0.1{number}:5701" for number in range(members)]
    variables = {"hazelcast_before": {"size": size}, "hazelcast_addresses": addresses}
    templar = Templar(loader=DataLoader(), variables=variables)
    condition = guard["ansible.builtin.assert"]["that"]
    assert templar.template(trust_as_template(f"{{{{ {condition} }}}}")) is may
