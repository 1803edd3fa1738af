"""Private images: made from a stopped server, found by name or tag, deleted (Image Management Service)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from . import answers
from .client import CloudClient, Operation
from .errors import AnswerError, ApiError, ConfigurationError, HuaweiCloudError, UncertainError
from .instance import jobs
from .instance.api import QUERY_JOBS, JobState, job_state
from .instance.jobs import Job
from .retry import Deadline
from .servers import parse_tags

Json = dict[str, Any]

PAGE_LIMIT = 1000
TRIES = 3
NAME_IS_TAKEN = "IMG.0009"
BROKEN = frozenset({"killed", "deleted"})


@dataclass(frozen=True)
class Image:
    """A private image: `status` is queued, saving, active, or killed when its making failed; `min_disk` in GB."""

    id: str
    name: str
    status: str = "active"
    created: str = ""
    min_disk: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    server_id: str = ""

    def result(self) -> Json:
        """What the module returns."""
        return {
            "id": self.id or None,
            "name": self.name,
            "status": self.status,
            "created": self.created or None,
            "min_disk": self.min_disk,
            "tags": dict(self.tags),
            "description": self.description,
            "server_id": self.server_id or None,
        }


class ImageApi:
    """Private images of one project. Every method raises HuaweiCloudError."""

    def __init__(self, client: CloudClient, region: str, project_id: str) -> None:
        self._client = client
        self.region = region
        self.project_id = project_id

    def list(self, name: str, tags: Mapping[str, str]) -> list[Image]:
        """Private images called `name` ("": any) with all of `tags`, newest first.

        API: ListImages, GET /v2/cloudimages, which takes one tag and pages of 1,000; every image is checked here.
        """
        first = next((f"{key}={value}" if value else key for key, value in tags.items()), "")
        query = [("__imagetype", "private"), ("limit", str(PAGE_LIMIT))]
        query += [("name", name)] if name else []
        query += [("tag", first)] if first else []
        found: list[Image] = []
        operation = self._operation("ims:images:list", "/v2/cloudimages", "GET")
        while True:
            marker = [("marker", found[-1].id)] if found else []
            page = self._client.call(operation, _images, [*query, *marker])
            found += page
            if len(page) < PAGE_LIMIT:
                break
        fitting = [it for it in found if (not name or it.name == name) and _has(it, tags)]
        return sorted(fitting, key=lambda it: (it.created, it.id), reverse=True)

    def create(self, image: Image) -> str:
        """Order an image of the server's system disk; returns the job's id. API: CreateImage."""
        body: Json = {"name": image.name, "instance_id": image.server_id}
        body |= {"description": image.description} if image.description else {}
        if image.tags:
            body["image_tags"] = [{"key": key, "value": value} for key, value in image.tags.items()]
        operation = self._operation("ims:serverImages:create", "/v2/cloudimages/action", "POST")
        return self._client.call(operation, answers.job_id, body=body)

    def job(self, job_id: str) -> JobState:
        """API: ShowJob, GET /v1/{project_id}/jobs/{job_id}."""
        path = f"/v1/{quote(self.project_id, safe='')}/jobs/{quote(job_id, safe='')}"
        return self._client.call(self._operation(QUERY_JOBS, path, "GET"), job_state)

    def delete(self, image_id: str) -> None:
        """API: GlanceDeleteImage, DELETE /v2/images/{image_id}."""
        path = f"/v2/images/{quote(image_id, safe='')}"
        self._client.call(self._operation("ims:images:delete", path, "DELETE"), lambda _: None)

    def _operation(self, permission: str, path: str, method: str) -> Operation:
        return Operation("ims", permission, path, self.region, self.project_id, method, repeatable=method == "GET")


@dataclass(frozen=True)
class Patience:
    """`wait` for an image up to `timeout` seconds; `sleep` is for tests."""

    wait: bool = True
    timeout: float = 1800.0
    sleep: Callable[[float], None] = time.sleep


def make(api: ImageApi, wanted: Image, patience: Patience) -> Image:
    """Have an image made and wait until it can be used. When the answer is lost the list tells what came of it."""
    deadline = Deadline(patience.timeout)
    job_id = _order(api, wanted, patience)
    if patience.wait and job_id:
        _await_job(api, wanted, job_id, deadline)
    return await_image(api, wanted, deadline, patience)


def _order(api: ImageApi, wanted: Image, patience: Patience) -> str:
    """The job's id, empty when its answer was lost. Names are taken once, so a request may be sent again."""
    for attempt in range(TRIES):
        try:
            return api.create(wanted)
        except UncertainError:
            patience.sleep(1.0)
            if api.list(wanted.name, {}):
                return ""
            if attempt == TRIES - 1:
                raise
        except ApiError as error:
            if error.code != NAME_IS_TAKEN or not attempt:
                raise
            return ""
    raise AssertionError  # the last try returns or raises


def await_image(api: ImageApi, wanted: Image, deadline: Deadline, patience: Patience) -> Image:
    """The image called like `wanted` once it is active; as it is now when nothing is waited for."""
    rng = random.Random()
    for pause in jobs.intervals(rng):
        found = api.list(wanted.name, {})
        if found:
            refuse_broken(found[0])
        if found and (found[0].status == "active" or not patience.wait):
            return found[0]
        if not found and not patience.wait:
            return wanted
        if pause > deadline.remaining():
            break
        patience.sleep(pause)
    raise HuaweiCloudError(
        f"The image {wanted.name} was not ready after {deadline.seconds:.0f} s: run again to go on waiting."
    )


def refuse_broken(image: Image) -> None:
    """Raises HuaweiCloudError for an image that will never be ready."""
    if image.status in BROKEN:
        raise HuaweiCloudError(f"The image {image.name} ({image.id}) is {image.status}: delete it and run again.")


def remove(api: ImageApi, image: Image) -> None:
    """Delete an image; when the answer is lost the list tells whether it took effect."""
    try:
        api.delete(image.id)
    except UncertainError:
        if any(it.id == image.id for it in api.list(image.name, {})):
            api.delete(image.id)


def only(found: list[Image]) -> Image | None:
    """The one image, or None. Raises ConfigurationError when there are several."""
    if len(found) > 1:
        ids = ", ".join(it.id for it in found)
        raise ConfigurationError(f"{len(found)} private images are called {found[0].name} ({ids}): say which by id.")
    return found[0] if found else None


def _await_job(api: ImageApi, wanted: Image, job_id: str, deadline: Deadline) -> None:
    (ended,) = jobs.wait_for([Job(job_id, f"image {wanted.name}", lambda: api.job(job_id))], deadline)
    if ended.state is None:
        raise HuaweiCloudError(
            f"Job {job_id} (image {wanted.name}) had not ended after {deadline.seconds:.0f} s: run again to wait on."
        )
    if ended.state.status == "FAIL":
        raise HuaweiCloudError(f"Job {job_id} (image {wanted.name}) failed: {jobs.failures(ended.state)}.")


def _images(answer: Json) -> list[Image]:
    listed = answer.get("images")
    if not isinstance(listed, list) or not all(isinstance(it, dict) and it.get("id") for it in listed):
        raise AnswerError("The answer holds no list of images.")
    return [_image(it) for it in listed]


def _image(raw: Json) -> Image:
    origin = str(raw.get("__data_origin") or "")
    return Image(
        id=str(raw["id"]),
        name=str(raw.get("name") or ""),
        status=str(raw.get("status") or ""),
        created=str(raw.get("created_at") or ""),
        min_disk=raw.get("min_disk") if isinstance(raw.get("min_disk"), int) else None,
        tags=parse_tags(raw.get("tags")),
        description=str(raw.get("__description") or ""),
        server_id=origin.partition(",")[2] if origin.startswith("instance,") else "",
    )


def _has(image: Image, tags: Mapping[str, str]) -> bool:
    return all(key in image.tags and value in ("", image.tags[key]) for key, value in tags.items())
