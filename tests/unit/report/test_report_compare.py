"""What failed in a result, and where the inventory of now says something else."""

from __future__ import annotations

from module_utils.report.compare import Problem
from module_utils.report.view import State
from tests.unit.report import pages, samples


def cluster_of(result: dict, hosts: list[dict]):
    return pages.page(([result], hosts)).clusters[0]


def three() -> tuple[dict, list[dict]]:
    results, hosts = samples.small()
    return results[0], hosts[:3]


def test_a_whole_cluster_has_nothing_to_say():
    cluster = cluster_of(*three())
    assert (cluster.state, cluster.problems, cluster.differences) == (State.WHOLE, (), ())
    assert (cluster.members_ok, cluster.expected, cluster.versions) == (3, 3, ("5.3.1",))


def test_a_failed_check_says_where_what_and_the_two_values():
    result, hosts = three()
    result["members"][1]["checks"][1] |= {"ok": False, "actual": "PASSIVE", "reason": "is shutting down"}
    cluster = cluster_of(result, hosts)
    assert cluster.state is State.BROKEN
    assert cluster.problems == (
        Problem(("ecs-01 (10.200.0.11:5701)",), "is shutting down", (("expected", "ACTIVE"), ("found", "PASSIVE"))),
    )


def test_of_two_lists_only_the_difference_is_shown():
    result, hosts = three()
    seen = [*result["expected"][1:], "10.9.9.9:5701"]
    result["members"][0]["checks"][-1] |= {"ok": False, "actual": seen}
    (problem,) = cluster_of(result, hosts).problems
    assert problem.what == "fails the check member list"
    assert problem.facts == (("missing", "10.200.0.10:5701"), ("unexpected", "10.9.9.9:5701"))


def test_the_same_problem_of_several_members_is_told_once():
    result, hosts = three()
    for member in result["members"][:2]:
        member["checks"][1] |= {"ok": False, "actual": "FROZEN", "reason": "frozen"}
    (problem,) = cluster_of(result, hosts).problems
    assert problem.where == ("ecs-00 (10.200.0.10:5701)", "ecs-01 (10.200.0.11:5701)")


def test_a_result_that_is_not_ok_is_never_shown_as_whole():
    for change in ({"ok": False}, {"expected": ["10.200.0.10:5701"]}, {"members": []}):
        result, hosts = three()
        cluster = cluster_of(result | change, hosts)
        assert cluster.state is State.BROKEN
        assert cluster.problems
    result, hosts = three()
    result["members"][2]["ok"] = False
    assert cluster_of(result, hosts).problems == (
        Problem(("ecs-02 (10.200.0.12:5701)",), "is marked as failed, without a reason"),
    )


def test_an_expected_member_without_answer_is_a_row_and_a_problem():
    result, hosts = three()
    del result["members"][1]
    cluster = cluster_of(result, hosts)
    assert [(row.address, row.host, row.state.words) for row in cluster.members] == [
        ("10.200.0.10:5701", "ecs-00", "ok"),
        ("10.200.0.11:5701", "ecs-01", "no answer"),
        ("10.200.0.12:5701", "ecs-02", "ok"),
    ]
    assert cluster.problems[0].where == ("10.200.0.11:5701",)


def test_the_plan_of_now_is_compared_with_the_result():
    result, hosts = three()
    hosts[0] |= {"address": "10.200.7.7"}
    hosts[1] |= {"tags": {}}
    hosts[2] |= {"status": "SHUTOFF"}
    hosts.append(samples.host(9, {"hazelcast": "prod-a"}))
    cluster = cluster_of(result, hosts)
    assert cluster.state is State.DIFFERS
    assert cluster.differences == (
        "ecs-00 has the address 10.200.7.7 now; it was checked at 10.200.0.10.",
        "ecs-02 is SHUTOFF now.",
        "ecs-09 (10.200.0.19) carries the tag now and was not part of the last check.",
        "ecs-01 was part of the last check and no longer carries the tag.",
    )


def test_a_host_that_left_the_inventory_differs():
    result, hosts = three()
    assert cluster_of(result, hosts[:2]).differences == (
        "ecs-02 was part of the last check and is no longer in the inventory.",
    )


def test_a_new_host_at_an_old_address_differs():
    result, hosts = three()
    hosts[2] = hosts[2] | {"name": "ecs-02-new"}
    assert cluster_of(result, hosts).differences == (
        "ecs-02-new (10.200.0.12) carries the tag now and was not part of the last check.",
        "ecs-02 was part of the last check and is no longer in the inventory.",
    )


def test_several_members_on_one_host_are_no_difference():
    result, hosts = three()
    more = samples.result("hazelcast", "prod-a", hosts, port=5702)
    result["members"] += more["members"]
    result["expected"] += more["expected"]
    assert cluster_of(result, hosts).state is State.WHOLE


def test_checks_are_told_once_with_how_many_members_passed():
    result, hosts = three()
    result["members"][0]["checks"][1]["ok"] = False
    lines = {line.name: (line.ok, line.outcome) for line in cluster_of(result, hosts).checks}
    assert lines == {
        "values cross": (True, "6"),
        "answers": (True, "3 of 3 members"),
        "cluster safe": (True, "3 of 3 members"),
        "cluster size": (True, "3 of 3 members"),
        "member list": (True, "3 of 3 members"),
        "node state": (False, "2 of 3 members"),
    }
