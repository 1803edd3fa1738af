"""What is wrong with what is wanted, as far as that needs no look at the cloud. Pure."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping

from ..errors import ConfigurationError
from ..redact import is_secret_field
from .wanted import Wanted

MAX_TAGS = 10
MAX_METADATA = 10
MAX_USER_DATA = 32 * 1024

_NAME = re.compile(r"[\w.-]{1,64}\Z")
_TAG_KEY = re.compile(r"[^\x00-\x1f=*<>\\,|/]{1,36}\Z")
_TAG_VALUE = re.compile(r"[^\x00-\x1f=*<>\\,|/]{0,43}\Z")
_METADATA_KEY = re.compile(r"[A-Za-z0-9_:.-]{1,255}\Z")


def faults(wanted: Wanted) -> Iterable[str]:
    """Each fault of an entry as a sentence without a full stop."""
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
        if is_secret_field(key):
            yield f"metadata {key!r} is named like a secret: whoever may list servers can read it, so it is refused"
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


def encoded(user_data: str) -> str:
    """user_data as the API takes it: base64 of at most 32 KB (ECS API, 'Creating ECSs'). Raises ConfigurationError."""
    content = user_data.encode()
    if len(content) > MAX_USER_DATA:
        raise ConfigurationError(f"user_data has {len(content)} bytes; the cloud takes {MAX_USER_DATA}.")
    return base64.b64encode(content).decode()


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
