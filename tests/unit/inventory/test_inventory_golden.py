"""Servers and options in, the golden inventory out. One file of cases/ is one case; the format is told in its head."""

from pathlib import Path

import pytest
import yaml
from fake_cloud import server
from inventory_runner import picture

CASES = sorted((Path(__file__).parent / "cases").glob("*.yml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path, runner, cloud):
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    cloud.servers = {region: [server(**fields) for fields in servers] for region, servers in case["servers"].items()}
    manager = runner.run(**{"regions": list(case["servers"]), **case.get("options", {})})
    hosts, groups = picture(manager)
    expected = case["expected"]
    assert sorted(hosts) == sorted(expected["hosts"])
    for name, variables in expected["hosts"].items():
        if case.get("all_variables"):
            assert hosts[name] == variables
        else:
            assert {key: hosts[name].get(key) for key in variables} == variables
    if "groups" in expected:
        assert groups == expected["groups"]
    assert runner.warnings == expected.get("warnings", [])
