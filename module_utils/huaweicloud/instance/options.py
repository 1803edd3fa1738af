"""Entries as a user writes them, the options of huaweicloud_ecs_instance, become what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ConfigurationError
from .faults import faults
from .wanted import PLAN_TAG, SLOT_TAG, Disk, Eip, Network, Wanted

Options = Mapping[str, Any]

STATES = ("present", "absent", "started", "stopped", "restarted")
SCALE_IN = ("newest", "oldest", "name")
ON_FAILURE = ("delete", "report")

DEFAULTS: Options = {
    "state": "present",
    "scale_in": "newest",
    "purge_tags": True,
    "force": False,
    "on_failure": "delete",
    "delete_eip": True,
    "delete_volumes": False,
}


def read_wanted(given: Options, region: str, where: str) -> Wanted:
    """An entry from the module's options. Raises ConfigurationError with every fault found in it."""
    options = {**given, **{name: value for name, value in DEFAULTS.items() if given.get(name) is None}}
    plan, slot = _text(options, "plan"), _text(options, "slot") or _text(options, "name")
    count = options.get("exact_count")
    select = read_tags(options.get("count_tags")) or ({PLAN_TAG: plan, SLOT_TAG: slot} if plan and slot else {})
    wanted = Wanted(
        where=where,
        region=_text(options, "region") or region,
        state=options["state"],
        id=_text(options, "id"),
        name=_text(options, "name"),
        count=count,
        select=select,
        scale_in=options["scale_in"],
        zones=_zones(options),
        flavor=_text(options, "flavor"),
        image=_text(options, "image"),
        vpc=_text(options, "vpc_id"),
        networks=tuple(_network(it) for it in options.get("networks") or ()),
        security_groups=tuple(options.get("security_groups") or ()),
        system_disk=_disk(options["system_disk"]) if options.get("system_disk") else None,
        data_disks=tuple(_disk(it) for it in options.get("data_disks") or ()),
        eip=_eip(options["eip"]) if options.get("eip") else None,
        key_name=_text(options, "key_name"),
        admin_password=_text(options, "admin_password"),
        user_data=options.get("user_data") or "",
        tags=None if options.get("tags") is None else read_tags(options["tags"]),
        purge_tags=options["purge_tags"],
        metadata=_metadata(options.get("metadata")),
        agency=_text(options, "agency"),
        server_group=_text(options, "server_group"),
        enterprise_project=_text(options, "enterprise_project_id"),
        protection=options.get("delete_protection"),
        force=options["force"],
        on_failure=options["on_failure"],
        delete_eip=options["delete_eip"],
        delete_volumes=options["delete_volumes"],
    )
    if found := list(faults(wanted)):
        raise ConfigurationError(f"{where}: {'; '.join(found)}.")
    return wanted


def read_tags(value: Any) -> dict[str, str]:
    """A map of texts from what a user wrote; YAML's true is the text `true`."""
    return {str(key): _plain(it) for key, it in (value or {}).items()}


def _zones(options: Options) -> tuple[str, ...]:
    one = _text(options, "availability_zone")
    return (one,) if one else tuple(dict.fromkeys(options.get("availability_zones") or ()))


def _network(given: Options) -> Network:
    return Network(
        _text(given, "subnet_id"), _text(given, "address"), bool(given.get("ipv6")), _text(given, "availability_zone")
    )


def _disk(given: Options) -> Disk:
    return Disk(given["type"], given.get("size"), given.get("delete_on_termination") is not False)


def _eip(given: Options) -> Eip:
    return Eip(
        type=given["type"],
        size=given.get("bandwidth_size"),
        share="WHOLE" if given.get("bandwidth_id") else "PER",
        charge=given.get("charge_mode") or "traffic",
        bandwidth=_text(given, "bandwidth_id"),
        delete_on_termination=given.get("delete_on_termination") is not False,
    )


def _metadata(value: Any) -> dict[str, str | None]:
    return {str(key): None if it is None else _plain(it) for key, it in (value or {}).items()}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(options: Options, name: str) -> str:
    value = options.get(name)
    return "" if value is None else str(value)
