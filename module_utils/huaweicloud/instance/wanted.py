"""What is wanted: one server, or so many with given tags. Checked for everything that needs no look at the cloud."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError
from .seen import AGENCY, PROTECTED

Options = Mapping[str, Any]

PLAN_TAG, SLOT_TAG = "ecs-plan", "ecs-slot"
"""Tags of the servers a plan made: the plan's name, and the name of the entry within it."""

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

MOST_AT_ONCE = 100
MAX_TAGS = 10
MAX_METADATA = 10
MAX_USER_DATA = 32 * 1024

_NAME = re.compile(r"[\w.-]{1,64}\Z")
_TAG_KEY = re.compile(r"[^\x00-\x1f=*<>\\,|/]{1,36}\Z")
_TAG_VALUE = re.compile(r"[^\x00-\x1f=*<>\\,|/]{0,43}\Z")
_METADATA_KEY = re.compile(r"[A-Za-z0-9_:.-]{1,255}\Z")


@dataclass(frozen=True)
class Network:
    """A network interface. `zone`: only for servers of that availability zone."""

    subnet: str
    address: str = ""
    ipv6: bool = False
    zone: str = ""


@dataclass(frozen=True)
class Disk:
    """`size` in GB; a system disk goes with its server always."""

    type: str
    size: int | None
    delete_on_termination: bool = True


@dataclass(frozen=True)
class Eip:
    """A new public address with `size` Mbit/s, or a share of the bandwidth `bandwidth`."""

    type: str
    size: int | None
    share: str = "PER"
    charge: str = "traffic"
    bandwidth: str = ""
    delete_on_termination: bool = True


@dataclass(frozen=True)
class Wanted:
    """One entry: a server (by `id`, `name` or the tags `select`), or with `count` that many servers with `select`.

    What is None or empty is left as it is. `tags` and `metadata` are what the user wrote; a
    None among the values of `metadata` removes the item.
    """

    where: str
    region: str
    state: str
    id: str = ""
    name: str = ""
    count: int | None = None
    select: Mapping[str, str] = field(default_factory=dict)
    scale_in: str = "newest"
    zones: tuple[str, ...] = ()
    flavor: str = ""
    image: str = ""
    vpc: str = ""
    networks: tuple[Network, ...] = ()
    security_groups: tuple[str, ...] = ()
    system_disk: Disk | None = None
    data_disks: tuple[Disk, ...] = ()
    eip: Eip | None = None
    key_name: str = ""
    admin_password: str = field(default="", repr=False)
    user_data: str = field(default="", repr=False)
    tags: Mapping[str, str] | None = None
    purge_tags: bool = True
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    agency: str = ""
    server_group: str = ""
    enterprise_project: str = ""
    protection: bool | None = None
    force: bool = False
    on_failure: str = "delete"
    delete_eip: bool = True
    delete_volumes: bool = False

    @property
    def key(self) -> str:
        """What this entry is called in the state file: the same for the same servers in every run."""
        tags = ",".join(f"{key}={value}" for key, value in sorted(self.select.items()))
        return f"{self.region}/{tags or self.id or self.name}"

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of a new server."""
        return {**(self.tags or {}), **self.select}

    @property
    def new_metadata(self) -> dict[str, str]:
        """The metadata of a new server."""
        given = {key: value for key, value in self.metadata.items() if value is not None}
        agency = {AGENCY: self.agency} if self.agency else {}
        return {**given, **agency, **({PROTECTED: "true"} if self.protection else {})}

    def networks_in(self, zone: str) -> list[Network]:
        """The interfaces of a server in `zone`."""
        return [it for it in self.networks if it.zone in ("", zone)]

    def missing(self) -> list[str]:
        """The options without which no server can be made."""
        given = {
            "name": self.name,
            "flavor": self.flavor,
            "image": self.image,
            "vpc_id": self.vpc,
            "networks": self.networks,
        }
        return [name for name, value in given.items() if not value]


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
    faults = list(_faults(wanted))
    if faults:
        raise ConfigurationError(f"{where}: {'; '.join(faults)}.")
    return wanted


def encoded(user_data: str) -> str:
    """user_data as the API takes it: base64 of at most 32 KB (ECS API, 'Creating ECSs'). Raises ConfigurationError."""
    content = user_data.encode()
    if len(content) > MAX_USER_DATA:
        raise ConfigurationError(f"user_data has {len(content)} bytes; the cloud takes {MAX_USER_DATA}.")
    return base64.b64encode(content).decode()


def read_tags(value: Any) -> dict[str, str]:
    """A map of texts from what a user wrote; YAML's true is the text `true`."""
    return {str(key): _plain(it) for key, it in (value or {}).items()}


def check_tags(tags: Mapping[str, str]) -> list[str]:
    """What is wrong with tags (ECS API, 'Tag Types')."""
    faults = [f"tag key {key!r} is not 1 to 36 characters without = * < > \\ , | /" for key in tags if _bad_key(key)]
    faults += [
        f"the value of tag {key!r} is not up to 43 characters without = * < > \\ , | /"
        for key, value in tags.items()
        if not _TAG_VALUE.match(value)
    ]
    if len(tags) > MAX_TAGS:
        faults.append(f"{len(tags)} tags are more than a server may have ({MAX_TAGS})")
    return faults


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _bad_key(key: str) -> bool:
    return not _TAG_KEY.match(key)


def _faults(wanted: Wanted) -> Iterable[str]:
    if not wanted.region:
        yield "no region is given: set region or HW_REGION_NAME"
    yield from _identity_faults(wanted)
    if wanted.name and not _NAME.match(wanted.name):
        yield f"the name {wanted.name!r} is not 1 to 64 letters, digits, _ - ."
    yield from check_tags(wanted.all_tags)
    if len(wanted.new_metadata) > MAX_METADATA:
        yield f"{len(wanted.new_metadata)} items of metadata are more than a server may have ({MAX_METADATA})"
    for key, value in wanted.new_metadata.items():
        if not _METADATA_KEY.match(key) or len(value) > 255:
            yield f"metadata {key!r} is not a key of letters, digits, _ : . - with up to 255 characters of value"
    try:
        encoded(wanted.user_data)
    except ConfigurationError as error:
        yield str(error).rstrip(".")
    for address in (it.address for it in wanted.networks if it.address and not _is_ipv4(it.address)):
        yield f"networks.address {address!r} is not an IPv4 address"
    if wanted.count is not None and any(it.address for it in wanted.networks):
        yield "a fixed address cannot be given to several servers: leave out networks.address or exact_count"


def _identity_faults(wanted: Wanted) -> Iterable[str]:
    if wanted.count is None:
        if not (wanted.id or wanted.name or wanted.select):
            yield "say which server: id or name, or exact_count with count_tags"
        if len(wanted.zones) > 1:
            yield "availability_zones is for exact_count; one server has one availability_zone"
        return
    if wanted.count < 0:
        yield "exact_count cannot be negative"
    if wanted.id:
        yield "id names one server: leave out exact_count"
    if not wanted.select:
        yield "exact_count counts servers by tags: give count_tags, or plan and name"
    if wanted.state == "absent":
        yield "state absent does not go with exact_count: 0 is none"
    if len(wanted.name) > 59:
        yield "the name of several servers has up to 59 characters: each gets a number"


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
