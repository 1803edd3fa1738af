"""A sample of `make prove WHAT=cuts`: the run is cut at one of its API calls; the next one finishes it."""

from __future__ import annotations

import random

import pytest
from cuts import Stage

SEED = 7
SAMPLE = 16


@pytest.fixture
def stage(socket_and_switch, tmp_path):
    return Stage(*socket_and_switch, tmp_path)


def test_a_cut_run_is_finished_by_the_next(stage):
    cases = stage.cases()
    for case in random.Random(SEED).sample(cases, SAMPLE):
        try:
            stage.play(case)
        except AssertionError as error:
            raise AssertionError(f"case {case}: {error}") from error


def test_a_run_cut_again_and_again_is_finished_too(stage):
    for seed in range(3):
        stage.chain(seed)
