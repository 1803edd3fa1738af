"""The control of a running lab: `lab fault`, `lab requests`, `lab seed`, and the same from Python."""

from __future__ import annotations

import dataclasses
import json
import shlex
import signal
import stat
import threading
import time
from types import SimpleNamespace

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkecs import v2 as sdk
from region_world import Raw, ecs_client, make_settings
from test_servers import creation, finished_job
from test_state import free_ports, start, stop

from lab import cli, settings
from lab.api import journal
from lab.api.journal import Count, Entry, ForgottenError, Journal
from lab.control import Control
from lab.errors import LabError
from lab.faults.grammar import FaultError
from lab.region.seeds import SeedOrder
from lab.workspace import Workspace

LIST = sdk.ListServersDetailsRequest()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One real process for all tests here; its directory lies deeper than a socket's name may be long."""
    root = tmp_path_factory.mktemp("control") / ("deep" * 20) / "checkout"
    directory = Workspace(root).directory
    directory.mkdir(mode=0o700, parents=True)
    api_port, metadata_port = free_ports(2)
    settings.save(dataclasses.replace(make_settings(), api_port=api_port, metadata_port=metadata_port), directory)
    place = SimpleNamespace(root=root, directory=directory, control=Control(directory), process=start(directory))
    yield place
    assert stop(place.process)[0] == 0


@pytest.fixture
def region(running):
    """The process without faults, counts and canned servers."""
    running.control.clear_faults()
    running.control.clear_requests()
    for name in ("lab-north-1", "lab-south-1"):
        running.control.seed(SeedOrder(0, region=name))
    lab = settings.load(running.directory)
    running.lab, running.key = lab, lab.accounts[0].access_key
    running.ecs = ecs_client(lab.endpoint, lab.accounts[0])
    return running


@pytest.fixture
def lab(region, capsys):
    """Run `lab ...` on the process; returns (exit code, output, errors)."""

    def run(words):
        code = cli.main(["--root", str(region.root), *shlex.split(words)])
        return code, *capsys.readouterr()

    return run


def test_the_socket_is_the_owners_alone(region):
    assert stat.S_IMODE((region.directory / "control.sock").stat().st_mode) == 0o600


def test_the_control_is_on_no_network(region):
    for port in (region.lab.api_port, region.lab.metadata_port):
        for path in ("/faults/list", "/faults/add", "/requests", "/seed"):
            assert Raw("POST", path, body=b"{}").send(f"http://127.0.0.1:{port}")[0] == 404


def test_fault_add_list_clear(lab, region):
    assert lab("fault list") == (0, "no faults\n", "")
    assert lab("fault add 'List*@lab-north-1' 503=2 --times 1 --after 1")[:2] == (
        0, "1: List*@lab-north-1 503=2 --times 1 --after 1   seen 0, hit 0\n",
    )  # fmt: skip
    assert lab("fault add '*' clock=-3")[1] == "2: * clock=-3   seen 0, hit 0\n"
    assert region.ecs.list_servers_details(LIST).count == 0
    with pytest.raises(ServerResponseException):
        region.ecs.list_servers_details(LIST)
    assert lab("fault list")[1].splitlines() == [
        "1: List*@lab-north-1 503=2 --times 1 --after 1   seen 2, hit 1",
        "2: * clock=-3   seen 2, hit 1",
    ]
    assert lab("fault clear 2")[1] == "1 faults cleared\n"
    assert lab("fault clear")[1] == "1 faults cleared\n"
    assert lab("fault list")[1] == "no faults\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("fault add ListServersDetails explosion", "lab: There is no fault explosion: the kinds are"),
        ("fault add 'ListServersDetails@mars-1' 500", "lab: There is no region mars-1: the lab has lab-north-1, lab-"),
        ("fault clear 77", "lab: There is no fault 77: see `lab fault list`."),
        ("requests --route Lists", "lab: There is no operation Lists: the operations are"),
        ("requests --route ShowJob@mars-1", "lab: There is no region mars-1"),
        ("seed --servers 1 --tag =x", "lab: --tag =x: a tag is KEY=VALUE, or KEY alone."),
        ("seed --servers 100000", "lab: There can be 0 to 65000 canned servers."),
        ("seed --servers 1 --user-data 33", "lab: User-data has 0 to 32 KB."),
        ("seed --servers 1 --status LOST", "lab: The status is one of ACTIVE, SHUTOFF, BUILD, ERROR."),
        ("seed --servers 1 --region mars-1", "lab: There is no region mars-1."),
        ("seed --servers 1 --az mars-1a", "lab: lab-north-1 has no zone mars-1a: it has lab-north-1a, lab-north-1b"),
        ("seed --servers 1 --flavor huge", "lab: There is no flavor huge."),
    ],
)
def test_a_refusal_is_one_line(lab, words, sentence):
    code, out, errors = lab(words)
    assert (code, out) == (1, "")
    assert errors.startswith(sentence)
    assert errors.count("\n") == 1


@pytest.mark.parametrize("words", ["fault list", "requests", "seed --servers 1"])
def test_without_a_lab_it_says_how_to_start_one(tmp_path, capsys, words):
    assert cli.main(["--root", str(tmp_path), *words.split()]) == 1
    assert "No lab runs in" in (errors := capsys.readouterr().err)
    assert errors.endswith("run `lab up`.\n")
    (tmp_path / ".lab").mkdir()
    assert cli.main(["--root", str(tmp_path), *words.split()]) == 1
    assert "No lab runs in" in capsys.readouterr().err


def test_requests(lab, region):
    before = region.control.requests().last
    for _ in range(2):
        region.ecs.list_servers_details(LIST)
    with pytest.raises(ClientRequestException):
        region.ecs.show_server(sdk.ShowServerRequest("nobody"))
    code, out, _ = lab("requests")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["requests", "status", "operation", "region", "caller"],
        ["2", "200", "ListServersDetails", "lab-north-1", region.key],
        ["1", "404", "ShowServer", "lab-north-1", region.key],
        ["3", "in", "all;", "the", "last", "request", "has", "number", str(before + 3)],
    ]
    assert "3  in all" not in lab("requests --route 'List*'")[1]
    assert lab("requests --route CreateServers")[1].splitlines()[1:] == [
        f"{0:>8}  in all; the last request has number {before + 3}"
    ]
    assert f"{1:>8}  in all" in lab(f"requests --since {before + 2}")[1]
    assert f"{3:>8}  in all" in lab("requests --clear")[1]
    assert f"{0:>8}  in all" in lab("requests")[1]


def test_no_call_was_made_from_python(region):
    region.ecs.list_servers_details(LIST)
    since = region.control.requests().last
    assert region.control.requests(since=since).total == 0
    region.ecs.list_servers_details(LIST)
    report = region.control.requests("List*@lab-north-1", "ShowJob", since=since)
    assert report.counts == (Count("ListServersDetails", "lab-north-1", region.key, 200, 1),)
    assert region.control.requests("ListServersDetails@lab-south-1").total == 0
    assert region.control.requests("CreateServers").total == 0


def test_a_proof_is_not_made_of_half_the_evidence(monkeypatch):
    monkeypatch.setattr(journal, "KEPT", 3)
    book = Journal()
    entry = Entry("", "GET", "ShowJob", "", "", "", 200, 0.0, "", "")
    for _ in range(5):
        book.add(entry)
    assert book.report().total == 5
    assert book.report(since=2).total == 3
    with pytest.raises(ForgottenError, match="Requests before number 3 are forgotten"):
        book.report(since=1)
    with pytest.raises(FaultError, match="There is no operation ShowJobs"):
        book.report(routes=["ShowJobs"])
    book.clear()
    assert (book.report().total, book.report(since=5).total, book.report().last) == (0, 0, 5)
    with pytest.raises(ForgottenError):
        book.report(since=4)


def test_a_job_that_never_ends_goes_on_after_the_clear(region):
    region.control.add_fault("CreateServers", "job-never-ends", times=1)
    job_id = region.ecs.create_servers(creation()).job_id
    assert region.ecs.show_job(sdk.ShowJobRequest(job_id)).status == "RUNNING"
    region.control.clear_faults()
    assert finished_job(region.ecs, job_id).status == "SUCCESS"


def test_faults_endless_jobs_and_canned_servers_outlive_the_process(region):
    region.control.add_fault("ShowServerLimits", "500", times=3)
    region.control.add_fault("CreateServers", "job-never-ends", times=1)
    region.control.seed(SeedOrder(5, tags={"hazelcast": "c"}))
    job_id = region.ecs.create_servers(creation()).job_id
    canned = {
        server.id for server in region.ecs.list_servers_details(sdk.ListServersDetailsRequest(name="canned")).servers
    }
    with pytest.raises(ServerResponseException):
        region.ecs.show_server_limits(sdk.ShowServerLimitsRequest())
    stop(region.process, signal.SIGTERM)
    region.process = start(region.directory)
    assert region.ecs.show_job(sdk.ShowJobRequest(job_id)).status == "RUNNING"
    assert [(fault.seen, fault.hits) for fault in region.control.faults()] == [(1, 1), (1, 1)]
    listed = region.ecs.list_servers_details(sdk.ListServersDetailsRequest(name="canned")).servers
    assert {server.id for server in listed} == canned
    assert {server.status for server in listed} == {"ACTIVE"}
    assert len(canned) == 5


def test_a_hang_does_not_hold_up_the_end(region):
    region.control.add_fault("ListServersDetails", "hang")
    raw = Raw().signed(f"127.0.0.1:{region.lab.api_port}", region.key, region.lab.accounts[0].secret_key)

    def ask():
        with pytest.raises(OSError, match=r"reset|closed"):
            raw.send(region.lab.endpoint)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while not region.control.requests("ListServersDetails").total:
        time.sleep(0.01)
    started = time.monotonic()
    assert stop(region.process) == (0, "")
    assert time.monotonic() - started < 2
    waiting.join(5)
    region.process = start(region.directory)


def test_seed(lab, region):
    words = "seed --servers 30 --tag 'hazelcast=c-{n%3}' --tag bare --az lab-north-1a --az lab-north-1c --user-data 32"
    assert lab(f"{words} --name 'm-{{n:4}}' --status SHUTOFF --public") == (0, "30 canned servers\n", "")
    request = sdk.ListServersDetailsRequest(tags="hazelcast=c-1", name="m-", limit=1000)
    listed = region.ecs.list_servers_details(request).servers
    assert [server.name for server in listed] == [f"m-{number:04}" for number in range(28, 0, -3)]
    first = listed[-1]
    assert (first.tags, first.status, first.os_ext_a_zavailability_zone) == (
        ["hazelcast=c-1", "bare"],
        "SHUTOFF",
        "lab-north-1a",
    )
    addresses = [(address.addr, address.os_ext_ip_stype) for address in next(iter(first.addresses.values()))]
    assert addresses == [("198.18.0.1", "fixed"), ("198.19.0.1", "floating")]
    assert len(first.os_ext_srv_att_ruser_data) == 43692
    assert lab("seed --servers 2 --region lab-south-1")[1] == "2 canned servers\n"
    assert lab("seed --servers 3 --add")[1] == "33 canned servers\n"
    assert lab("seed --servers 4")[1] == "4 canned servers\n"
    assert lab("seed --servers 0")[1] == "0 canned servers\n"
    assert region.ecs.list_servers_details(sdk.ListServersDetailsRequest(name="canned")).servers == []


def test_what_went_wrong_inside_is_said(region):
    with pytest.raises(LabError, match="The API process answered 404 to /nothing: see `lab logs`"):
        region.control._post("/nothing")


def test_the_state_holds_the_seed_and_not_the_servers(region):
    region.control.seed(SeedOrder(1000, user_data=32))
    stop(region.process)
    state = (region.directory / "state.json").read_bytes()
    assert len(state) < 20_000
    assert json.loads(state)["seeds"][0]["count"] == 1000
    region.process = start(region.directory)
