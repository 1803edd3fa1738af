"""Keys of a server's agency from the lab's metadata service, over the hour they live. Its clock and ours are moved."""

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.module_utils.huaweicloud import metadata
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.retry import Limits
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from region_world import PROJECT, Clock, NoHosts, World, listening


@pytest.fixture
def clock(monkeypatch):
    """The time of the lab and of the code under test."""
    moved = Clock()
    monkeypatch.setattr(metadata, "time", SimpleNamespace(time=lambda: moved().timestamp()))
    return moved


@pytest.fixture
def world(clock):
    """A lab whose server has the address this test calls from."""
    made = World(NoHosts(), now=clock)
    (server,) = made.make(name="control-node", metadata={"agency_name": "ecs-reader"})
    (nic,) = server.nics
    made.cloud.update_server(server.id, nics=(dataclasses.replace(nic, address="127.0.0.1"),))
    return made


@pytest.fixture
def client(world):
    with listening(world.api) as url, listening(world.metadata) as metadata_url:
        endpoints = Endpoints({"ecs": url, "iam": url, "metadata": metadata_url})
        transport, redactor = Transport(HttpOptions(timeout=5)), Redactor()
        source = metadata.MetadataKeys(endpoints, transport, redactor, Limits())
        made = CloudClient(source, endpoints, transport, redactor=redactor)
        yield made
        made.close()


def test_keys_are_kept_while_they_live_and_renewed_before_they_end(world, client, clock):
    """Signatures carry the real time, so the lab judges them by it: a fault takes its clock back."""

    def keys_used():
        client.list_servers("lab-north-1", PROJECT)
        return [it.who for it in world.journal.entries() if it.operation == "ListServersDetails"]

    def fetches():
        return sum(it.operation == "metadata/securitykey" for it in world.journal.entries())

    first = keys_used()
    passed = 0
    for minutes, expected in ((49, 1), (54, 1), (56, 2), (100, 2), (112, 3)):
        clock.advance(minutes=minutes - passed)
        passed = minutes
        world.cloud.faults.clear()
        world.cloud.faults.add("ListServersDetails", f"clock={-passed}")
        keys = keys_used()
        assert fetches() == expected, f"after {minutes} minutes"
    assert len(set(keys)) == 3
    assert keys[:3] == first * 3
    assert all(it.status == 200 for it in world.journal.entries())
