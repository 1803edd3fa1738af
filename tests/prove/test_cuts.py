"""A run of the instance module, cut at each of its API calls in turn, is finished by the next: never a server too many.

`CUTS='pool/killed/after/3' make prove WHAT=cuts` replays one case, `CUTS='seed:12'` one chain of cuts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.prove.record import record
from tests.unit.instance.conftest import ROOT, cuts, fast, pytest_configure, socket_and_switch
from tests.unit.instance.killer import Killer

__all__ = ["fast", "pytest_configure", "socket_and_switch"]

CHAINS = 40
ASKED = os.environ.get("CUTS", "")
SAID = """
A run of `huaweicloud_ecs_instance` is cut at each of its API calls in turn, before the request reaches the region's
API and after it took effect; then the same task runs again. It passes when the second run makes it the plan, no more
servers were ever made than the plan has, the third run changes nothing and sends no request that would, and all of it
can be deleted, down to an empty region.

*Process killed*: the module runs as a process of its own and gets SIGKILL. *Connection lost*: the run itself has to
get over it. *Chains*: two to four runs on end are cut at random calls, by a seed.
"""


@pytest.fixture
def stage(socket_and_switch, tmp_path):
    return cuts.Stage(*socket_and_switch, tmp_path)


def test_cuts(stage):
    if ASKED:
        replay(stage, ASKED)
        return
    rows, failures = [], []
    for name in cuts.SCENARIOS:
        calls = stage.calls(name)
        killed = [f"{name}/killed/{when}/{call}" for call in range(1, calls + 1) for when in cuts.WHENS]
        reset = [case.replace("/killed/", "/reset/") for case in killed]
        lost = [case for case in killed if not passes(failures, case, lambda case: kill(stage, case))]
        lost += [case for case in reset if not passes(failures, case, stage.play)]
        rows.append((name, str(calls), str(len(killed)), str(len(reset)), str(len(lost))))
    broken = [
        seed for seed in range(CHAINS) if not passes(failures, f"seed:{seed}", lambda _, at=seed: stage.chain(at))
    ]
    rows.append(("chains", "-", str(CHAINS), "-", str(len(broken))))
    columns = ("what is wanted", "API calls", "process killed", "connection lost", "failed")
    assert not failures, "\n".join(failures)
    record("cuts", "A run cut at every API call", SAID, columns, rows)


def replay(stage, case):
    """One case by its name, or one chain by its seed."""
    if case.startswith("seed:"):
        stage.chain(int(case.removeprefix("seed:")))
    elif "/killed/" in case:
        kill(stage, case)
    else:
        stage.play(case)


def passes(failures, case, play):
    try:
        play(case)
    except AssertionError as error:
        failures.append(f"CUTS={case}: {error}")
        return False
    return True


@cuts.hurried()
def kill(stage, case):
    """Kill a real process at one of its calls, then go on as `Stage.finish` does."""
    name, _, when, call = case.split("/")
    scenario = cuts.SCENARIOS[name]
    world = stage.world(scenario)
    killer = Killer(world.api, int(call), when)
    argv = [sys.executable, str(ROOT / "tests/unit/instance/launch_module.py"), "huaweicloud_ecs_instance"]
    arguments = {**world.connection(), **scenario.params, "state_file": str(world.state_file)}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        killer.end = process.kill
        stage.serve(killer)
        said, _ = process.communicate(json.dumps(arguments).encode(), timeout=120)
    assert killer.struck.is_set(), f"the run ended before its call {call}: {said.decode()[-300:]}"
    assert process.returncode == -signal.SIGKILL
    killer.served.wait(10)
    stage.serve(world.api)
    stage.finish(world, scenario)
