"""provision.yml and teardown.yml, killed at each of their API calls in turn, are finished by the next run.

`CUTS='provision/after/9' make prove WHAT=playbook_cuts` replays one case.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.prove.record import record
from tests.unit.instance.conftest import fast, pytest_configure, socket_and_switch
from tests.unit.instance.playbook_cuts import NAMES, PLAYBOOKS, PlaybookStage

__all__ = ["fast", "pytest_configure", "socket_and_switch"]

ASKED = os.environ.get("CUTS", "")
SAID = f"""
`ansible-playbook playbooks/provision.yml`, then `playbooks/teardown.yml`, for a plan of two clusters with {len(NAMES)}
servers in two zones. One of the two gets SIGKILL with all its processes at one of its API calls, before the request
reaches the region's API or after it took effect; then it runs again. It passes when the second run succeeds, the plan's
servers are there after provision.yml and none after teardown.yml, no more servers than the plan has were ever made, and
no disk or public address is left.

The servers are in the region's books only: plays on hosts are proven by tests/lab/test_from_nothing.py.
"""


@pytest.fixture
def stage(socket_and_switch, tmp_path):
    return PlaybookStage(*socket_and_switch, tmp_path)


def test_playbook_cuts(stage):
    if ASKED:
        stage.play(ASKED)
        return
    cases, failures, lost = stage.cases(), [], Counter()
    for case in cases:
        try:
            stage.play(case)
        except AssertionError as error:
            failures.append(f"CUTS={case}: {error}")
            lost[case.split("/")[0]] += 1
    assert not failures, "\n".join(failures)
    rows = []
    for playbook in PLAYBOOKS:
        killed = sum(case.startswith(playbook) for case in cases)
        rows.append((f"{playbook}.yml", str(killed // 2), str(killed), str(lost[playbook])))
    columns = ("playbook", "API calls", "killed", "failed")
    record("playbook_cuts", "A playbook killed at every API call", SAID, columns, rows)
