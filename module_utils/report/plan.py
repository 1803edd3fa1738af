"""What the inventory plans: hosts, where they are, and the clusters their tags name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .result import ClusterKey


class PlanError(ValueError):
    """The inventory's columns do not fit together. The message is one sentence."""


@dataclass(frozen=True)
class PlannedHost:
    """A host of the inventory. Unknown texts are empty; `clusters` come from its system tags, in their order."""

    name: str
    address: str
    region: str = ""
    availability_zone: str = ""
    status: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    clusters: tuple[ClusterKey, ...] = ()


@dataclass(frozen=True)
class Plan:
    hosts: tuple[PlannedHost, ...]

    @property
    def clusters(self) -> dict[ClusterKey, tuple[PlannedHost, ...]]:
        """Each planned cluster with its hosts."""
        found: dict[ClusterKey, list[PlannedHost]] = {}
        for host in self.hosts:
            for key in host.clusters:
                found.setdefault(key, []).append(host)
        return {key: tuple(hosts) for key, hosts in found.items()}


COLUMNS = ("name", "address", "region", "availability_zone", "status", "tags")


def read(columns: Mapping[str, Sequence[Any]], systems: Collection[str]) -> Plan:
    """The plan from one list per field, all in the order of the hosts (see COLUMNS).

    `tags` are dicts. A tag whose key is one of `systems` and whose value is not empty puts the host into that cluster.
    Raises PlanError when the lists differ in length.
    """
    lengths = {column: len(columns[column]) for column in COLUMNS}
    if len(set(lengths.values())) > 1:
        raise PlanError(f"The inventory's columns must be equally long, and they are: {lengths}.")
    rows = zip(*(columns[column] for column in COLUMNS), strict=True)
    return Plan(tuple(_host(dict(zip(COLUMNS, row, strict=True)), systems) for row in rows))


def _host(row: Mapping[str, Any], systems: Collection[str]) -> PlannedHost:
    tags = {str(key): str(value) for key, value in (row["tags"] or {}).items()}
    texts = {column: str(row[column] or "") for column in COLUMNS if column != "tags"}
    return PlannedHost(
        **texts,
        tags=tuple(sorted(tags.items())),
        clusters=tuple(ClusterKey(system, tags[system]) for system in systems if tags.get(system)),
    )
