"""The names of what the region can be asked: Huawei's operation names, and `metadata/...` for the metadata service.

Faults and the journal speak of these names. A path that several operations share is told apart by the request's body.
"""

from __future__ import annotations

import json
from typing import Any

# What a fault needs of an operation to make sense there.
SIGNED = "signed"  # it takes a signature
TOKEN = "token"  # it takes a token or a temporary key
JOB = "job"  # it starts a job
CREATE = "create"  # it orders servers or larger ones

NONE = "(none)"  # a path that is no operation

_READS = (
    "ListServersDetails",
    "ListCloudServers",
    "ShowServer",
    "ShowJob",
    "ShowServerTags",
    "ListServerTags",
    "ShowServerConsoleOutput",
    "ShowMetadataOptions",
    "ListFlavors",
    "ShowServerLimits",
    "ListServerAzInfo",
    "ListServerGroups",
    "ShowServerGroup",
    "ListImages",
    "ShowJobProgress",
    "KeystoneListProjects",
    "KeystoneListAuthProjects",
    "KeystoneListAuthDomains",
)
_CHANGES = (
    "BatchCreateServerTags",
    "BatchDeleteServerTags",
    "UpdateServerMetadata",
    "DeleteServerMetadata",
    "UpdateMetadataOptions",
    "UpdateServer",
    "NovaAssociateSecurityGroup",
    "NovaDisassociateSecurityGroup",
    "CreateServerGroup",
    "DeleteServerGroup",
    "GlanceDeleteImage",
)
_JOBS = ("DeleteServers", "BatchStartServers", "BatchStopServers", "BatchRebootServers", "CreateImage")
_ORDERS = ("CreateServers", "CreatePostPaidServers", "ResizeServer", "ResizePostPaidServer")

# Those of IMS say their project in a header instead of the path.
BY_HEADER = frozenset({"ListImages", "CreateImage", "ShowJobProgress", "GlanceDeleteImage"})

METADATA_FILES = ("meta_data.json", "user_data", "vendor_data.json", "network_data.json", "password", "securitykey")
_METADATA = ("token", *METADATA_FILES, "ec2", "other")

OPERATIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys((*_READS, *_CHANGES), frozenset({SIGNED, TOKEN})),
    **dict.fromkeys(_JOBS, frozenset({SIGNED, TOKEN, JOB})),
    **dict.fromkeys(_ORDERS, frozenset({SIGNED, TOKEN, JOB, CREATE})),
    "KeystoneCreateUserTokenByPassword": frozenset(),
    "CreateTemporaryAccessKeyByToken": frozenset({TOKEN}),
    **{f"metadata/{name}": frozenset() for name in _METADATA},
}

# Shared paths: the operations in question and, in the same order, the body's word for each.
_BY_FIRST_MEMBER = {
    "os-start": "BatchStartServers",
    "os-stop": "BatchStopServers",
    "reboot": "BatchRebootServers",
}
_BY_ACTION = {"create": "BatchCreateServerTags", "delete": "BatchDeleteServerTags"}


def nova(body: bytes) -> str:
    """The operation of POST /v2.1/.../action; the first one for a body that is none of them."""
    return "NovaDisassociateSecurityGroup" if "removeSecurityGroup" in _object(body) else "NovaAssociateSecurityGroup"


def power(body: bytes) -> str:
    """The operation of POST .../cloudservers/action; the first one for a body that is none of them."""
    return next((_BY_FIRST_MEMBER[name] for name in _object(body) if name in _BY_FIRST_MEMBER), "BatchStartServers")


def tags(body: bytes) -> str:
    """The operation of POST .../tags/action; the first one for a body that is none of them."""
    action = _object(body).get("action")
    return _BY_ACTION.get(action if isinstance(action, str) else "", "BatchCreateServerTags")


def metadata(path: str) -> str:
    """The operation of a path of the metadata service."""
    match [part for part in path.split("/") if part]:
        case ["openstack", _, name] if name in METADATA_FILES:
            return f"metadata/{name}"
        case ["meta-data", "latest", "api", "token"]:
            return "metadata/token"
        case [_, "meta-data" | "user-data", *_]:
            return "metadata/ec2"
        case _:
            return "metadata/other"


def _object(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
