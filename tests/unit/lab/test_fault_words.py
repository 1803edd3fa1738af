"""What can be said of faults, and that the names of operations are the real ones."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict
from pathlib import Path

import pytest
from huaweicloudsdkecs.v2 import EcsClient
from huaweicloudsdkiam.v3 import IamClient
from huaweicloudsdkims.v2 import ImsClient
from region_world import NoHosts, Raw, World

from lab.faults.grammar import KINDS, FaultError
from lab.faults.operations import OPERATIONS
from lab.workspace import PROJECT as CHECKOUT


def snake(operation):
    """The SDK's method."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


@pytest.mark.parametrize(
    ("route", "kind", "sentence"),
    [
        ("ListServersDetails", "explosion", r"There is no fault explosion: the kinds are latency, hang, .*\.$"),
        (
            "ListServerDetails",
            "500",
            r"There is no operation ListServerDetails: the operations are .*ListServersDetail",
        ),
        ("ListServersDetails@mars-1", "500", "There is no region mars-1: the lab has lab-north-1, lab-south-1."),
        ("ListServersDetails", "latency", "latency needs a value: latency=SECONDS."),
        ("ListServersDetails", "latency=", "latency needs a value: latency=SECONDS."),
        ("ListServersDetails", "latency=soon", "latency=soon: SECONDS is a number."),
        ("ListServersDetails", "latency=-1", "latency=-1: SECONDS is out of range."),
        ("ListServersDetails", "latency=nan", "latency=nan: SECONDS is out of range."),
        ("ListServersDetails", "cut-off=1.5", "cut-off=1.5: BYTES is a number."),
        ("ListServersDetails", "500=7", "500 takes no value."),
        ("ListServersDetails", "quota", "quota has no effect on ListServersDetails: it is for CreateServers, Create"),
        ("ShowJob", "job-fails", "job-fails has no effect on ShowJob: it is for DeleteServers, BatchStartServers"),
        ("metadata/*", "clock=20", "clock has no effect on metadata/"),
        ("KeystoneCreateUserTokenByPassword", "ak-locked", "ak-locked has no effect on Keystone"),
        ("metadata/*", "expired-token", "expired-token has no effect on metadata/"),
    ],
)
def test_what_makes_no_sense_is_refused(world, route, kind, sentence):
    with pytest.raises(FaultError, match=sentence):
        world.cloud.faults.add(route, kind)
    assert world.cloud.faults.listed() == []


@pytest.mark.parametrize("limits", [{"times": 0}, {"times": -1}, {"after": -1}])
def test_numbers_that_make_no_sense_are_refused(world, limits):
    with pytest.raises(FaultError, match="--times is a number from 1, --after one from 0"):
        world.cloud.faults.add("*", "500", **limits)


def test_the_operations_are_the_sdks():
    methods = {snake(name) for name in OPERATIONS if "/" not in name}
    clients = (EcsClient, IamClient, ImsClient)
    assert {name for name in methods if not any(hasattr(client, name) for client in clients)} == set()


def test_every_route_of_the_application_is_a_known_operation(world, url):
    """A request to each route, however wrong, is journalled under an operation that faults can be put on."""
    for route in world.api.routes:
        path = route.path.replace("{project_id}", world.region.project_id)
        Raw((route.methods - {"HEAD"}).pop(), path.replace("{", "").replace("}", "")).send(url)
    seen = {entry.operation for entry in world.journal.entries()}
    shared = {"BatchStopServers", "BatchRebootServers", "BatchDeleteServerTags", "NovaDisassociateSecurityGroup"}
    assert seen == {name for name in OPERATIONS if "/" not in name} - shared


def test_the_readme_has_every_kind():
    text = (CHECKOUT / "lab" / "README.md").read_text()
    described = set(re.findall(r"^\| `([a-z0-9-]+)", text.split("## Faults")[1].split("\n## ")[0], re.MULTILINE))
    assert described == set(KINDS)


def test_faults_and_their_counts_survive_a_restart(tmp_path):
    world = World(NoHosts(), tmp_path)
    world.cloud.faults.add("ListServersDetails@lab-north-1", "503=2", times=2, after=1)
    world.cloud.faults.add("*", "latency=0.5")
    for _ in range(2):
        world.cloud.faults.meet("ListServersDetails", "lab-north-1").take("503")
    kept = [asdict(fault) for fault in world.cloud.faults.listed()]
    assert [(fault["seen"], fault["hits"]) for fault in kept] == [(2, 1), (2, 0)]
    world.cloud.close()
    again = World(NoHosts(), tmp_path).cloud
    assert [asdict(fault) for fault in again.faults.listed()] == kept
    assert again.faults.clear(1) == 1
    with pytest.raises(FaultError, match="There is no fault 1: see `lab fault list`"):
        again.faults.clear(1)
    again.close()
    assert [fault.id for fault in World(NoHosts(), tmp_path).cloud.faults.listed()] == [2]


def test_times_holds_for_requests_at_the_same_moment(world):
    faults = world.cloud.faults
    faults.add("*", "500", times=3)
    start = threading.Barrier(8)
    taken = []

    def ask():
        start.wait()
        for _ in range(20):
            if faults.meet("ShowJob", "").take("500"):
                taken.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 3


def test_a_fault_reads_as_it_was_written(world):
    fault = world.cloud.faults.add("List*@lab-south-1", "clock=-20", times=3, after=1)
    assert str(fault) == "1: List*@lab-south-1 clock=-20 --times 3 --after 1   seen 0, hit 0"


def test_every_operation_is_in_the_fidelity_table_and_called_by_the_sdk():
    table = (CHECKOUT / "lab" / "FIDELITY.md").read_text()
    calls = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for name in (name for name in OPERATIONS if "/" not in name):
        assert re.search(rf"^\|[^|]*\b{name}\b[^|]*\|[^|]+\|[^|]+\| SDK \|$", table, re.MULTILINE), name
        assert re.search(rf"\.{snake(name)}\(", calls), name
