"""hazelcast.xml as a user writes it: the examples of discovery/README.md with their ids filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from lab.customer import ServerView
from lab.settings import LabSettings
from lab.workspace import PROJECT

KEYS, LOGIN, METADATA = "AK/SK", "IAM login", "metadata"
MODES = (KEYS, LOGIN, METADATA)
FIRST_PORT = 5701
# What a hand-written file says besides; quick where it may be, so that a test need not wait for Hazelcast's defaults.
USUAL = {
    "hazelcast.discovery.enabled": "true",
    "hazelcast.wait.seconds.before.join": "1",
    "hazelcast.socket.connect.timeout.seconds": "2",
    "hazelcast.phone.home.enabled": "false",
}
# The master looks for other clusters every three seconds, and a silent member is given up after five.
WATCHFUL = {
    "hazelcast.merge.first.run.delay.seconds": "3",
    "hazelcast.merge.next.run.delay.seconds": "3",
    "hazelcast.heartbeat.interval.seconds": "1",
    "hazelcast.max.no.heartbeat.seconds": "5",
}


@dataclass(frozen=True)
class HazelcastFile:
    """What differs from test to test. `discovery` are the strategy's properties, `hazelcast` Hazelcast's own.

    `ports` is how many members a host may have; the timeout is how long those that start together wait for each other.
    """

    discovery: Mapping[str, str]
    hazelcast: Mapping[str, str] = field(default_factory=dict)
    ports: int = 3
    connection_timeout_seconds: int = 2
    partition_group: str = ""

    def text(self) -> str:
        """The file, the same for every member."""
        group = f'<partition-group enabled="true" group-type="{self.partition_group}"/>' if self.partition_group else ""
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<hazelcast xmlns="http://www.hazelcast.com/schema/config">
  <cluster-name>by-hand</cluster-name>
  <properties>
{_properties({**USUAL, **self.hazelcast})}
  </properties>
  <network>
    <port auto-increment="true" port-count="{self.ports}">{FIRST_PORT}</port>
    <reuse-address>true</reuse-address>
    <join>
      <multicast enabled="false"/>
      <tcp-ip enabled="false" connection-timeout-seconds="{self.connection_timeout_seconds}"/>
      <auto-detection enabled="false"/>
      <discovery-strategies>
        <discovery-strategy enabled="true" class="io.ecsclusterkit.hazelcast.EcsDiscoveryStrategy">
          <properties>
{_properties(self.discovery)}
          </properties>
        </discovery-strategy>
      </discovery-strategies>
    </join>
    <interfaces enabled="true"><interface>10.*.*.*</interface></interfaces>
    <rest-api enabled="true">
      <endpoint-group name="HEALTH_CHECK" enabled="true"/>
      <endpoint-group name="CLUSTER_READ" enabled="true"/>
      <endpoint-group name="DATA" enabled="true"/>
    </rest-api>
  </network>
  {group}
</hazelcast>
"""


def example(mode: str, settings: LabSettings, anchor: ServerView, port: str, regions: int = 1) -> dict[str, str]:
    """The example for a mode with ids, port and the lab's endpoints; with several regions as its reader extends it.

    Blank properties of the example stay blank. `anchor` is the server whose id every member is given.
    """
    account, asked = settings.accounts[0], settings.regions[:regions]
    places = {"region": ",".join(region.id for region in asked)}
    given = {
        "instance-id": anchor.id,
        "project-id": ",".join(region.project_id for region in asked),
        **places,
        "access-key": account.access_key,
        "secret-key": account.secret_key,
        "iam-domain": account.domain,
        "iam-user": account.user,
        "iam-password": account.password,
    }
    block = _blocks()[mode]
    filled = {name: given.get(name, value) for name, value in block.items()} | {"port": port}
    if mode == METADATA and regions > 1:
        filled |= places
    return filled | {"endpoint-ecs": settings.endpoint, "endpoint-iam": settings.endpoint}


def _blocks() -> dict[str, dict[str, str]]:
    """The three examples by mode, property -> value."""
    text = (PROJECT / "discovery" / "README.md").read_text(encoding="utf-8")
    section = text.split("## Three ways to ask ECS", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```xml\n(<properties>.*?</properties>)\n```", section, re.DOTALL)
    assert len(blocks) == len(MODES), "discovery/README.md shows one example for each mode"
    properties = (ET.fromstring(block).iter("property") for block in blocks)
    return dict(zip(MODES, ({one.attrib["name"]: one.text or "" for one in each} for each in properties), strict=True))


def _properties(properties: Mapping[str, str]) -> str:
    return "\n".join(
        f"    <property name={quoteattr(name)}>{escape(value)}</property>" for name, value in properties.items()
    )
