"""Filters that read `cluster_plan`: what the user wants becomes entries of huaweicloud_ecs_instance, and filters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

SYSTEMS = ("hazelcast", "vertx", "consul_server", "consul_client", "redis", "etcd", "chord")
# What may stand in a plan, and again in a system's cluster, where it wins: options of huaweicloud_ecs_instance.
COMMON = (
    "agency",
    "availability_zones",
    "data_disks",
    "delete_protection",
    "eip",
    "enterprise_project_id",
    "flavor",
    "image",
    "key_name",
    "metadata",
    "networks",
    "on_failure",
    "region",
    "scale_in",
    "security_groups",
    "server_group",
    "system_disk",
    "tags",
    "user_data",
    "vpc_id",
)
# Huawei Cloud, "Tag Types": a value has up to 43 characters and none of = * < > \ , | /
TAG_VALUE = re.compile(r"[^\x00-\x1f=*<>\\,|/]{1,43}")
LONGEST = 43
PLAN_TAG = "ecs-plan"
EVERY_ENTERPRISE_PROJECT = "all_granted_eps"


def planned_servers(plan: Any) -> list[dict[str, Any]]:
    """The plan's entries: one a cluster, or with `per_zone` one a cluster and zone.

    `plan`: {name: str, systems: {SYSTEM: {CLUSTER: {count: int} or {per_zone: {ZONE: int}}}}, OPTION: ...}, where an
    OPTION is one of COMMON and may stand in a cluster, too; tags and metadata of both are put together.
    Raises AnsibleFilterError with one sentence for a plan that says something else.
    """
    plan = _mapping(plan, "cluster_plan")
    name = plan_name(plan)
    _only(plan, ("name", "systems", *COMMON), "cluster_plan")
    systems = _mapping(plan.get("systems"), "cluster_plan.systems")
    _only(systems, SYSTEMS, "cluster_plan.systems")
    common = {key: plan[key] for key in COMMON if key in plan}
    entries = [
        entry
        for system, clusters in systems.items()
        for cluster, options in _mapping(clusters, f"cluster_plan.systems.{system}").items()
        for entry in _cluster(system, str(cluster), options or {}, common)
    ]
    if not entries:
        raise AnsibleFilterError("cluster_plan.systems names no cluster. To take all servers back, run teardown.yml.")
    return [entry | {"plan": name} for entry in entries]


def plan_name(plan: Any) -> str:
    """The plan's name: the value of the tag ecs-plan. Raises AnsibleFilterError."""
    name = _mapping(plan, "cluster_plan").get("name")
    if not isinstance(name, str) or TAG_VALUE.fullmatch(name) is None:
        raise AnsibleFilterError(
            rf"cluster_plan.name is {name!r}, but must be a tag value: up to 43 characters without = * < > \ , | /."
        )
    return name


def plan_regions(plan: Any, environment: str = "") -> list[str]:
    """Every region the plan has servers in; where one of its clusters names none, HW_REGION_NAME's, `environment`.

    Raises AnsibleFilterError.
    """
    plan = _mapping(plan, "cluster_plan")
    named = [it["region"] for it in _scopes(plan) if it.get("region")]
    default = environment.split(",") if len(named) < len(_scopes(plan)) else []
    return list(dict.fromkeys(text for it in (*named, *default) if (text := str(it).strip())))


def plan_filters(plan: Any) -> dict[str, Any]:
    """The filters of huaweicloud_ecs_instance_info that find all of the plan's servers. Raises AnsibleFilterError."""
    apart = any(it.get("enterprise_project_id") for it in _scopes(_mapping(plan, "cluster_plan")))
    everywhere = {"enterprise_project_id": EVERY_ENTERPRISE_PROJECT} if apart else {}
    return {"tags": {PLAN_TAG: plan_name(plan)}, **everywhere}


def plan_takeback(plan: Any, environment: str = "") -> list[dict[str, Any]]:
    """Entries of huaweicloud_ecs_instance by which none of the plan's servers is left. Raises AnsibleFilterError."""
    wanted = {"exact_count": 0, "count_tags": {PLAN_TAG: plan_name(plan)}}
    projects = [text for it in _scopes(plan) if (text := it.get("enterprise_project_id"))]
    apart = {"enterprise_project_id": projects[0]} if projects else {}
    return [{"region": region, **wanted, **apart} for region in plan_regions(plan, environment)]


def tag_value(text: str) -> str:
    """`text` when it is short enough for a tag, else its beginning and a digest: two that differ still do."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _scopes(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The options of each cluster, the plan's own among them; the plan's alone when it has no cluster."""
    systems = plan.get("systems")
    clusters = [
        options if isinstance(options, Mapping) else {}
        for group in (systems.values() if isinstance(systems, Mapping) else ())
        if isinstance(group, Mapping)
        for options in group.values()
    ]
    return [{**plan, **options} for options in clusters] or [plan]


def _cluster(system: str, cluster: str, options: Any, common: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    where = f"cluster_plan.systems.{system}.{cluster}"
    options = _mapping(options, where)
    _only(options, ("count", "per_zone", *COMMON), where)
    if TAG_VALUE.fullmatch(cluster) is None:
        raise AnsibleFilterError(rf"{where}: a cluster's name has up to 43 characters without = * < > \ , | /.")
    merged = {**common, **{key: options[key] for key in COMMON if key in options}}
    for key in ("tags", "metadata"):
        merged[key] = {
            **_mapping(common.get(key) or {}, f"cluster_plan.{key}"),
            **_mapping(options.get(key) or {}, f"{where}.{key}"),
        }
    merged["tags"][system] = cluster
    stem = re.sub(r"[^\w.-]", "-", f"{system}-{cluster}")
    if ("count" in options) == ("per_zone" in options):
        raise AnsibleFilterError(f"{where} must have either count or per_zone.")
    if "count" in options:
        yield {
            **merged,
            "name": stem,
            "slot": tag_value(stem),
            "exact_count": _number(options["count"], f"{where}.count"),
        }
        return
    for zone, count in _mapping(options["per_zone"], f"{where}.per_zone").items():
        slot = {"name": stem, "slot": tag_value(f"{stem}-{zone}"), "availability_zones": [str(zone)]}
        yield {**merged, **slot, "exact_count": _number(count, f"{where}.per_zone.{zone}")}


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AnsibleFilterError(f"{where} must be a mapping, see inventory/examples/cluster_plan.yml.")
    return value


def _only(value: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := [str(key) for key in value if key not in known]:
        raise AnsibleFilterError(f"{where} has {unknown[0]}, but knows only {', '.join(sorted(known))}.")


def _number(value: Any, where: str) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,4}", str(value)):
        raise AnsibleFilterError(f"{where} is {value!r}, but must be a number of servers.")
    return int(value)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {
            "planned_servers": planned_servers,
            "plan_filters": plan_filters,
            "plan_name": plan_name,
            "plan_regions": plan_regions,
            "plan_takeback": plan_takeback,
            "tag_value": tag_value,
        }
