"""The form of a request for a private image (doc: IMS API, "Creating an Image", "Image Attributes", "Error Codes")."""

from __future__ import annotations

import re
from typing import Any

from lab.region.errors import Refusal
from lab.region.imaging import DESCRIBED, ImageOrder

MAX_TAGS = 10
NAME = re.compile(r"[\w.-]([\w. -]*[\w.-])?")
TAG = re.compile(r"[^\x00-\x1f=*<>\\,|/]{1,128}")


def image_order(body: dict[str, Any]) -> ImageOrder:
    """Read a request for an image of a server's system disk. Raises Refusal IMG.*."""
    for other in ("image_url", "volume_id", "data_images"):
        if body.get(other):
            raise Refusal("IMG.0105", f"The operation is not supported: {other}.")
    server_id = body.get("instance_id")
    if not isinstance(server_id, str) or not server_id:
        raise Refusal("IMG.0012", "The ECS ID is not specified.")
    description = body.get("description") or ""
    if not isinstance(description, str) or len(description) > DESCRIBED or re.search(r"[<>\r\n]", description):
        raise Refusal("IMG.0004", f"The description contains more than {DESCRIBED} characters.")
    return ImageOrder(
        name=_name(body.get("name")),
        server_id=server_id,
        description=description,
        tags=_tags(body),
        enterprise_project_id=str(body.get("enterprise_project_id") or "0"),
    )


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise Refusal("IMG.0013", "The image name is not specified.")
    if len(name) > 128:
        raise Refusal("IMG.0002", "The image name contains more than 128 characters.")
    if NAME.fullmatch(name) is None:
        raise Refusal("IMG.0003", "The image name format is invalid.")
    return name


def _tags(body: dict[str, Any]) -> dict[str, str]:
    """`image_tags`, or the old form `tags: ["key.value"]`."""
    listed = body.get("image_tags") or [_old(text) for text in body.get("tags") or []]
    if not isinstance(listed, list) or len(listed) > MAX_TAGS:
        raise Refusal("IMG.0116", "The number of image tags exceeds the quota.")
    return dict(_tag(tag) for tag in listed)


def _old(text: object) -> dict[str, str]:
    key, _, value = str(text).partition(".")
    return {"key": key, "value": value}


def _tag(tag: object) -> tuple[str, str]:
    key, value = (tag.get("key"), tag.get("value") or "") if isinstance(tag, dict) else (None, None)
    if not isinstance(key, str) or TAG.fullmatch(key) is None or not isinstance(value, str) or len(value) > 255:
        raise Refusal("IMG.0115", "The image tag is invalid.")
    return key, value
