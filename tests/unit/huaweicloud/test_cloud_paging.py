"""Paging: to the end, each server once, no loop, whatever happens between two pages."""

import pytest
from ansible.module_utils.huaweicloud.errors import AnswerError, ApiError
from ansible.module_utils.huaweicloud.paging import Page, list_all
from hypothesis import given, settings
from hypothesis import strategies as st


def gone(marker):
    return ApiError(400, "Ecs.0005", f"marker [{marker}] not found")


class ListApi:
    """Newest first; `events` happen after the fetch of the same number: servers made or deleted."""

    def __init__(self, ids, events=(), page_cap=1000, on_unknown_marker="error", announce=True):
        self.ids = list(ids)
        self.events = dict(events)
        self.page_cap = page_cap
        self.on_unknown_marker = on_unknown_marker
        self.announce = announce
        self.fetches = 0

    def fetch(self, marker, limit):
        self.fetches += 1
        start = 0
        if marker is not None:
            if marker in self.ids:
                start = self.ids.index(marker) + 1
            elif self.on_unknown_marker == "error":
                raise gone(marker)
            elif self.on_unknown_marker == "empty":
                start = len(self.ids)
        page = self.ids[start : start + min(limit, self.page_cap)]
        total = len(self.ids) if self.announce else None
        for kind, it in self.events.pop(self.fetches, ()):
            if kind == "make":
                self.ids.insert(0, it)
            elif it in self.ids:
                self.ids.remove(it)
        return Page([{"id": it} for it in page], total)


def walk(api, limit):
    listing = list_all(lambda marker: api.fetch(marker, limit), limit)
    return [it["id"] for it in listing.servers], listing


@pytest.mark.parametrize("announce", [True, False])
@pytest.mark.parametrize("page_cap", [1, 7, 1000])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 25])
def test_every_server_once_in_the_order_of_the_api(count, page_cap, announce):
    ids = [f"s{number}" for number in range(count)]
    found, listing = walk(ListApi(ids, page_cap=page_cap, announce=announce), limit=10)
    assert found == ids
    assert listing.complete


def test_a_short_last_page_costs_no_further_request():
    api = ListApi([f"s{number}" for number in range(15)])
    walk(api, limit=10)
    assert api.fetches == 2


@pytest.mark.parametrize("answer", ["error", "empty", "restart"])
def test_the_server_a_marker_names_is_deleted(answer):
    ids = [f"s{number}" for number in range(11)]
    api = ListApi(ids, events={1: [("delete", "s9")]}, on_unknown_marker=answer)
    found, _ = walk(api, limit=10)
    assert set(ids) - {"s9"} <= set(found)
    assert len(found) == len(set(found))


def test_many_servers_deleted_at_once():
    ids = [f"s{number}" for number in range(40)]
    api = ListApi(ids, events={2: [("delete", f"s{number}") for number in range(17, 20)]})
    found, _ = walk(api, limit=10)
    assert set(ids[:17] + ids[20:]) <= set(found)


def test_a_repeated_page_is_asked_again():
    pages = [["a", "b"], ["a", "b"], ["c"], []]
    answers = iter(Page([{"id": it} for it in page], 3) for page in pages)
    assert [it["id"] for it in list_all(lambda marker: next(answers), 2).servers] == ["a", "b", "c"]


def test_a_list_that_never_moves_on_is_an_error():
    with pytest.raises(AnswerError, match="does not move on"):
        list_all(lambda marker: Page([{"id": "a"}, {"id": "b"}], 5), 2)


def test_fewer_servers_than_announced_are_not_taken_for_all():
    answers = {None: Page([{"id": "a"}], 3), "a": Page([], 3)}
    listing = list_all(answers.__getitem__, 10)
    assert [it["id"] for it in listing.servers] == ["a"]
    assert not listing.complete


def test_an_error_that_is_not_about_the_marker_ends_the_walk():
    def fetch(marker):
        raise ApiError(403, "Ecs.0003", "no")

    with pytest.raises(ApiError):
        list_all(fetch, 10)


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(0, 60),
    limit=st.integers(1, 12),
    cap=st.integers(1, 12),
    events=st.dictionaries(
        st.integers(1, 12),
        st.lists(st.tuples(st.sampled_from(["make", "delete"]), st.integers(0, 60)), max_size=3),
        max_size=4,
    ),
    announce=st.booleans(),
)
def test_servers_that_stay_are_never_lost(count, limit, cap, events, announce):
    ids = [f"s{number}" for number in range(count)]
    named = {
        fetch: [(kind, f"n{fetch}-{index}" if kind == "make" else f"s{it}") for index, (kind, it) in enumerate(changes)]
        for fetch, changes in events.items()
    }
    deleted = {it for changes in named.values() for kind, it in changes if kind == "delete"}
    api = ListApi(ids, named, page_cap=cap, announce=announce)
    found, _ = walk(api, limit)
    assert len(found) == len(set(found))
    assert set(ids) - deleted <= set(found)
    assert api.fetches < 300
