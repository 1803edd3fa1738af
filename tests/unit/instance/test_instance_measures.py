"""What is promised of the number of requests."""

from __future__ import annotations

import pytest
from instance_world import NEW, ZONES


@pytest.mark.unhurried
def test_ten_servers_in_two_zones_are_two_requests_and_few_questions(cloud):
    cloud.fault("CreateServers", "job-takes=2", times=None)
    made = cloud.run(name="hz", exact_count=10, count_tags={"hazelcast": "a"}, availability_zones=ZONES, **NEW)
    assert len(made["created_ids"]) == 10 and cloud.requests("CreateServers") == 2
    assert cloud.requests("ShowJob") <= 2 * 6
    assert cloud.requests("ListServersDetails") == 3


def test_three_hundred_planned_servers_cost_one_list(cloud):
    shared = {"plan": "big", "availability_zones": ZONES, **NEW}
    servers = [{"name": f"c{n}", "exact_count": 10} for n in range(20)]
    cloud.run(servers=servers[:10], **shared)
    cloud.run(servers=servers[10:], **shared)
    cloud.forget()
    again = cloud.run(servers=servers, **shared)
    assert not again["changed"] and len(again["instances"]) == 200 and cloud.requests() == 1
