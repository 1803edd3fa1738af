"""Private images, through Huawei's SDK."""

from __future__ import annotations

import json

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkims import v2 as sdk
from region_world import IMAGE, PROJECT, SECOND_PROJECT, Raw, World, host_of
from sdk_schema import faults

from lab.hosts.driver import HostError
from lab.region.errors import Refusal


def ims_client(url, account, project=PROJECT):
    credentials = BasicCredentials(account.access_key, account.secret_key, project)
    return sdk.ImsClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


@pytest.fixture
def ims(url, world):
    return ims_client(url, world.account)


@pytest.fixture
def stopped(world):
    (server,) = world.make(name="mould")
    world.lifecycle.power(PROJECT, "stop", [server.id])
    assert world.jobs.wait(10)
    return server


def create(ims, server_id, name="hazelcast-5.3.1", **options):
    body = sdk.CreateImageRequestBody(name=name, instance_id=server_id, **options)
    return ims.create_image(sdk.CreateImageRequest(body=body)).job_id


def refused(code, act, *arguments, **options):
    with pytest.raises(ClientRequestException) as caught:
        act(*arguments, **options)
    assert caught.value.error_code == code


def test_an_image_of_a_server_makes_servers(world, ims, stopped, hosts):
    tags = [sdk.TagKeyValue("hazelcast", "5.3.1"), sdk.TagKeyValue("bare")]
    job_id = create(ims, stopped.id, description="with members", image_tags=tags)
    assert world.jobs.wait(10)
    job = ims.show_job_progress(sdk.ShowJobProgressRequest(job_id))
    assert (job.status, job.job_type) == ("SUCCESS", "imsCreateImageByInstance")
    (shown,) = ims.list_images(sdk.ListImagesRequest(id=job.entities.image_id)).images
    assert (shown.name, shown.status, shown.imagetype) == ("hazelcast-5.3.1", "active", "private")
    (made,) = world.make(name="from-image", image_id=shown.id)
    assert hosts.booted[-1].image == f"canned/{shown.id}"
    assert (made.image_id, made.metadata["metering.imagetype"]) == (shown.id, "private")
    assert world.cloud.image(PROJECT, shown.id).os == "Debian"
    with pytest.raises(Refusal, match="does not exist"):
        world.cloud.image(SECOND_PROJECT, shown.id)


def test_the_bodies_fit_their_models(world, url, ims, stopped):
    job_id = create(ims, stopped.id)
    assert world.jobs.wait(10)

    def get(path):
        raw = Raw(path=path, headers={"X-Project-Id": PROJECT})
        status, _, body = raw.signed(host_of(url), world.account.access_key, world.account.secret_key).send(url)
        assert status == 200, body
        return json.loads(body)

    assert faults(get("/v2/cloudimages"), sdk.ListImagesResponse) == []
    job = get(f"/v1/{PROJECT}/jobs/{job_id}")
    assert faults(job, sdk.ShowJobResponse) == []
    assert get(f"/v1/cloudimages/job/{job_id}") == job
    assert faults(job, sdk.ShowJobProgressResponse) == []


def test_images_are_found_by_name_and_tag(world, url, ims, stopped):
    for name, version in (("old", "1"), ("new", "2")):
        create(ims, stopped.id, name=name, image_tags=[sdk.TagKeyValue("release", version)])
        assert world.jobs.wait(10)

    def names(**options):
        return [image.name for image in ims.list_images(sdk.ListImagesRequest(**options)).images]

    assert names() == ["new", "old", "Debian 11"]
    assert names(imagetype="private") == ["new", "old"]
    assert names(imagetype="gold") == ["Debian 11"]
    assert names(name="old") == ["old"]
    assert names(tag="release=2") == ["new"]
    assert names(tag="release") == ["new", "old"]
    assert names(imagetype="private", sort_key="name", sort_dir="desc") == ["old", "new"]
    (first, *_) = ims.list_images(sdk.ListImagesRequest(limit=1)).images
    assert names(marker=first.id, limit=1) == ["old"]
    refused("IMG.0027", names, marker="0" * 36)
    refused("IMG.0001", names, sort_key="colour")
    assert [image.name for image in ims_client_of(world, ims).list_images(sdk.ListImagesRequest()).images] == [
        "Debian 11"
    ]


def ims_client_of(world, ims):
    """A client of the same cloud's second project."""
    return ims_client(ims._endpoints[0], world.account, SECOND_PROJECT)


def test_what_the_service_refuses(world, url, ims, stopped):
    (running,) = world.make(name="running")
    refused("IMG.0008", create, ims, running.id)
    refused("IMG.0005", create, ims, "0" * 36)
    refused("IMG.0012", create, ims, "")
    refused("IMG.0013", create, ims, stopped.id, name="")
    refused("IMG.0002", create, ims, stopped.id, name="x" * 129)
    refused("IMG.0003", create, ims, stopped.id, name="what?")
    refused("IMG.0004", create, ims, stopped.id, description="<br>")
    refused("IMG.0115", create, ims, stopped.id, image_tags=[sdk.TagKeyValue("a=b", "c")])
    refused("IMG.0116", create, ims, stopped.id, image_tags=[sdk.TagKeyValue(f"k{n}", "v") for n in range(11)])
    refused("IMG.0105", create, ims, stopped.id, image_url="bucket:file")
    refused("IMG.0027", ims.glance_delete_image, sdk.GlanceDeleteImageRequest("0" * 36))
    refused("IMG.0094", ims.glance_delete_image, sdk.GlanceDeleteImageRequest(IMAGE))
    refused("IMG.0030", ims_client(url, world.account, "0" * 32).list_images, sdk.ListImagesRequest())
    assert world.cloud.store.images == {}
    create(ims, stopped.id)
    assert world.jobs.wait(10)
    refused("IMG.0009", create, ims, stopped.id)


def test_an_image_in_the_making_is_no_image_yet(world, ims, stopped):
    world.cloud.faults.add("CreateImage", "job-never-ends")
    create(ims, stopped.id)
    (image,) = world.cloud.store.images.values()
    assert image.status == "queued"
    refused("IMG.0090", ims.glance_delete_image, sdk.GlanceDeleteImageRequest(image.id))
    with pytest.raises(Refusal, match="does not exist"):
        world.make(image_id=image.id)
    world.cloud.faults.clear()
    world.jobs.release()
    assert world.jobs.wait(10)
    ims.glance_delete_image(sdk.GlanceDeleteImageRequest(image.id))
    assert world.cloud.store.images == {}


def test_a_failed_image_leaves_the_server_as_it_was(world, ims, stopped, hosts):
    def fail(server_id, image_id):
        raise HostError("no room")

    hosts.capture = fail
    job = ims.show_job_progress(sdk.ShowJobProgressRequest(_ended(world, create(ims, stopped.id))))
    assert (job.status, job.error_code) == ("FAIL", "IMG.0014")
    assert "no room" in job.fail_reason
    assert [image.status for image in world.cloud.store.images.values()] == ["killed"]
    server = world.cloud.server(PROJECT, stopped.id)
    assert (server.status, server.task_state, server.fault) == ("SHUTOFF", None, None)


def test_images_survive_a_restart(tmp_path, hosts):
    world = World(hosts, tmp_path)
    (server,) = world.make()
    world.lifecycle.power(PROJECT, "stop", [server.id])
    assert world.jobs.wait(10)
    from lab.region.imaging import ImageOrder, Imaging

    Imaging(world.cloud, world.jobs).create(PROJECT, ImageOrder("kept", server.id, tags={"a": "b"}))
    assert world.jobs.wait(10)
    (before,) = world.cloud.store.images.values()
    world.cloud.close()
    (after,) = World(hosts, tmp_path).cloud.store.images.values()
    assert (after.name, after.status, after.tags, after.ref) == ("kept", "active", {"a": "b"}, before.ref)


def _ended(world, job_id):
    assert world.jobs.wait(10)
    return job_id
