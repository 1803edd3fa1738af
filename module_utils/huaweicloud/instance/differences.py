"""What differs between a server and what is wanted of it: what can be changed in place, and what cannot. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .seen import AGENCY, PROTECTED, Group, Instance, is_users
from .wanted import PLAN_TAG, SLOT_TAG, Wanted

SYSTEM_TAGS = "_sys_"
"""Tags with this prefix are the cloud's own: never changed, never purged."""

_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\Z")


@dataclass(frozen=True)
class Update:
    """Changes of one server that need no restart. `name` "": keep it; a None in `metadata` removes the item."""

    instance: Instance
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    tags_removed: tuple[str, ...] = ()
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    groups_added: tuple[str, ...] = ()
    groups_removed: tuple[Group, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.name or self.tags or self.tags_removed or self.metadata or self.groups_added or self.groups_removed
        )

    def words(self) -> str:
        return f"change {self.instance.label}: {', '.join(self._changes())}"

    def _changes(self) -> list[str]:
        return [
            *([f"name {self.name}"] if self.name else []),
            *(f"tag {key}={value}" for key, value in sorted(self.tags.items())),
            *(f"no tag {key}" for key in self.tags_removed),
            *(f"{'no ' if value is None else ''}metadata {key}" for key, value in sorted(self.metadata.items())),
            *(f"security group {it}" for it in self.groups_added),
            *(f"no security group {it.name or it.id}" for it in self.groups_removed),
        ]

    def applied(self) -> Instance:
        """The server as it will be."""
        before = self.instance
        tags = {key: value for key, value in before.server.tags.items() if key not in self.tags_removed} | {**self.tags}
        merged = {**before.metadata, **self.metadata}
        metadata = {key: value for key, value in merged.items() if value is not None and is_users(key)}
        agency = self.metadata.get(AGENCY, before.agency) or ""
        groups = [it for it in before.groups if it not in self.groups_removed]
        groups += [Group(id=it) if is_id(it) else Group(name=it) for it in self.groups_added]
        return replace(
            before,
            server=replace(
                before.server,
                name=self.name or before.name,
                tags=tags,
                security_groups=tuple(it.name for it in groups if it.name),
            ),
            metadata=metadata,
            agency=agency,
            groups=tuple(groups),
        )


def update_for(wanted: Wanted, instance: Instance) -> Update:
    """What to change in place."""
    tags, removed = tag_changes(instance.server.tags, wanted.tags, wanted.purge_tags, kept=wanted.select)
    added, dropped = _group_changes(wanted, instance)
    renamed = wanted.name if wanted.count is None and wanted.name != instance.name else ""
    return Update(instance, renamed, tags, removed, _metadata_changes(wanted, instance), added, dropped)


def tag_changes(
    have: Mapping[str, str], want: Mapping[str, str] | None, purge: bool, *, kept: Iterable[str] = ()
) -> tuple[dict[str, str], tuple[str, ...]]:
    """`(tags to set, keys to remove)`. Want None: leave all; with `purge` tags not wanted go, but the cloud's own,
    a plan's, and those in `kept`.
    """
    if want is None:
        return {}, ()
    own = {PLAN_TAG, SLOT_TAG, *kept}
    set_ = {key: value for key, value in want.items() if have.get(key) != value and key not in own}
    gone = tuple(key for key in have if key not in want and key not in own and not key.startswith(SYSTEM_TAGS))
    return set_, gone if purge else ()


def immutable(wanted: Wanted, instance: Instance) -> list[dict[str, Any]]:
    """Differences that only another server could have: `[{"id", "name", "option", "actual", "wanted"}]`."""
    server = instance.server
    found: list[tuple[str, Any, Any]] = []
    image = server.image_id if is_id(wanted.image) else instance.image_name
    if wanted.image and image and wanted.image != image:
        found.append(("image", image, wanted.image))
    if wanted.flavor and server.flavor != wanted.flavor and not wanted.force:
        found.append(("flavor", server.flavor, wanted.flavor))
    if wanted.zones and server.availability_zone not in wanted.zones:
        asked: Any = wanted.zones[0] if len(wanted.zones) == 1 else list(wanted.zones)
        found.append(("availability_zone", server.availability_zone, asked))
    pairs = (
        ("vpc_id", server.vpc_id, wanted.vpc),
        ("key_name", instance.key_name, wanted.key_name),
        ("enterprise_project_id", server.enterprise_project_id or wanted.enterprise_project, wanted.enterprise_project),
        ("server_group", instance.server_group, wanted.server_group),
    )
    found += [(option, actual, want) for option, actual, want in pairs if want and actual != want]
    found += _network_differences(wanted, instance)
    if not instance.moving:
        found += _part_differences(wanted, instance)
    return [
        {"id": instance.id, "name": instance.name, "option": option, "actual": actual, "wanted": want}
        for option, actual, want in found
    ]


def groups_unknown(wanted: Wanted, instance: Instance) -> bool:
    """True when ids are wanted and the answer names a group without its id: they cannot be compared."""
    return any(is_id(it) for it in wanted.security_groups) and any(not it.id for it in instance.groups)


def is_id(text: str) -> bool:
    """True for an id as Huawei's services give them (a UUID, with or without dashes)."""
    return bool(_UUID.match(text))


def _network_differences(wanted: Wanted, instance: Instance) -> list[tuple[str, Any, Any]]:
    networks = wanted.networks_in(instance.server.availability_zone)
    found: list[tuple[str, Any, Any]] = []
    subnets = [it.subnet for it in networks]
    # Not every answer names the subnets: then there is nothing to compare.
    if subnets and instance.subnets and sorted(subnets) != sorted(instance.subnets):
        found.append(("networks.subnet_id", list(instance.subnets), subnets))
    addresses = [it.address for it in networks if it.address]
    if any(it not in instance.fixed_addresses for it in addresses):
        found.append(("networks.address", list(instance.fixed_addresses), addresses))
    return found


def _part_differences(wanted: Wanted, instance: Instance) -> list[tuple[str, Any, Any]]:
    """Whether there are as many data disks, and a public address: a list of servers tells no more of them."""
    found: list[tuple[str, Any, Any]] = []
    disks = len(wanted.data_disks)
    if disks and instance.data_disks not in (None, disks):
        found.append(("data_disks", instance.data_disks, disks))
    if wanted.eip and not any(it.kind == "floating" for it in instance.server.addresses):
        found.append(("eip", None, wanted.eip.type))
    return found


def _metadata_changes(wanted: Wanted, instance: Instance) -> dict[str, str | None]:
    have = {**instance.system_metadata, **instance.metadata}
    want: dict[str, str | None] = dict(wanted.metadata)
    if wanted.agency:
        want[AGENCY] = wanted.agency
    if wanted.protection is not None and wanted.protection != instance.protected:
        want[PROTECTED] = "true" if wanted.protection else None
    return {key: value for key, value in want.items() if have.get(key) != value and (value is not None or key in have)}


def _group_changes(wanted: Wanted, instance: Instance) -> tuple[tuple[str, ...], tuple[Group, ...]]:
    if not wanted.security_groups or groups_unknown(wanted, instance):
        return (), ()
    have = {name for group in instance.groups for name in (group.id, group.name) if name}
    added = tuple(it for it in wanted.security_groups if it not in have)
    dropped = tuple(it for it in instance.groups if not {it.id, it.name} & set(wanted.security_groups))
    return added, dropped
