"""The form of request bodies: types, lengths, characters. What the region must know to refuse is not decided here.

Sources: SDK models PrePaidServer and its parts; doc "Creating ECSs", "Tag Types", "Updating ECS Metadata" and
"Error Codes".
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, TypeVar

from lab.region import passwords
from lab.region.errors import Refusal
from lab.region.lifecycle import MAX_TAGS
from lab.region.orders import NicOrder, ServerOrder, VolumeOrder

T = TypeVar("T")

MAX_COUNT = 100
MAX_NAME = 64
NUMBERED_SUFFIX = 5  # "-0001"
MAX_NICS = 12
MAX_DATA_VOLUMES = 23
MAX_USER_DATA = 32 * 1024
MAX_METADATA = 10
MAX_BANDWIDTH = 2000  # Mbit/s
VOLUME_TYPES = frozenset({"SATA", "SAS", "GPSSD", "SSD", "ESSD", "GPSSD2", "ESSD2", "co-p1", "uh-l1"})
METADATA_OPTIONS = {"http_endpoint": ("enabled", "disabled"), "http_tokens": ("optional", "required")}
HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")
NAME = re.compile(r"[\w.-]+")  # letters of any script, digits, _, -, .
TAG_KEY = re.compile(r"[^\x00-\x1f=*<>\\,|/]{1,36}")
TAG_VALUE = re.compile(r"[^\x00-\x1f=*<>\\,|/]{0,43}")
METADATA_KEY = re.compile(r"[A-Za-z0-9_:.-]{1,255}")


def server_order(body: dict[str, Any]) -> ServerOrder:
    """Read a create request. Raises Refusal with the code the documentation gives for each fault."""
    server = _need(body, "server", dict)
    count = _count(server)
    name = _name(server, count)
    if len(data_volumes := _may(server, "data_volumes", list) or []) > MAX_DATA_VOLUMES:
        raise Refusal("Ecs.0042", "The number of attached data disks exceeds the maximum allowed limit.")
    extend = _may(server, "extendparam", dict) or {}
    if extend.get("chargingMode", "postPaid") != "postPaid":
        raise Refusal("Ecs.0005", "chargingMode must be postPaid here.")
    return ServerOrder(
        name=name,
        image_id=_need(server, "imageRef", str),
        flavor_id=_need(server, "flavorRef", str),
        vpc_id=_need(server, "vpcid", str),
        nics=_nics(server),
        root_volume=_volume(_need(server, "root_volume", dict), range(1, 1025), default_size=40),
        data_volumes=tuple(_volume(_object(volume), range(10, 32769)) for volume in data_volumes),
        security_groups=tuple(
            _need(_object(group), "id", str) for group in _may(server, "security_groups", list) or []
        ),
        count=count,
        availability_zone=_may(server, "availability_zone", str) or "",
        spread=_may(server, "batch_create_in_multi_az", bool) or False,
        key_name=_may(server, "key_name", str) or None,
        admin_pass=_admin_pass(server),
        user_data=_user_data(server),
        metadata=metadata(server.get("metadata")),
        tags=_server_tags(server),
        description=_description(server),
        enterprise_project_id=_may(extend, "enterprise_project_id", str) or "0",
        metadata_options=metadata_options(_may(server, "metadata_options", dict) or {}),
        public=(public := _public(server)) is not None,
        public_kept=public is False,
        server_group=_may(_may(server, "os:scheduler_hints", dict) or {}, "group", str) or "",
    )


def server_update(body: dict[str, Any]) -> dict[str, str]:
    """What an UpdateServer request gives. Raises Refusal as a create request would."""
    server = _need(body, "server", dict)
    given: dict[str, str] = {}
    if _may(server, "name", str) is not None:
        given["name"] = _name(server, 1)
    if _may(server, "description", str) is not None:
        given["description"] = _description(server)
    if hostname := _may(server, "hostname", str):
        if HOSTNAME.fullmatch(hostname) is None:
            raise Refusal("Ecs.0005", "hostname has up to 64 letters, digits, hyphens and periods.")
        given["hostname"] = hostname
    if _may(server, "user_data", str) is not None:
        given["user_data"] = _user_data(server)
    return given


def resize(body: dict[str, Any]) -> tuple[str, str]:
    """(flavor, mode) of a resize request; the mode may be "". Raises Refusal Ecs.0005."""
    wanted = _need(body, "resize", dict)
    return _need(wanted, "flavorRef", str), _may(wanted, "mode", str) or ""


def group_action(body: dict[str, Any], actions: tuple[str, ...]) -> tuple[str, str]:
    """(action, security group) of a request that has exactly one of `actions`. Raises Refusal Ecs.0005."""
    if len(body) != 1 or (action := next(iter(body))) not in actions:
        raise Refusal("Ecs.0005", f"The request must have one of {', '.join(actions)}.")
    return action, _need(_need(body, action, dict), "name", str)


def server_group(body: dict[str, Any], policies: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """(name, policies) of a new server group. Raises Refusal Ecs.0005."""
    group = _need(body, "server_group", dict)
    name, wanted = _need(group, "name", str), _need(group, "policies", list)
    if len(name) > 255:
        raise Refusal("Ecs.0005", "The name of a server group has up to 255 characters.")
    if len(wanted) != 1 or wanted[0] not in policies:
        raise Refusal("Ecs.0005", f"policies must have one of {', '.join(policies)}.")
    return name, tuple(wanted)


def server_ids(body: dict[str, Any]) -> list[str]:
    """`servers: [{"id": ...}]` without repetitions. Raises Refusal Ecs.0005."""
    return list(dict.fromkeys(_need(_object(server), "id", str) for server in _need(body, "servers", list)))


def tags(value: Any) -> dict[str, str]:
    """`[{"key": ..., "value": ...}]`, the value may be missing. Raises Refusal Ecs.0005, 0905, 0906 or 0908."""
    pairs = [_tag(_object(tag)) for tag in _tag_list(value)]
    if len(pairs) > MAX_TAGS:
        raise Refusal("Ecs.0905", "The number of tags exceeds the maximum allowed limit.")
    if len({key for key, _ in pairs}) < len(pairs):
        raise Refusal("Ecs.0908", "The tag key cannot be duplicate.")
    return dict(pairs)


def tag_keys(value: Any) -> list[str]:
    """The keys of a delete request. Raises Refusal Ecs.0005."""
    return [_need(_object(tag), "key", str) for tag in _tag_list(value)]


def metadata_options(options: dict[str, Any]) -> dict[str, str]:
    """The metadata options that are given, of `http_endpoint` and `http_tokens`."""
    given: dict[str, str] = {}
    for name, allowed in METADATA_OPTIONS.items():
        value = _may(options, name, str)
        if value is not None and value not in allowed:
            raise Refusal("Ecs.0005", f"{name} must be {' or '.join(allowed)}.")
        given |= {name: value} if value is not None else {}
    return given


def metadata(value: Any, required: bool = False) -> dict[str, str]:
    """At most ten pairs of strings up to 255 characters. Raises Refusal Ecs.0005."""
    if value is None and not required:
        return {}
    pairs = _object(value, "metadata")
    if len(pairs) > MAX_METADATA:
        raise Refusal("Ecs.0005", f"metadata must not have more than {MAX_METADATA} items.")
    for key, text in pairs.items():
        if METADATA_KEY.fullmatch(key) is None:
            raise Refusal("Ecs.0005", "A metadata key has up to 255 letters, digits, hyphens, underscores, : and .")
        if not isinstance(text, str) or len(text) > 255:
            raise Refusal("Ecs.0005", f"The metadata value of {key} must be a string of at most 255 characters.")
    return pairs


def _count(server: dict[str, Any]) -> int:
    count = _may(server, "count", int)
    if count is None:
        return 1
    if count < 1:
        raise Refusal("Ecs.0005", "count must be at least 1.")
    if count > MAX_COUNT:
        raise Refusal("Ecs.0913", "The number of ECSs to be created exceeds the maximum allowed limit")
    return count


def _name(server: dict[str, Any], count: int) -> str:
    name = _need(server, "name", str)
    if NAME.fullmatch(name) is None:
        raise Refusal("Ecs.0915", "The ECS name has letters, digits, underscores, hyphens and periods only.")
    longest = MAX_NAME if count == 1 else MAX_NAME - NUMBERED_SUFFIX
    if len(name) > longest:
        raise Refusal("Ecs.0914", "The length of the ECS name exceeds the maximum allowed limit.")
    return name


def _nics(server: dict[str, Any]) -> tuple[NicOrder, ...]:
    nics = [_object(nic) for nic in _need(server, "nics", list)]
    if not nics:
        raise Refusal("Ecs.0005", "nics must not be empty.")
    if len(nics) > MAX_NICS:
        raise Refusal("Ecs.0050", "The number of NICs attached to the ECS exceeds the quota.")
    return tuple(NicOrder(_need(nic, "subnet_id", str), _may(nic, "ip_address", str) or "") for nic in nics)


def _public(server: dict[str, Any]) -> bool | None:
    """None without a new EIP; else whether it goes with the server. One that exists can only be named where there is an
    EIP service.
    """
    public = _may(server, "publicip", dict)
    if public is None:
        return None
    if _may(public, "id", str):
        raise Refusal("Ecs.0005", "publicip.id names an EIP, and there is none that is not bound.")
    eip = _need(public, "eip", dict)
    _need(eip, "iptype", str)
    bandwidth = _need(eip, "bandwidth", dict)
    if (kind := _need(bandwidth, "sharetype", str)) not in {"PER", "WHOLE"}:
        raise Refusal("Ecs.0005", "sharetype must be PER or WHOLE.")
    if kind == "WHOLE":
        _need(bandwidth, "id", str)
        raise Refusal("Ecs.0005", "bandwidth.id names a shared bandwidth, and there is none.")
    if not 1 <= _need(bandwidth, "size", int) <= MAX_BANDWIDTH:
        raise Refusal("Ecs.0045", "The bandwidth exceeds the maximum allowed limit.")
    return _may(public, "delete_on_termination", bool) or False


def _volume(volume: dict[str, Any], sizes: range, default_size: int | None = None) -> VolumeOrder:
    kind = _need(volume, "volumetype", str)
    if kind not in VOLUME_TYPES:
        raise Refusal("Ecs.0043", "The disk type does not exist.")
    size = _need(volume, "size", int) if default_size is None else (_may(volume, "size", int) or default_size)
    if size not in sizes:
        raise Refusal("Ecs.0005", f"A disk of this kind has {sizes.start} to {sizes.stop - 1} GB.")
    return VolumeOrder(kind, size, _may(volume, "delete_on_termination", bool) or False)


def _admin_pass(server: dict[str, Any]) -> str | None:
    password = _may(server, "adminPass", str)
    if password is not None and not passwords.fit(password):
        raise Refusal("Ecs.0011", "Ensure the password meets the password complexity requirements.")
    return password


def _user_data(server: dict[str, Any]) -> str:
    encoded = _may(server, "user_data", str) or ""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refusal("Ecs.0005", "user_data must be base64.") from None
    if len(decoded) > MAX_USER_DATA:
        raise Refusal("Ecs.0005", "user_data must not exceed 32 KB before its encoding.")
    return encoded


def _server_tags(server: dict[str, Any]) -> dict[str, str]:
    """`server_tags`, or the old form `tags: ["key.value"]`; the two together are merged."""
    old = []
    for text in _may(server, "tags", list) or []:
        if not isinstance(text, str):
            raise Refusal("Ecs.0005", "tags must be strings of the form key.value.")
        key, _, value = text.partition(".")
        old.append({"key": key, "value": value})
    return tags(old + (_may(server, "server_tags", list) or []))


def _description(server: dict[str, Any]) -> str:
    description = _may(server, "description", str) or ""
    if len(description) > 85 or "<" in description or ">" in description:
        raise Refusal("Ecs.0041", "Invalid description field.")
    return description


def _tag_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refusal("Ecs.0005", "tags must be a list.")
    return value


def _tag(tag: dict[str, Any]) -> tuple[str, str]:
    key, value = _need(tag, "key", str), _may(tag, "value", str) or ""
    if TAG_KEY.fullmatch(key) is None or TAG_VALUE.fullmatch(value) is None:
        raise Refusal("Ecs.0906", "Failed to comply with tag character set specifications.")
    return key, value


def _object(value: Any, name: str = "An element") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refusal("Ecs.0005", f"{name} must be an object.")
    return value


def _need(holder: dict[str, Any], name: str, kind: type[T]) -> T:
    """A member that must be there and, for a string, not be empty."""
    value = _may(holder, name, kind)
    if value is None or value == "":
        raise Refusal("Ecs.0005", f"{name} is missing.")
    return value


def _may(holder: dict[str, Any], name: str, kind: type[T]) -> T | None:
    """A member that may be missing or null."""
    value = holder.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refusal("Ecs.0005", f"{name} must be of type {kind.__name__}.")
    return value
