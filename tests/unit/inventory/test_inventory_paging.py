"""Pages of the lab's API: to the end, each server once, while servers come and go between two pages."""

import threading

import pytest
from huaweicloudsdkecs import v2 as sdk
from lab_region import LIST, REGION

from fake_cloud import server  # isort: skip


def test_every_page_is_asked_for_by_its_marker(lab, ansible):
    lab.seed(2500)
    assert len(ansible.listed()) == 2500
    assert lab.asked(LIST) == 3


@pytest.mark.parametrize("count", [0, 999, 1000, 1001])
def test_no_request_more_than_needed(lab, ansible, count):
    lab.seed(count)
    assert len(ansible.listed()) == count
    assert lab.asked(LIST) == (2 if count > 1000 else 1)


@pytest.fixture
def between_pages(lab):
    """`between_pages(act)`: act while the second page is on its way."""
    threads = []

    def arrange(act):
        def wait_and_act():
            lab.wait_for(1, LIST)
            act()

        lab.fault(LIST, "latency=3", after=1, times=1)
        threads.append(threading.Thread(target=wait_and_act))
        threads[0].start()

    yield arrange
    threads[0].join(10)
    assert not threads[0].is_alive()


def all_ids(lab):
    """The ids in the API's order."""
    ids, marker = [], None
    while page := lab.ecs().list_servers_details(sdk.ListServersDetailsRequest(limit=1000, marker=marker)).servers:
        ids += [it.id for it in page]
        marker = ids[-1]
    lab.control.clear_requests()
    return ids


def first_page(lab, servers):
    """The API's objects on the first of the pages that so many servers make."""
    lab.seed(servers)
    listed = lab.ecs().list_servers_details(sdk.ListServersDetailsRequest(limit=1000))
    lab.control.clear_requests()
    return listed.to_json_object()["servers"]


def found_ids(hosts):
    ids = [variables["ecs_id"] for variables in hosts.values()]
    assert len(set(ids)) == len(ids)
    return set(ids)


def test_the_server_the_marker_names_is_deleted_between_pages(lab, ansible, between_pages):
    """The API refuses the marker then; servers around it go too, on the page before and on the one to come."""
    lab.seed(1500)
    ids = all_ids(lab)
    doomed = (*ids[500:510], *ids[997:1003], ids[1400])
    between_pages(lambda: lab.delete(*doomed))
    found = found_ids(ansible.listed())
    assert set(ids) - set(doomed) <= found
    assert not set(doomed[-4:]) & found, "those of the page to come are not there any more"
    assert lab.statuses(LIST)[400] >= 1


def test_servers_made_between_pages(lab, ansible, between_pages):
    lab.seed(1500)
    ids = all_ids(lab)
    between_pages(lambda: lab.seed(700, name="late-{n}"))
    found = found_ids(ansible.listed())
    assert set(ids) <= found
    assert len(found) == 2200, "the walk that met the change is made again"


def test_half_of_the_servers_deleted_between_pages(lab, ansible, between_pages):
    """The second page is short of what was announced first: a list that ends early is not taken for whole."""
    lab.seed(2100)
    ids = all_ids(lab)
    between_pages(lambda: lab.delete(*ids[:900]))
    assert set(ids[900:]) <= found_ids(ansible.listed())


def test_a_marker_that_does_not_move_is_an_error(lab, ansible):
    """The same page for ever: the API's own pages never do this, so it is put in their place."""
    first = first_page(lab, 1500)
    lab.say(first, announced=1500)
    sentence = ansible.failure(retries=0)
    assert sentence == f"ECS of region {REGION}: The list of servers does not move on after server {first[-1]['id']}."
    assert lab.asked(LIST) == 4


def test_a_repeated_page_is_no_duplicate_and_no_loss(lab, ansible):
    lab.say(first_page(lab, 1500), announced=1500, after=1, times=1)
    assert len(found_ids(ansible.listed())) == 1500
    assert lab.asked(LIST) == 3


def test_fewer_servers_than_announced_are_said_and_not_kept(lab, ansible):
    lab.seed(1)
    (own,) = first_page(lab, 0)
    lab.say([own], announced=3, times=1)
    lab.say([], announced=3, after=1)
    result = ansible.inventory(cache=True)
    assert '"web-1"' in result.stdout
    assert f"[WARNING]: Region {REGION} announced 3 servers and listed 1." in result.stderr
    lab.control.clear_faults()
    assert list(ansible.listed(cache=True)) == ["web-1"]
    assert lab.asked(LIST) == 4, "three for the first run, and one more: nothing was kept"


def test_an_id_in_two_queries_counts_once(lab, ansible):
    lab.seed(1, tags={"a": "1", "b": "1"})
    lab.seed(1, tags={"b": "1"}, name="other")
    hosts = ansible.listed(include_filters=[{"tags": {"a": 1}}, {"tags": {"b": 1}}])
    assert sorted(hosts) == ["other", "web-1"]
    assert lab.asked(LIST) == 2


def test_a_server_in_two_regions_counts_once(lab, ansible):
    """An API that shows one id in two regions: it is put in place of their own answers."""
    lab.say([server(1)])
    assert list(ansible.listed(regions=[REGION, "lab-02"])) == ["web-1"]
