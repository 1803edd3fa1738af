"""Private images: made from a stopped server, kept until somebody deletes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.region import clock, ids
from lab.region.cloud import Cloud
from lab.region.errors import Refusal
from lab.region.jobs import Fate, Jobs, open_end
from lab.region.model import Job, PrivateImage

MAX_IMAGES = 100  # the default quota of private images
DESCRIBED = 1024


@dataclass(frozen=True)
class ImageOrder:
    """A request for an image of a server, its form checked."""

    name: str
    server_id: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    enterprise_project_id: str = "0"


class Imaging:
    """The region's operations on private images. Every method raises Refusal with Huawei's code."""

    def __init__(self, cloud: Cloud, jobs: Jobs) -> None:
        self._cloud = cloud
        self._jobs = jobs

    def create(self, project_id: str, order: ImageOrder, fate: Fate = open_end) -> Job:
        """Order an image; it is `queued` until the job has ended."""
        with self._cloud.lock:
            server = self._cloud.store.servers.get(order.server_id)
            if server is None or server.project_id != project_id:
                raise Refusal("IMG.0005", "The ECS does not exist.")
            if server.task_state is not None:
                raise Refusal("IMG.0010", "The ECS cannot be used to create images because it has in-progress tasks.")
            if server.status != "SHUTOFF":
                raise Refusal("IMG.0008", "The ECS cannot be used to create images because it is not in stopped state.")
            mine = self.images(project_id)
            if any(image.name == order.name for image in mine):
                raise Refusal("IMG.0009", "The image name already exists.")
            if len(mine) >= MAX_IMAGES:
                raise Refusal("IMG.0015", "The number of private images has reached the maximum allowed.")
            now = clock.seconds(self._cloud.now())
            image = PrivateImage(
                id=ids.resource_id(),
                number=self._cloud.store.next_number(),
                project_id=project_id,
                name=order.name,
                description=order.description,
                source_image_id=server.image_id,
                server_id=server.id,
                created=now,
                updated=now,
                min_disk=server.volumes[0].size,
                tags=dict(order.tags),
                enterprise_project_id=order.enterprise_project_id,
            )
            self._cloud.change(lambda: self._cloud.store.images.update({image.id: image}))
            options = {"image_id": image.id, "image_name": image.name}
            return self._jobs.submit(project_id, "image", [server.id], fate(), options)

    def delete(self, project_id: str, image_id: str) -> None:
        """Delete an image. Servers made from it stay."""
        with self._cloud.lock:
            if any(image.id == image_id for image in self._cloud.settings.images):
                raise Refusal("IMG.0094", "The public image cannot be deleted.")
            image = self.image(project_id, image_id)
            if image.status == "queued":
                raise Refusal("IMG.0090", "The image being created cannot be deleted.")
            self._cloud.change(lambda: self._cloud.store.images.pop(image.id))
        if image.ref:
            self._cloud.driver.forget(image.ref)

    def image(self, project_id: str, image_id: str) -> PrivateImage:
        """A private image of the project."""
        image = self._cloud.store.images.get(image_id)
        if image is None or image.project_id != project_id:
            raise Refusal("IMG.0027", "The image ID in the request does not exist.")
        return image

    def images(self, project_id: str) -> list[PrivateImage]:
        """The project's private images, newest first."""
        with self._cloud.lock:
            mine = [image for image in self._cloud.store.images.values() if image.project_id == project_id]
        return sorted(mine, key=lambda image: -image.number)
