"""A sample of `make prove WHAT=playbook_cuts`: a killed provision.yml or teardown.yml is finished by the next run."""

from __future__ import annotations

import random

import pytest
from playbook_cuts import PlaybookStage

SEED = 7
SAMPLE = 3

pytestmark = pytest.mark.cli


@pytest.fixture
def stage(socket_and_switch, tmp_path):
    return PlaybookStage(*socket_and_switch, tmp_path)


def test_a_killed_playbook_is_finished_by_the_next_run(stage):
    for case in random.Random(SEED).sample(stage.cases(), SAMPLE):
        try:
            stage.play(case)
        except AssertionError as error:
            raise AssertionError(f"case {case}: {error}") from error
