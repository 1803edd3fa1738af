"""Groups that need no configuration: systems and clusters, tags, regions, availability zones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..servers import Server

SYSTEMS = ("hazelcast", "vertx", "consul_server", "consul_client", "redis", "etcd", "chord")
"""Tag keys that name a system; the tag's value names the cluster."""


@dataclass
class GroupNames:
    """Makes group names and remembers which tag each came from, to report two tags that fall on one name.

    `sanitise` is Ansible's own rule (ansible.plugins.inventory.to_safe_group_name).
    """

    sanitise: Callable[[str], str]
    systems: Sequence[str] = SYSTEMS
    _safe: dict[str, str] = field(default_factory=dict)
    _origin: dict[str, tuple[str, str]] = field(default_factory=dict)
    _collisions: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def of(self, server: Server) -> Iterator[tuple[str, str | None]]:
        """`(group, parent)` for each group the server is put into; the parent, if any, then holds it as well."""
        for key, value in server.tags.items():
            if key in self.systems:
                system = self._name(key, ("system", key))
                yield (self._name(f"{key}_{value}", (key, value)), system) if value else (system, None)
            yield self._name(f"tag_{key}_{value}" if value else f"tag_{key}", (key, value)), None
        yield self._name(f"region_{server.region}"), None
        if server.availability_zone:
            yield self._name(f"az_{server.availability_zone}"), None

    def problems(self) -> Iterator[str]:
        """One sentence a run when tags share a group, naming at most five groups."""
        shared = [
            f"{group} ({', '.join('='.join(tag) for tag in sorted(tags))})"
            for group, tags in sorted(self._collisions.items())
        ]
        if shared:
            more = f" and {len(shared) - 5} more" if len(shared) > 5 else ""
            yield f"Different tags fall on one group name: {'; '.join(shared[:5])}{more}."

    def _name(self, raw: str, origin: tuple[str, str] | None = None) -> str:
        safe = self._safe.get(raw)
        if safe is None:
            safe = self._safe[raw] = self.sanitise(raw)
        if origin is not None:
            first = self._origin.setdefault(safe, origin)
            if first != origin:
                self._collisions.setdefault(safe, {first}).add(origin)
        return safe
