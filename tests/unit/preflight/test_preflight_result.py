"""From what the hosts answered to the result, the table and the page."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from ansible.module_utils.bastion import words
from ansible.module_utils.preflight import gather, page, result, subject, table
from ansible.module_utils.preflight.checks import FAILED, OK, UNTRIED, Check
from ansible.module_utils.preflight.subject import Kind, Subject
from jsonschema import Draft202012Validator

from tests.unit.preflight.conftest import ROOT

SCHEMA = json.loads((ROOT / "docs/schemas/preflight-result.json").read_text())
TEMPLATES = [str(ROOT / "module_utils/preflight"), str(ROOT / "module_utils/report")]
NOON = datetime(2026, 11, 21, 13, 0, tzinfo=timezone(timedelta(hours=1)))
ACCEPTED = {"login": "final", "rc": 0, "stdout": "3.9.2"}
DENIED = {"login": "", "said": "root@10.0.0.1: Permission denied (publickey,password)."}


def heard(name, number=1, *, met=(), **results):
    """A host that answered everything, unless told otherwise."""
    seat = {
        "host": name,
        "address": f"10.0.0.{number}",
        "network": "vpc",
        "security_groups": ["sg"],
        "listening": [5701],
        "running": [],
    }
    return {
        "name": name,
        "address": seat["address"],
        "region": "r-1",
        "zone": "r-1a",
        "status": "ACTIVE",
        "cluster": "prod",
        "security_groups": ["sg"],
        "unknown_key": "",
        "login": ACCEPTED,
        "system": {"name": "Debian 11.11"},
        "packages": {"checks": []},
        "fit": {"checks": [], "clock_offset_s": 0.5, "seat": seat},
        "met": {"walls": [{"source": name, "target": to, "port": 5701, "how": "silent"} for to in met]},
        **results,
    }


def states(found):
    return {check.name: check.state for check in found.checks}


def check_of(found, name):
    return next(check for check in found.checks if check.name == name)


def test_two_fit_hosts_are_green():
    found = gather.subjects([heard("a", 1), heard("b", 2)])
    assert [(it.name, it.place, it.address) for it in found] == [
        ("a", "r-1 / r-1a", "10.0.0.1"),
        ("b", "r-1 / r-1a", "10.0.0.2"),
    ]
    assert states(found[0]) == dict.fromkeys(["ssh", "python", "os", "member_ports"], OK)
    assert check_of(found[0], "member_ports").said == "TCP 5701 opens from b"


def test_a_bastion_is_green_or_says_its_trouble_and_the_way_out():
    trouble = words.sentence("jump@10.0.0.9", "", "known_hosts", "jump@10.0.0.9: Permission denied.", password=False)
    open_, shut = gather.bastions(
        [
            {"name": "jump@10.0.0.8", "place": "bastion", "trouble": ""},
            {"name": "jump@10.0.0.9", "place": "", "trouble": trouble},
        ]
    )
    assert (open_.place, check_of(open_, "ssh").state) == ("bastion", OK)
    assert check_of(shut, "ssh").said == "Bastion jump@10.0.0.9 refuses the login with every key"
    assert check_of(shut, "ssh").way_out.startswith("Load the key it knows into the SSH agent (ssh-add), or export")


def test_a_host_outside_the_run_is_not_there():
    assert [it.name for it in gather.subjects([heard("a"), heard("b", login={})])] == ["a"]


def test_the_bootstrap_password_counts():
    [found] = gather.subjects([heard("a", login={**ACCEPTED, "login": "bootstrap"})])
    assert "with the bootstrap password" in check_of(found, "ssh").said


def test_after_a_refused_login_nothing_is_said_of_the_host():
    silent = heard("a", login=DENIED, system={}, packages={}, fit={}, met={})
    [found, other] = gather.subjects([silent, heard("b", 2)])
    assert states(found) == {"ssh": FAILED}
    assert states(other)["member_ports"] == UNTRIED


def test_old_python_ends_the_questions():
    [found] = gather.subjects(
        [heard("a", login={**ACCEPTED, "stdout": "3.6.8"}, fit={}, met={}, packages={}, system={})]
    )
    assert states(found) == {"ssh": OK, "python": FAILED}
    [found] = gather.subjects([heard("a", login={**ACCEPTED, "rc": 127}, fit={}, met={}, packages={}, system={})])
    assert check_of(found, "python").said == "it has no /usr/bin/python3"


def test_what_a_role_refuses_is_red():
    [found] = gather.subjects([heard("a", system={"refusal": "a runs CentOS 7: not supported."})])
    assert check_of(found, "os").said == "a runs CentOS 7: not supported"


def test_a_module_that_broke_is_red():
    [found] = gather.subjects([heard("a", fit={"failed": True, "msg": "Traceback\nMemoryError"}, met={})])
    assert check_of(found, "fit").said == "it could not be asked: MemoryError"


def test_walls_are_told_once_at_their_target():
    found = gather.subjects([heard("a", 1), heard("b", 2, met=["a"]), heard("c", 3, met=["a"])])
    check = check_of(found[0], "member_ports")
    assert check.state == FAILED and "does not open from b and c" in check.said
    assert states(found[1])["member_ports"] == OK


def test_clusters_keep_to_themselves():
    found = gather.subjects([heard("a", 1), heard("b", 2, cluster="other")])
    assert [states(it)["member_ports"] for it in found] == [UNTRIED, UNTRIED]


@pytest.mark.parametrize(("late", "side"), [(100.0, "ahead of"), (-100.0, "behind")])
def test_a_clock_apart_from_its_cluster(late, side):
    hosts = [heard("a", 1), heard("b", 2), heard("c", 3)]
    hosts[2]["fit"] = {**hosts[2]["fit"], "clock_offset_s": late + 0.5}
    found = gather.subjects(hosts)
    assert check_of(found[2], "peer_clocks").said == f"its clock is 100 s {side} those of its cluster"
    assert all("peer_clocks" not in states(it) for it in found[:2])


def example():
    account = Subject(Kind.ACCOUNT, "access key ****0001", (Check("credentials", OK, "accepted"),), "ecs.yml")
    region = Subject(
        Kind.REGION, "r-1", (Check("ecs:cloudServers:list", FAILED, "is <missing>", "Give `it`."),), "ecs.yml"
    )
    return [account, region, *gather.subjects([heard("a"), heard("b", 2, met=["a"])])]


def test_the_result_follows_its_schema_and_can_be_read_back():
    Draft202012Validator.check_schema(SCHEMA)
    made = result.make(example(), NOON)
    Draft202012Validator(SCHEMA).validate(made)
    assert made["checked_at"] == "2026-11-21T12:00:00Z"
    assert made["counts"] == {OK: 8, FAILED: 2, UNTRIED: 0} and not made["ok"]
    assert [subject.from_dict(it) for it in made["subjects"]] == example()


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({OK: 3, FAILED: 0}, "All 3 checks are green."),
        ({OK: 2, FAILED: 1}, "1 of 3 checks is red."),
        ({OK: 0, FAILED: 1}, "1 of 1 check is red."),
        ({OK: 0, FAILED: 2}, "2 of 2 checks are red."),
    ],
)
def test_the_verdict(counts, verdict):
    assert result.verdict({"counts": counts}) == verdict


def test_the_table_has_green_in_few_words_and_red_in_full():
    lines = table.lines(result.make(example(), NOON))
    assert lines[:2] == [
        "2 of 10 checks are red.",
        "ok  account  access key ****0001  credentials",
    ]
    text = " ".join(" ".join(lines).split())
    assert "!! ecs:cloudServers:list: is <missing>. -> Give `it`." in text
    assert "!! member ports: TCP 5701 of a (10.0.0.1) does not open from b: no answer. -> Security group `sg`" in text
    assert max(map(len, lines)) <= table.WIDTH


def test_the_page_has_every_check_escaped_and_red_first():
    made = result.make(example(), NOON)
    html = page.render(made, TEMPLATES)
    assert html.count("data-check=") == sum(made["counts"].values())
    assert "is &lt;missing&gt;" in html and "<missing>" not in html
    assert "Give <code>it</code>." in html
    assert html.index('data-state="failed"') < html.index('data-subject="b"')
    assert html.count("2 of 10 checks are red.") == 2
