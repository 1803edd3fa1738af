"""Check mode says what would be there afterwards: the same keys and, but for what only the cloud knows, values."""

from __future__ import annotations

import pytest
from instance_world import NEW, OTHER_GROUP, ZONES

UNKNOWN = ("id", "project_id", "private_ipv4", "created", "image_name", "enterprise_project_id", "security_groups")
POOL = {"name": "hz", "count_tags": {"hazelcast": "a"}, "availability_zones": ZONES, **NEW}

CASES = {
    "one": ([], {"name": "hz-1", "tags": {"a": "b"}, "availability_zone": ZONES[0], **NEW}),
    "stopped": ([], {"name": "hz-1", "state": "stopped", "availability_zone": ZONES[0], "metadata": {"m": "n"}, **NEW}),
    "pool": ([], {"exact_count": 3, "delete_protection": True, "agency": "x", **POOL}),
    "shrink": ([{"exact_count": 4, **POOL}], {"exact_count": 2, "scale_in": "oldest", **POOL}),
    "none": ([{"exact_count": 2, **POOL}], {"exact_count": 0, "count_tags": {"hazelcast": "a"}}),
    "absent": ([{"name": "hz-1", **NEW}], {"name": "hz-1", "state": "absent"}),
    "change": (
        [{"name": "hz-1", "tags": {"a": "b"}, "metadata": {"m": "n"}, **NEW}],
        {
            "name": "hz-1",
            "tags": {"c": "d"},
            "metadata": {"m": None},
            "state": "stopped",
            "security_groups": [OTHER_GROUP],
        },
    ),
    "group": ([{"name": "hz-1", **NEW}], {"name": "hz-1", "security_groups": [OTHER_GROUP]}),
    "resize": ([{"name": "hz-1", **NEW}], {"name": "hz-1", "flavor": "s6.small.1", "force": True}),
    "nothing": ([{"name": "hz-1", **NEW}], {"name": "hz-1", **NEW}),
}


@pytest.mark.parametrize("case", CASES)
def test_prediction_and_result_agree(cloud, case):
    before, wanted = CASES[case]
    for params in before:
        assert "failed" not in cloud.run(**params)
    cloud.forget()
    predicted = cloud.run(check=True, diff=True, **wanted)
    assert cloud.writes() == [] and "failed" not in predicted
    assert before or not cloud.state_file.parent.exists()
    done = cloud.run(diff=True, **wanted)
    assert "failed" not in done, done["msg"]
    assert predicted.keys() == done.keys()
    assert predicted["changed"] == done["changed"] == (case != "nothing")
    assert predicted["steps"] == done["steps"][: len(predicted["steps"])]
    assert case == "stopped" or predicted["steps"] == done["steps"]
    assert known(predicted["instances"]) == known(done["instances"])
    assert predicted["deleted_ids"] == done["deleted_ids"]
    assert predicted["changed_ids"] == done["changed_ids"]
    assert len(predicted["diff"]["before"]) == len(done["diff"]["before"])
    assert len(predicted["diff"]["after"]) == len(done["diff"]["after"])
    assert not cloud.run(check=True, **wanted)["changed"]


def known(instances):
    return [{name: value for name, value in it.items() if name not in UNKNOWN} for it in instances]


def test_what_cannot_be_done_fails_in_check_mode_too(cloud):
    refused = cloud.run(check=True, name="hz-1")
    assert refused["failed"] and "cannot be made" in refused["msg"] and refused["instances"] == []
