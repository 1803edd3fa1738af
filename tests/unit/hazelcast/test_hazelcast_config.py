"""hazelcast.xml, as the role writes it, against Hazelcast's own schema; and what belongs into it."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
import yaml
from lxml import etree

from tests.unit.hazelcast.places import ROLE, ROOT
from tests.unit.hazelcast.rendered import host, texts, value

NS = {"hz": "http://www.hazelcast.com/schema/config"}
THREE = [host(1), host(2), host(3)]
AKSK = {
    "hazelcast_discovery_mode": "aksk",
    "hazelcast_discovery_region": "cn-north-4",
    "hazelcast_discovery_project_id": "p" * 32,
    "hazelcast_discovery_instance_id": "i" * 36,
    "hazelcast_discovery_access_key": "AK",
    "hazelcast_discovery_secret_key": "the-secret-key",
}
IAM = {
    "hazelcast_discovery_mode": "iam",
    "hazelcast_discovery_region": "cn-north-4",
    "hazelcast_discovery_instance_id": "i" * 36,
    "hazelcast_discovery_iam_domain": "R&D",
    "hazelcast_discovery_iam_user": "member",
    "hazelcast_discovery_iam_password": "the-iam-password",
}
CASES = {
    "metadata": (THREE, {}),
    "aksk": (THREE, AKSK),
    "iam": (THREE, IAM),
    "several members a host": ([host(1, (5701, 5702, 5703)), host(2, (5701,))], {}),
    "one host": ([host(1, (5701, 5702, 5703))], {}),
    "zones": (THREE, {"hazelcast_partition_group": "ZONE_AWARE"}),
    "no groups": (THREE, {"hazelcast_partition_group": "none"}),
    "awkward names": (THREE, {"hazelcast_cluster_name": "R&D 'é' \"x\"", "hazelcast_properties": {"a&b": "<c>"}}),
    "endpoints": (THREE, {"hazelcast_discovery_endpoint_ecs": "http://10.200.255.1:8080"}),
}


@pytest.fixture(scope="session")
def schema(tmp_path_factory) -> etree.XMLSchema:
    """hazelcast-config-5.3.xsd out of the jar that the role installs, fetched as the role fetches it."""
    from library import artifact_fetch

    catalog = yaml.safe_load((ROOT / "artifacts.yml").read_text())["artifacts"]
    fetched = artifact_fetch.run(
        {
            "wanted": [{"name": "hazelcast", "version": "5.3.1"}],
            "catalog": catalog,
            "root": str(ROOT),
            "cache": str(ROOT / ".state/artifacts"),
            "base_url": "",
            "maven": "mvn",
        },
        check_mode=False,
    )
    with zipfile.ZipFile(fetched["files"]["hazelcast 5.3.1"]["src"]) as jar:
        return etree.XMLSchema(etree.parse(io.BytesIO(jar.read("hazelcast-config-5.3.xsd"))))


def config(case: str) -> etree._Element:
    members, settings = CASES[case]
    return etree.fromstring(texts(members, **settings)["hazelcast.xml"].encode())


def properties(root: etree._Element) -> dict[str, str]:
    found = root.findall(".//hz:discovery-strategy/hz:properties/hz:property", NS)
    return {each.get("name"): each.text or "" for each in found}


@pytest.mark.parametrize("case", CASES)
def test_it_is_valid(schema, case):
    schema.assertValid(config(case))


def test_the_schema_would_have_refused(schema):
    root = config("metadata")
    root.find("hz:network/hz:port", NS).text = "many"
    assert not schema.validate(root)


def test_metadata_mode_asks_for_servers_with_the_same_tag():
    assert properties(config("metadata")) == {
        "port": "5701",
        "tag-key": "hazelcast",
        "instance-metadata-available": "true",
    }


def test_ports_of_all_members_are_looked_for():
    assert properties(config("several members a host"))["port"] == "5701-5703"
    assert value("__hazelcast_discovery_properties.port", [host(1, (5702,))]) == "5702-5702"


@pytest.mark.parametrize(
    ("case", "name", "secret"), [("aksk", "secret-key", "the-secret-key"), ("iam", "iam-password", "the-iam-password")]
)
def test_secrets_are_in_no_text_file(case, name, secret):
    members, settings = CASES[case]
    found = properties(config(case))
    assert found[f"{name}-file"].endswith(f"/config/{name}")
    assert name not in found
    assert found["instance-metadata-available"] == "false"
    assert not [file for file, text in texts(members, **settings).items() if secret in text]


def test_a_secret_of_another_mode_is_removed():
    leftovers = {mode: value("__hazelcast_leftovers", THREE, hazelcast_discovery_mode=mode) for mode in ("aksk", "iam")}
    assert [each["path"].rsplit("/", 1)[1] for each in leftovers["aksk"]] == ["iam-password"]
    assert [each["path"].rsplit("/", 1)[1] for each in leftovers["iam"]] == ["secret-key"]


@pytest.mark.parametrize(
    ("members", "wanted", "group"),
    [
        (THREE, "auto", "HOST_AWARE"),
        ([host(1, (5701, 5702)), host(2)], "auto", "HOST_AWARE"),
        ([host(1, (5701, 5702))], "auto", None),
        ([host(1)], "auto", "HOST_AWARE"),
        (THREE, "ZONE_AWARE", "ZONE_AWARE"),
        (THREE, "none", None),
    ],
)
def test_backups_are_on_another_host(members, wanted, group):
    root = etree.fromstring(texts(members, hazelcast_partition_group=wanted)["hazelcast.xml"].encode())
    found = root.find("hz:partition-group", NS)
    assert (None if found is None else found.get("group-type")) == group


def test_nothing_is_open_that_need_not_be():
    root = config("metadata")
    groups = {each.get("name"): each.get("enabled") for each in root.findall(".//hz:rest-api/hz:endpoint-group", NS)}
    assert [name for name, enabled in groups.items() if enabled == "true"] == ["HEALTH_CHECK"]
    assert len(groups) == 7
    ways = {each.tag.split("}")[1]: each.get("enabled") for each in root.findall("hz:network/hz:join/hz:*", NS)}
    assert ways.pop("discovery-strategies") is None
    assert set(ways.values()) == {"false"}
    assert root.find("hz:network/hz:port", NS).get("auto-increment") == "false"
    assert root.find("hz:jet", NS).get("enabled") == "false"


def test_operators_properties_win():
    root = etree.fromstring(
        texts(THREE, hazelcast_properties={"hazelcast.merge.first.run.delay.seconds": 10})["hazelcast.xml"].encode()
    )
    found = {each.get("name"): each.text for each in root.findall("hz:properties/hz:property", NS)}
    assert found["hazelcast.merge.first.run.delay.seconds"] == "10"
    assert found["hazelcast.operation.fail.on.indeterminate.operation.state"] == "true"


@pytest.mark.parametrize(
    ("memory", "ports", "asked", "heap"),
    [
        (2048, (5701,), 0, 1152),  # three quarters of what the system leaves
        (2048, (5701, 5702, 5703), 0, 320),  # a third of it, less what a member needs beside its heap
        (65536, (5701,), 0, 16384),  # no larger than collectors like
        (8192, (5701,), 1000, 1000),
    ],
)
def test_heap(memory, ports, asked, heap):
    members = [host(1, ports)]
    settings = {"ansible_facts": {"memtotal_mb": memory}, "hazelcast_heap_mb": asked}
    assert int(value("__hazelcast_heap_mb", members, **settings)) == heap
    assert f"-Xms{heap}m\n-Xmx{heap}m\n" in texts(members, **settings)["jvm.options"]


@pytest.mark.parametrize(
    ("memory", "ports", "asked", "fits"),
    [
        (2048, (5701,), 1344, True),
        (2048, (5701,), 1345, False),
        (2048, (5701, 5702), 700, False),
        (1024, (5701, 5702, 5703), 0, False),
    ],
)
def test_more_memory_than_there_is_is_refused(memory, ports, asked, fits):
    """The two conditions of tasks/assert.yml, by their own text."""
    tasks = yaml.safe_load((ROLE / "tasks/assert.yml").read_text())
    task = next(each for each in tasks if each["name"].endswith("fit into memory"))
    settings = {"ansible_facts": {"memtotal_mb": memory}, "hazelcast_heap_mb": asked}
    conditions = task["ansible.builtin.assert"]["that"]
    assert all(value(condition, [host(1, ports)], **settings) for condition in conditions) is fits


def test_the_unit_restarts_whatever_the_exit_code_and_waits_for_the_handover():
    unit = texts(THREE, hazelcast_graceful_max_wait_seconds=100)["hazelcast@.service"]
    settings = dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE))
    assert settings["Restart"] == "always"
    assert int(settings["TimeoutStopSec"]) > 100
    assert settings["User"] == "hazelcast"
    assert settings["ExecStart"].startswith("/usr/bin/java @/home/hazelcast-5.3.1/config/jvm.options ")
