"""The discovery strategy over the wire to the lab's API process: each way to ask, and each trouble the lab can make."""

from __future__ import annotations

import pytest

from tests.unit.discovery.conftest import HERE, REGION

pytestmark = pytest.mark.cli

LIST, TOKEN, PROJECTS = "ListServersDetails", "KeystoneCreateUserTokenByPassword", "KeystoneListProjects"
MINE, OTHER = f"{HERE}:5701", "127.0.0.2:5701"
TICK = 6
"""Seconds after which the joiner's answer is not that of the cache any more."""
TROUBLES = ("429=0", "500", "503=0", "cut-off", "hang", "wrong-json", "reset")


@pytest.fixture(autouse=True)
def servers(lab):
    """This server and another of cluster a, and a stranger."""
    made = [
        lab.make(name, {"hazelcast": tag}, address=f"127.0.0.{number}", agency_name="ecs-cluster-kit")
        for number, (name, tag) in enumerate((("one", "a"), ("two", "a"), ("stranger", "b")), 1)
    ]
    lab.control.clear_requests()
    return made


@pytest.fixture
def login(lab, keys):
    """Properties of the second way."""
    without = {name: value for name, value in keys.items() if not name.endswith("-key") or name == "tag-key"}
    account = lab.account
    return {
        **without,
        "iam-domain": account.domain,
        "iam-user": account.user,
        "iam-password": account.password,
    }


def test_an_access_key_lists_the_cluster_in_one_request(lab, strategy, keys):
    assert strategy(keys).ask() == [MINE, OTHER]
    assert lab.asked() == 1


def test_a_login_lists_it_with_one_token(lab, strategy, login):
    asking = strategy(login)
    for _ in range(3):
        assert asking.ask() == [MINE, OTHER]
        asking.later(TICK)
    assert (lab.asked(TOKEN), lab.asked(LIST)) == (1, 3)


def test_an_agency_lists_it_without_any_credentials(strategy):
    assert strategy({"instance-metadata-available": "true", "tag-key": "hazelcast"}).ask() == [MINE, OTHER]


def test_a_project_that_is_not_given_is_looked_up(lab, strategy, keys):
    assert strategy({name: value for name, value in keys.items() if name != "project-id"}).ask() == [MINE, OTHER]
    assert lab.asked(PROJECTS) == 1


def test_the_anchors_tag_names_the_cluster(strategy, keys, servers):
    anchored = {name: value for name, value in keys.items() if name != "tag-value"}
    assert strategy({**anchored, "instance-id": servers[2]}).ask() != [MINE, OTHER]


def test_all_pages_are_read(lab, strategy, keys):
    lab.seed(2500, tags={"hazelcast": "a"})
    assert len(strategy(keys).ask()) == 2502
    assert lab.asked(LIST) == 3


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_passes_is_outwaited_at_the_start(lab, strategy, keys, trouble):
    lab.fault(LIST, trouble, times=2)
    assert strategy(keys).ask() == [MINE, OTHER]
    assert lab.asked(LIST) == 3


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_lasts_ends_the_start_with_a_sentence(lab, strategy, keys, trouble):
    lab.fault(LIST, trouble)
    said = strategy({**keys, "discovery-deadline-seconds": "2"}).ask()
    assert isinstance(said, str) and said.startswith("Cannot list the servers of this cluster within 2 s"), said
    assert keys["secret-key"] not in said


@pytest.mark.parametrize("trouble", [*TROUBLES, "ak-locked", "clock=30"])
def test_later_the_last_good_list_stands_with_one_warning_an_outage(lab, strategy, keys, trouble):
    asking = strategy(keys)
    assert asking.ask() == [MINE, OTHER]
    lab.fault(LIST, trouble)
    for _ in range(3):
        asking.later(TICK)
        assert asking.ask() == [MINE, OTHER]
    assert asking.logged("WARNING", "the last good list stays in use") == 1
    lab.control.clear_faults()
    asking.later(61)  # what looked like a wrong key is held back for a minute
    lab.make("three", {"hazelcast": "a"}, address="127.0.0.4")
    assert asking.ask() == [MINE, OTHER, "127.0.0.4:5701"]


def test_a_token_that_ends_is_renewed_once(lab, strategy, login):
    asking = strategy(login)
    assert asking.ask() == [MINE, OTHER]
    lab.fault(LIST, "expired-token", times=1)
    asking.later(TICK)
    assert asking.ask() == [MINE, OTHER]
    assert (lab.asked(TOKEN), lab.statuses(LIST)) == (2, {200: 2, 401: 1})


def test_a_temporary_key_that_ends_is_replaced(lab, strategy):
    asking = strategy({"instance-metadata-available": "true", "tag-key": "hazelcast"})
    assert asking.ask() == [MINE, OTHER]
    lab.fault(LIST, "expired-token", times=1)
    asking.later(TICK)
    assert asking.ask() == [MINE, OTHER]
    assert asking.logged("WARNING", "") == 0


def test_a_clock_that_is_off_is_named_in_minutes(lab, strategy, keys):
    lab.fault(LIST, "clock=30")
    said = strategy(keys).ask()
    assert "clock" in said and "30 min" in said, said


def test_a_wrong_key_is_shown_once_a_minute(lab, strategy, keys):
    asking = strategy({**keys, "secret-key": "x" * 40})
    assert "the secret key does not belong to the access key" in asking.ask()
    assert lab.asked() == 1


def test_an_iam_that_is_down_for_a_while_is_outwaited(lab, strategy, login):
    lab.fault(TOKEN, "503=0", times=2)
    assert strategy(login).ask() == [MINE, OTHER]


def test_two_regions_are_one_cluster_and_one_of_them_missing_ends_the_start(lab, strategy, keys):
    lab.make("far", {"hazelcast": "a"}, region="lab-02")
    pair = {"region": f"{REGION},lab-02", "project-id": f"{lab.project(REGION)},{lab.project('lab-02')}"}
    asking = strategy({**keys, **pair})
    both = asking.ask()
    assert len(both) == 3 and set(both) > {MINE, OTHER}
    lab.fault(f"{LIST}@lab-02", "500")
    asking.later(TICK)
    assert asking.ask() == both
    said = strategy({**keys, **pair, "discovery-deadline-seconds": "2"}).ask()
    assert lab.project("lab-02") in said and "answered 500" in said and ".." not in said, said
