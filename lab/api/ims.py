"""The Image Management Service: images are listed, made from servers, deleted.

Its paths hold no project; the request's header X-Project-Id, or its token, says which one is meant.
"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.responses import JSONResponse, Response

from lab.api import trouble
from lab.api.gateway import Call
from lab.api.image_forms import image_order
from lab.region.cloud import Cloud
from lab.region.errors import Refusal
from lab.region.imaging import Imaging
from lab.region.model import Job, PrivateImage
from lab.settings import Image

MADE = "2026-01-01T00:00:00Z"  # public images have always been there
EXACT = (
    "id",
    "name",
    "status",
    "visibility",
    "owner",
    "enterprise_project_id",
    "__imagetype",
    "__os_type",
    "__platform",
    "__os_bit",
)
SORT_KEYS = ("name", "id", "status", "created_at", "updated_at", "min_disk")


class Images:
    """Handlers of the image routes."""

    def __init__(self, imaging: Imaging) -> None:
        self._imaging = imaging

    async def list_images(self, call: Call) -> Response:
        """ListImages. `name` is exact, `tag` a key or key=value; newest first unless sorted."""
        limit = call.whole_number("limit", 500, 1, 1000)
        chosen = [image for image in self._every(call) if _fits(call, image)]
        key = call.query("sort_key")
        if key and key not in SORT_KEYS:
            raise Refusal("IMG.0001", f"sort_key must be one of {', '.join(SORT_KEYS)}.")
        if key:
            chosen.sort(key=lambda image: str(image[key]), reverse=call.query("sort_dir", "desc") == "desc")
        if marker := call.query("marker"):
            at = next((index for index, image in enumerate(chosen) if image["id"] == marker), None)
            if at is None:
                raise Refusal("IMG.0027", "The image ID in the request does not exist.")
            chosen = chosen[at + 1 :]
        return JSONResponse({"images": chosen[:limit]})

    async def show_job(self, call: Call) -> Response:
        """ShowJobProgress: an image job by its id alone."""
        return JSONResponse(job_view(call.cloud.job(project_of(call), call.path("job_id"))))

    async def create(self, call: Call) -> Response:
        """CreateImage, from a server."""
        order = image_order(call.json())
        job = self._imaging.create(project_of(call), order, trouble.fate(call.met))
        return JSONResponse({"job_id": job.id})

    async def delete(self, call: Call) -> Response:
        """GlanceDeleteImage."""
        self._imaging.delete(project_of(call), call.path("image_id"))
        return Response(status_code=204)

    def _every(self, call: Call) -> list[dict[str, Any]]:
        project = project_of(call)
        private = [_private(call.cloud, image) for image in self._imaging.images(project)]
        return private + [_public(image) for image in call.cloud.settings.images]


def project_of(call: Call) -> str:
    """The project a request means. Raises Refusal IMG.0030 for none, an unknown one or another than the token's."""
    named = call.request.headers.get("x-project-id", "") or call.caller.project_id
    if call.cloud.region(named) is None or call.caller.project_id not in {"", named}:
        raise Refusal("IMG.0030", "The project ID and token in the request are invalid.")
    return named


def job_view(job: Job) -> dict[str, Any]:
    """An image job, by ShowJob or ShowJobProgress: no parts, but what has come of it."""
    failure = job.failure if job.finished else None
    entities: dict[str, Any] = {
        "image_name": job.options["image_name"],
        "process_percent": 1.0 if job.finished else 0.5,
    }
    if job.finished and failure is None:
        entities["image_id"] = job.options["image_id"]
    return {
        "status": job.status,
        "job_id": job.id,
        "job_type": job.type,
        "begin_time": job.begin,
        "end_time": job.end,
        "error_code": failure.error_code if failure else None,
        "fail_reason": failure.fail_reason if failure else None,
        "entities": entities,
    }


def _fits(call: Call, image: dict[str, Any]) -> bool:
    if any(call.query(member) not in {"", image[member]} for member in EXACT):
        return False
    tag = call.query("tag")
    return not tag or any(tag in {text, text.split("=")[0]} for text in image["tags"])


def _public(image: Image) -> dict[str, Any]:
    shown = _common(image.id, image.name, image.os)
    return shown | {
        "__imagetype": "gold",
        "visibility": "public",
        "protected": True,
        "owner": hashlib.md5(b"images", usedforsecurity=False).hexdigest(),
        "created_at": MADE,
        "updated_at": MADE,
        "active_at": MADE,
        "min_disk": 40,
        "status": "active",
        "enterprise_project_id": "0",
        "tags": [],
        "__description": "",
        "__originalimagename": None,
        "__data_origin": None,
    }


def _private(cloud: Cloud, image: PrivateImage) -> dict[str, Any]:
    shown = _common(image.id, image.name, cloud.system_of(image.source_image_id))
    return shown | {
        "__imagetype": "private",
        "visibility": "private",
        "protected": False,
        "owner": image.project_id,
        "created_at": image.created,
        "updated_at": image.updated,
        "active_at": image.updated if image.status == "active" else None,
        "min_disk": image.min_disk,
        "status": image.status,
        "enterprise_project_id": image.enterprise_project_id,
        "tags": [f"{key}={value}" if value else key for key, value in image.tags.items()],
        "__description": image.description,
        "__originalimagename": image.source_image_id,
        "__data_origin": f"instance,{image.server_id}",
    }


def _common(image_id: str, name: str, system: str) -> dict[str, Any]:
    return {
        "id": image_id,
        "name": name,
        "schema": "/v2/schemas/image",
        "self": f"/v2/images/{image_id}",
        "file": f"/v2/images/{image_id}/file",
        "container_format": "bare",
        "disk_format": "zvhd2",
        "virtual_env_type": "FusionCompute",
        "virtual_size": None,
        "size": 0,
        "__image_size": "0",
        "min_ram": 0,
        "max_ram": None,
        "checksum": None,
        "hw_firmware_type": "bios",
        "__isregistered": "true",
        "__image_source_type": "uds",
        "__os_type": "Linux",
        "__os_bit": "64",
        "__os_version": f"{system} 64bit",
        "__platform": system,
        "__support_kvm": "true",
    }
