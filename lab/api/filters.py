"""Query parameters of the two list APIs as predicates on servers. Sources: SDK ListServersDetailsRequest and
ListCloudServersRequest, doc "Querying Details About ECSs".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from lab.api.gateway import Call
from lab.region.errors import Refusal
from lab.region.model import Server

Test = Callable[[Server], bool]

# A filter value also finds the states a server passes through on the way (doc: Querying Details, `status`).
STATUS_FAMILIES = {
    "ACTIVE": {"ACTIVE", "REBOOT", "HARD_REBOOT", "REBUILD", "MIGRATING", "RESIZE"},
    "SHUTOFF": {"SHUTOFF", "RESIZE", "REBUILD"},
    "ERROR": {"ERROR", "REBUILD"},
    "VERIFY_RESIZE": {"VERIFY_RESIZE", "REVERT_RESIZE"},
}
STATUSES = STATUS_FAMILIES.keys() | {
    "BUILD",
    "DELETED",
    "HARD_REBOOT",
    "MIGRATING",
    "REBOOT",
    "RESIZE",
    "REVERT_RESIZE",
    "SHELVED",
    "SHELVED_OFFLOADED",
    "UNKNOWN",
}


def of_details(call: Call) -> list[Test]:
    """The filters of ListServersDetails. Raises Refusal Ecs.0005 for a value that cannot be one."""
    tests = [*_common(call), *_tags(call)]
    if ip := call.query("ip"):
        tests.append(lambda server: any(_like(ip)(nic.address) for nic in server.nics))
    if ip_eq := call.query("ip_eq"):
        tests.append(lambda server: any(nic.address == ip_eq for nic in server.nics))
    if flavor := call.query("flavor"):
        tests.append(lambda server: server.flavor_id == flavor)
    if reservation := call.query("reservation_id"):
        tests.append(lambda server: server.reservation_id == reservation)
    return tests


def of_cloud_servers(call: Call) -> list[Test]:
    """The filters of ListCloudServers. Raises Refusal Ecs.0005."""
    tests = [*_common(call), *_tags(call)]
    equals: dict[str, Callable[[Server], str | None]] = {
        "id": lambda server: server.id,
        "flavor_name": lambda server: server.flavor_id,
        "image_id": lambda server: server.image_id,
        "availability_zone_eq": lambda server: server.availability_zone,
        "key_name": lambda server: server.key_name,
        "charging_mode": lambda server: server.metadata.get("charging_mode"),
    }
    for name, member in equals.items():
        if wanted := call.query(name):
            tests.append(lambda server, member=member, wanted=wanted: member(server) == wanted)  # type: ignore[misc]
    if zone := call.query("availability_zone"):
        tests.append(lambda server: zone in server.availability_zone)
    if call.query("in_recycle_bin").lower() == "true" or call.query("spod_id"):
        tests.append(lambda _: False)  # the lab has neither
    if item := call.query("metadata"):
        key, _, value = item.partition("=")
        tests.append(lambda server: server.metadata.get(key) == value)
    if key_only := call.query("metadata-key"):
        tests.append(lambda server: key_only in server.metadata)
    if since := call.query("launched_since"):
        moment = _moment(since)
        tests.append(lambda server: server.launched_at is not None and _moment(server.launched_at) > moment)
    return tests


def chosen(servers: Iterable[Server], tests: list[Test]) -> list[Server]:
    """The servers that pass every test, in the same order."""
    for test in tests:
        servers = filter(test, servers)
    return list(servers)


def _common(call: Call) -> list[Test]:
    tests: list[Test] = []
    if name := call.query("name"):
        like = _like(name)
        tests.append(lambda server: like(server.name))
    if status := call.query("status").upper():
        if status not in STATUSES:
            raise Refusal("Ecs.0005", f"status {status} is not a server status.")
        family = STATUS_FAMILIES.get(status, {status})
        tests.append(lambda server: server.status in family)
    project = call.query("enterprise_project_id")
    if project and project != "all_granted_eps":
        tests.append(lambda server: server.enterprise_project_id == project)
    return tests


def _tags(call: Call) -> list[Test]:
    """tags=key=value (repeated: all must hold), not-tags=key or key=value (none may hold)."""
    tests: list[Test] = []
    for text in call.queries("tags"):
        tests.append(lambda server, text=text: _has_tag(server, text))  # type: ignore[misc]
    for text in call.queries("not-tags"):
        tests.append(lambda server, text=text: not _has_tag(server, text))  # type: ignore[misc]
    return tests


def _has_tag(server: Server, text: str) -> bool:
    key, equals, value = text.partition("=")
    return server.tags.get(key) == value if equals else key in server.tags


def _like(text: str) -> Callable[[str], bool]:
    """Fuzzy match: anywhere in the name, where `.` stands for any character and nothing else is special."""
    pattern = re.compile(".".join(map(re.escape, text.split("."))))
    return lambda candidate: pattern.search(candidate) is not None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("Ecs.0005", "launched_since must be an ISO 8601 time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
