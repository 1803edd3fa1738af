"""Real members through trouble: an API that is away, a cut route, credentials that end, ten starts at one instant."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lab.commands import route
from lab.region import store
from tests.lab import ten, views
from tests.lab.account import change_account, write_secret
from tests.lab.cells import founders
from tests.lab.fleet import LOGS, Fleet
from tests.lab.hazelcast_file import KEYS, LOGIN, METADATA, WATCHFUL, HazelcastFile, example

PEERED = ("lab-north-1/main", "lab-north-1/second")
NORTH, SECOND = {"north-1": 1, "north-2": 1}, {"second-1": 1}
ALL = NORTH | SECOND
OUTAGE = "Cannot list the servers of this cluster: "
STAYS = "; the last good list stays in use"
BACK = "The servers of this cluster can be listed again"
FINEST = "FINEST"


@pytest.fixture(autouse=True)
def as_before(fleet: Fleet) -> Iterator[None]:
    yield
    fleet.control.clear_faults()
    fleet.stop()


def given(fleet: Fleet, mode: str, port: str = "5701") -> dict[str, str]:
    return example(mode, fleet.world.settings, fleet.servers["north-1"], port)


@pytest.mark.parametrize(("mode", "seconds"), [(KEYS, 7), (METADATA, 15)])
def test_an_api_that_is_down_at_the_start_makes_nobody_a_cluster_of_its_own(
    fleet: Fleet, mode: str, seconds: int
) -> None:
    # The joiner alone would ask 15 times in 5 seconds and then go its own way. No zone can be learnt, either.
    file = HazelcastFile(given(fleet, mode), partition_group="ZONE_AWARE")
    with fleet.api_down():
        members = fleet.start(file, ALL, level=FINEST)
        fleet.says(members, "Cannot list the servers of this cluster yet")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = views.ask_all(fleet.addresses(ALL))
            assert not any(view.joined for view in seen.values()), seen
            time.sleep(0.2)
    fleet.forms(ALL)
    assert len(founders(fleet, members)) == 1


def test_a_cut_peering_makes_two_clusters_that_heal_even_while_the_api_is_down(fleet: Fleet) -> None:
    members = fleet.start(HazelcastFile(given(fleet, KEYS), WATCHFUL), ALL)
    north, second = members[:-1], members[-1]
    fleet.forms(ALL)
    route.change(fleet.world.workspace, "cut", *PEERED)
    try:
        fleet.forms(NORTH, SECOND)
        assert fleet.count(second, "because it has not sent any heartbeats")
        with fleet.api_down():
            # The oldest member of each cluster asks; what it is given leads it to the others again.
            fleet.says([second], STAYS)
            fleet.until(lambda: any(fleet.count(member, STAYS) for member in north), "the other cluster asks as well")
            route.change(fleet.world.workspace, "add", *PEERED)
            fleet.forms(ALL)
            assert [fleet.count(second, OUTAGE), sum(fleet.count(member, OUTAGE) for member in north)] == [1, 1]
    finally:
        route.change(fleet.world.workspace, "add", *PEERED)
    fleet.until(lambda: any(fleet.count(member, BACK) for member in members), "the API is used again")


def test_a_key_of_the_agency_that_ends_is_replaced_without_a_word(fleet: Fleet) -> None:
    members = fleet.start(HazelcastFile(given(fleet, METADATA), WATCHFUL), NORTH, level=FINEST)
    fleet.forms(NORTH)
    expire(fleet, "metadata/securitykey")
    assert sum(fleet.count(member, OUTAGE) for member in members) == 0


def test_a_token_that_ends_a_new_password_and_an_iam_that_is_down(fleet: Fleet) -> None:
    file, old = "/root/iam-password", fleet.world.settings.accounts[0].password
    login = {name: value for name, value in given(fleet, LOGIN).items() if name != "iam-password"}
    write_secret(fleet, file, old)
    members = fleet.start(HazelcastFile(login | {"iam-password-file": file}, WATCHFUL), NORTH, level=FINEST)
    fleet.forms(NORTH)
    expire(fleet, "KeystoneCreateUserTokenByPassword")
    # A user changes the password, and the file on each server.
    change_account(fleet, password=f"{old}-new")
    write_secret(fleet, file, f"{old}-new")
    expire(fleet, "KeystoneCreateUserTokenByPassword")
    assert sum(fleet.count(member, OUTAGE) for member in members) == 0
    # IAM is away when the token ends: one warning however long it lasts, and nobody leaves.
    fleet.control.add_fault("KeystoneCreateUserTokenByPassword", "500")
    fleet.control.add_fault("ListServersDetails", "expired-token", times=1)
    fleet.until(lambda: sum(fleet.count(member, STAYS) for member in members) == 1, "there is one warning")
    since = fleet.control.requests().last
    asked = "KeystoneCreateUserTokenByPassword"
    fleet.until(lambda: fleet.control.requests(asked, since=since).total >= 6, "it is asked again and again")
    assert sum(fleet.count(member, OUTAGE) for member in members) == 1
    fleet.forms(NORTH, seconds=0)
    fleet.control.clear_faults()
    fleet.until(lambda: sum(fleet.count(member, BACK) for member in members) == 1, "the outage ends")


@pytest.mark.parametrize("time_of_two", [1, 2])
def test_ten_members_at_the_same_instant_are_one_cluster(fleet: Fleet, time_of_two: int) -> None:
    members = ten.start(fleet)
    fleet.forms(ten.HOSTS)
    assert len(founders(fleet, members)) == 1


def test_no_log_holds_a_secret(fleet: Fleet) -> None:
    account = fleet.world.settings.accounts[0]
    state = store.load(fleet.world.workspace.directory / store.FILE_NAME)
    keys = [text for key in state.temporary_keys.values() for text in (key.secret, key.security_token)]
    secrets = [account.secret_key, account.password.removesuffix("-new"), *keys, *state.tokens]
    assert keys and state.tokens, "the tests before this one left none: run the whole file"
    text = "\n".join(secrets) + "\n"
    for host in fleet.servers:
        read = f"cat > /root/secrets; {{ cat {LOGS}/*; journalctl; }}"
        assert fleet.ssh(host, f"{read} | grep -F -f /root/secrets | head -n 3", text) == ""
    assert int(fleet.ssh("north-1", f"cat {LOGS}/* | grep -c FINEST")) > 100


def expire(fleet: Fleet, renewed_by: str) -> None:
    """Let the credentials of the next list end, and wait until new ones were had and a list with them."""
    since = fleet.control.requests().last
    fleet.control.add_fault("ListServersDetails", "expired-token", times=1)

    def renewed() -> bool:
        statuses = [count.status for count in fleet.control.requests("ListServersDetails", since=since).counts]
        return {200, 401} <= set(statuses) and fleet.control.requests(renewed_by, since=since).total > 0

    fleet.until(renewed, f"a list is had again by {renewed_by}")
