"""Verify results and inventories to make pages from: as small or as large as a test wants them."""

from __future__ import annotations

import copy
import re
from typing import Any

REGION = "lab-north-1"
ZONES = ("lab-north-1a", "lab-north-1b", "lab-north-1c")
CHECKED_AT = "2026-11-21T02:44:10Z"


def check(name: str, ok: bool = True, expected: Any = "", actual: Any = "", reason: str = "") -> dict[str, Any]:
    return {"name": name, "ok": ok, "expected": expected, "actual": actual, "reason": reason}


def host(
    number: int, tags: dict[str, str], *, region: str = REGION, zone: str = "", status: str = "ACTIVE"
) -> dict[str, Any]:
    return {
        "name": f"ecs-{number:02}",
        "address": f"10.200.{number // 100}.{10 + number % 100}",
        "region": region,
        "availability_zone": zone or f"{region}{'abc'[number % 3]}",
        "status": status,
        "tags": tags,
    }


def result(system: str, cluster: str, hosts: list[dict[str, Any]], port: int = 5701, **changed: Any) -> dict[str, Any]:
    """A whole cluster with a member on each host."""
    expected = [f"{h['address']}:{port}" for h in hosts]
    pairs = len(hosts) * (len(hosts) - 1)
    members = [
        {
            "host": h["name"],
            "address": address,
            "region": h["region"],
            "availability_zone": h["availability_zone"],
            "ok": True,
            "version": "5.3.1",
            "uuid": f"6c4fbbb2-2a39-4a0e-9f3f-{index:012}",
            "sees": list(expected),
            "checks": [
                check("answers", expected=True, actual=True),
                check("node_state", expected="ACTIVE", actual="ACTIVE"),
                check("cluster_safe", expected=True, actual=True),
                check("cluster_size", expected=len(hosts), actual=len(hosts)),
                check("member_list", expected=expected, actual=expected),
            ],
        }
        for index, (h, address) in enumerate(zip(hosts, expected, strict=True))
    ]
    return copy.deepcopy(
        {
            "schema": "1",
            "system": system,
            "cluster": cluster,
            "checked_at": CHECKED_AT,
            "asked_from": hosts[0]["name"],
            "ok": True,
            "expected": expected,
            "members": members,
            "checks": [
                check("values_cross", expected=pairs, actual=pairs),
            ],
            "duration_s": 3.2,
        }
        | changed
    )


def columns(hosts: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = ("name", "address", "region", "availability_zone", "status", "tags")
    return {name: [h[name] for h in hosts] for name in names}


def small() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One whole cluster of three, and a host without a tag."""
    hosts = [host(number, {"hazelcast": "prod-a"}) for number in range(3)]
    return [result("hazelcast", "prod-a", hosts)], [*hosts, host(3, {"team": "billing"})]


def medium() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Three clusters on nine hosts, a member of one not answering: the README's picture."""
    hosts = [host(number, {}) for number in range(9)]
    results = []
    for system, cluster, port, mine in (
        ("hazelcast", "prod-a", 5701, hosts[:6]),
        ("redis", "cache1", 6379, hosts[3:9]),
        ("etcd", "main", 2380, hosts[:3]),
    ):
        for h in mine:
            h["tags"] = {**h["tags"], system: cluster}
        results.append(result(system, cluster, mine, port))
    mute = results[1]["members"][4]
    silence = check("answers", False, True, False, "does not answer: nothing listens there")
    mute |= {"ok": False, "version": "", "uuid": "", "sees": [], "checks": [silence]}
    results[1]["ok"] = False
    for r, version in zip(results, ("5.3.1", "7.2.5", "3.5.16"), strict=True):
        for member in r["members"]:
            member["version"] = version if member["uuid"] else ""
    return results, [*hosts, host(9, {"team": "billing"})]


def large(broken: bool = False) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Twelve clusters, sixty members, two regions; `broken`: with one trouble of each kind."""
    sizes = {
        ("hazelcast", "prod-a"): 9, ("hazelcast", "prod-b"): 6, ("hazelcast", "sessions"): 3, ("vertx", "orders"): 6,
        ("vertx", "billing"): 3, ("consul_server", "dc1"): 3, ("consul_client", "dc1"): 12, ("redis", "cache1"): 6,
        ("redis", "cache2"): 3, ("etcd", "main"): 3, ("etcd", "edge"): 3, ("chord", "ring"): 3,
    }  # fmt: skip
    ports = {
        "hazelcast": 5701, "vertx": 15701, "consul_server": 8301, "consul_client": 8301, "redis": 6379, "etcd": 2380,
        "chord": 9000,
    }  # fmt: skip
    hosts = [
        host(number, {}, region=region, zone=f"{region}{'abc'[number % 3]}")
        for number, region in enumerate([REGION] * 18 + ["lab-south-1"] * 6)
    ]
    results, start = [], 0
    for (system, cluster), size in sizes.items():
        mine = [hosts[(start + step) % len(hosts)] for step in range(size)]
        start += size
        for h in mine:
            h["tags"] = {**h["tags"], system: cluster}
        results.append(result(system, cluster, mine, ports[system]))
    hosts += [host(90, {"team": "billing"}), host(91, {})]
    if broken:
        _break(results, hosts)
    return results, hosts


def _break(results: list[dict[str, Any]], hosts: list[dict[str, Any]]) -> None:
    by_name = {(r["system"], r["cluster"]): r for r in results}
    sick = by_name["hazelcast", "prod-b"]
    sick["ok"] = False
    gone = sick["members"][2]
    for member in sick["members"]:
        member["sees"].remove(gone["address"])
        member["ok"] = False
        member["checks"][3] |= {"ok": False, "actual": 5, "reason": "is in a cluster of 5, not of 6"}
        seen = {"actual": list(member["sees"]), "reason": f"does not see {gone['address']}"}
        member["checks"][4] |= {"ok": False} | seen
    silence = check("answers", False, True, False, "does not answer: nothing listens there")
    gone |= {"version": "", "uuid": "", "sees": [], "checks": [silence]}
    reason = "10 of 30 values did not cross, the first from 10.200.0.19:5701 to 10.200.0.21:5701: connection refused"
    sick["checks"][0] |= {"ok": False, "actual": 20, "reason": reason}
    passive = by_name["redis", "cache1"]
    passive["ok"] = False
    passive["members"][1]["ok"] = False
    passive["members"][1]["checks"].append(
        check(
            "replication",
            False,
            "link up",
            "link down",
            "has lost its primary: is TCP 6379 open between the two?",
        )
    )
    results.remove(by_name["etcd", "edge"])
    results.remove(by_name["redis", "cache2"])
    by_name["vertx", "orders"]["checked_at"] = "2026-11-15T09:12:00Z"
    by_name["chord", "ring"]["checked_at"] = "2026-11-20T19:05:31Z"
    hosts.append(host(24, {"etcd": "main"}))
    old = [host(70 + n, {}) for n in range(3)]
    results.append(result("hazelcast", "trial", old, checked_at="2026-10-02T08:00:00Z"))


HOSTILE = {
    "script": "<script>window.pwned = 1</script>",
    "image": '"><img src=x onerror="window.pwned = 1">',
    "style": "</style><style>body{display:none}</style>",
    "quote": "' onclick='window.pwned=1",
    "template": "{{ 7 * 7 }}{% raw %}",
    "turned": "safe\u202egnp.exe\u2066",
    "long": "a-name-as-long-as-the-cloud-allows-it-to-be" * 2,
    "unbroken": "W" * 43,
    "chinese": "生产环境集群一号",
    "entity": "&lt;b&gt;&amp;",
    "nul": "nul\x00byte",
}


def readable(text: str) -> str:
    """A hostile name as the page says it: characters that nobody can see are replaced."""
    return re.sub("[\x00\u202a-\u202e\u2066-\u2069]", "\ufffd", text)


def hostile() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Names that would like to be markup, in every place that a name can have, failed so that all of them are shown."""
    results, hosts = [], []
    for number, (kind, text) in enumerate(HOSTILE.items()):
        evil = host(number, {"hazelcast": text}, region=text, zone=text, status=text) | {"name": f"{kind}-{text}"}
        one = result("hazelcast", text, [evil], ok=False, asked_from=text)
        one["members"][0] |= {"ok": False, "version": text, "uuid": text, "sees": [text]}
        one["members"][0]["checks"].append(check(text or kind, False, text, [text], text))
        one["members"].append(copy.deepcopy(one["members"][0]) | {"host": text, "address": text})
        results.append(one)
        hosts += [evil, host(50 + number, {text: text}) | {"name": f"out-{text}", "address": text}]
    return results, hosts
