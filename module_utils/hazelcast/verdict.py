"""From what members answered to one verify result (docs/schemas/verify-result.json). Pure functions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible.module_utils.hazelcast.health import Health

SCHEMA = "1"
SYSTEM = "hazelcast"


@dataclass(frozen=True)
class Member:
    """A member as the inventory has it; ``address`` is "IP:PORT"."""

    host: str
    address: str
    region: str
    availability_zone: str


@dataclass(frozen=True)
class Check:
    """One thing that was asked; ``reason`` is a clause, empty when ``ok``."""

    name: str
    ok: bool
    expected: Any
    actual: Any
    reason: str = ""


def members_of(hosts: list[dict[str, Any]]) -> list[Member]:
    """One member a port, from hosts as the role's `hazelcast_members` has them."""
    return [
        Member(each["host"], f"{each['address']}:{port}", each.get("region") or "", each.get("availability_zone") or "")
        for each in hosts
        for port in each["ports"]
    ]


def _equal(name: str, expected: Any, actual: Any, reason: str) -> Check:
    same = expected == actual
    return Check(name, same, expected, actual, "" if same else reason)


def health_checks(answer: Health, size: int) -> list[Check]:
    """What the member says of itself; one check when it says nothing."""
    if answer.silence:
        return [Check("answers", False, True, False, f"does not answer: {answer.silence}")]
    return [
        Check("answers", True, True, True),
        _equal("node_state", "ACTIVE", answer.node_state, f"is {answer.node_state}, not ACTIVE"),
        _equal(
            "cluster_safe", True, answer.safe, f"reports partitions without their backups ({answer.queue} to be moved)"
        ),
        _equal("cluster_size", size, answer.size, f"is in a cluster of {answer.size}, not of {size}"),
    ]


def list_check(expected: list[str], asked: dict[str, Any]) -> Check:
    """Whether the member's own list is the inventory's; ``asked`` is its part of the probe's answer."""
    if not asked.get("connected"):
        return Check("member_list", False, expected, [], f"cannot be asked for its members: {asked.get('error')}")
    sees = sorted(each["address"] for each in asked["sees"])
    missing = [address for address in expected if address not in sees]
    strangers = [address for address in sees if address not in expected]
    reasons = [f"does not see {', '.join(missing)}"] if missing else []
    reasons += [f"sees {', '.join(strangers)}, which the inventory does not have"] if strangers else []
    return Check("member_list", not reasons, expected, sees, " and ".join(reasons))


def values_check(members: list[Member], probe: dict[str, Any]) -> Check:
    """Whether what was written through each member was read through each other one."""
    pairs = len(members) * (len(members) - 1)
    failed = probe["failed_pairs"]
    reason = ""
    if failed:
        first = failed[0]
        reason = (
            f"{len(failed)} of {pairs} values did not cross, the first from {first['written_through']} "
            f"to {first['read_through']}: {first['error']}"
        )
    return Check("values_cross", not failed, pairs, pairs - len(failed), reason)


def member_result(member: Member, answer: Health, asked: dict[str, Any], expected: list[str]) -> dict[str, Any]:
    checks = [*health_checks(answer, len(expected)), list_check(expected, asked)]
    sees = sorted(asked.get("sees", []), key=lambda each: str(each["address"]))
    itself: dict[str, Any] = next((each for each in sees if each["address"] == member.address), {})
    return {
        **asdict(member),
        "ok": all(check.ok for check in checks),
        "version": itself.get("version", ""),
        "uuid": itself.get("uuid", ""),
        "sees": [each["address"] for each in sees],
        "checks": [asdict(check) for check in checks],
    }


def verdict(
    cluster: str, members: list[Member], answers: list[Health], probe: dict[str, Any], asked_from: str
) -> dict[str, Any]:
    """The verify result but for its times; ``probe`` is what ClusterProbe printed."""
    expected = sorted(member.address for member in members)
    health = {answer.address: answer for answer in answers}
    asked = {each["address"]: each for each in probe["members"]}
    results = [
        member_result(member, health[member.address], asked.get(member.address, {}), expected) for member in members
    ]
    checks = [values_check(members, probe)]
    return {
        "schema": SCHEMA,
        "system": SYSTEM,
        "cluster": cluster,
        "asked_from": asked_from,
        "ok": all(check.ok for check in checks) and all(result["ok"] for result in results),
        "expected": expected,
        "members": results,
        "checks": [asdict(check) for check in checks],
    }


def differences(result: dict[str, Any]) -> list[str]:
    """What is not as it should be, a clause each, hosts by name; empty when all is well.

    A member that does not answer is named once: what the others miss for that reason alone is left out.
    """
    silent = {member["address"] for member in result["members"] if _failed(member, "answers")}
    heard = [address for address in result["expected"] if address not in silent]
    clauses = []
    for member in result["members"]:
        failed = {check["name"]: check for check in member["checks"] if not check["ok"]}
        if "answers" in failed:
            failed = {"answers": failed["answers"]}
        elif "member_list" in failed:
            failed.pop("cluster_size", None)
            if member["sees"] == heard:
                failed.pop("member_list")
        clauses += [f"{member['host']} ({member['address']}) {check['reason']}" for check in failed.values()]
    crossing = len(heard) * (len(heard) - 1)
    return clauses + [check["reason"] for check in result["checks"] if not check["ok"] and check["actual"] < crossing]


def _failed(member: dict[str, Any], name: str) -> bool:
    return any(check["name"] == name and not check["ok"] for check in member["checks"])


def table(result: dict[str, Any]) -> list[str]:
    """The members as lines of text for a terminal."""
    rows = [("", "HOST", "MEMBER", "ZONE", "VERSION", "SEES")]
    for member in result["members"]:
        zone = member["availability_zone"] or member["region"] or "-"
        sees = f"{len(member['sees'])} of {len(result['expected'])}"
        mark = "ok" if member["ok"] else "!!"
        rows.append((mark, member["host"], member["address"], zone, member["version"] or "-", sees))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    good = sum(member["ok"] for member in result["members"])
    return [
        f"Cluster {result['cluster']}: {good} of {len(result['expected'])} members are as they should be, "
        f"asked from {result['asked_from']}",
        *("  ".join(cell.ljust(widths[column]) for column, cell in enumerate(row)).rstrip() for row in rows),
    ]
