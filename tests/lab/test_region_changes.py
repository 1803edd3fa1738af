"""What the region does to real hosts that exist: images of them, another size, other security groups."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkecs import v2 as ecs
from huaweicloudsdkims import v2 as ims

from lab.customer import ServerView, wait_for_ssh
from lab.workspace import PROJECT
from tests.lab.world import World


def podman(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def clients(region: World) -> tuple[ecs.EcsClient, ims.ImsClient]:
    settings = region.settings
    account = settings.accounts[0]
    credentials = BasicCredentials(account.access_key, account.secret_key, settings.regions[0].project_id)
    return tuple(
        kind.new_builder().with_credentials(credentials).with_endpoint(settings.endpoint).build()
        for kind in (ecs.EcsClient, ims.ImsClient)
    )  # type: ignore[return-value]


def test_a_server_made_from_an_image_has_its_files_and_an_identity_of_its_own(
    region: World, clients: tuple[ecs.EcsClient, ims.ImsClient], make_server: Callable[..., ServerView]
) -> None:
    images = clients[1]
    mould = make_server("mould", user_data="#!/bin/bash\necho was-here >/root/from-the-mould\n")
    region.ssh(mould, "cloud-init status --wait; sync")
    mould_key = region.ssh(mould, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    region.customer.wait([region.customer.stop([mould.id], "SOFT")])
    body = ims.CreateImageRequestBody(name="of-the-mould", instance_id=mould.id)
    region.customer.wait([images.create_image(ims.CreateImageRequest(body=body)).job_id])
    (image,) = images.list_images(ims.ListImagesRequest(name="of-the-mould")).images
    made = make_server("from-image", image=image.id, user_data="#!/bin/bash\necho mine >/root/of-my-own\n")
    region.ssh(made, "cloud-init status --wait")
    assert region.ssh(made, "cat /root/from-the-mould /root/of-my-own; hostname") == "was-here\nmine\nfrom-image"
    assert mould_key not in region.ssh(made, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    images.glance_delete_image(ims.GlanceDeleteImageRequest(image.id))
    assert podman("image", "exists", f"localhost/ecs-cluster-kit/private:{image.id}").returncode == 1
    assert region.ssh(made, "true") == ""


def test_a_resized_server_has_the_memory_of_its_flavor(
    region: World, clients: tuple[ecs.EcsClient, ims.ImsClient], make_server: Callable[..., ServerView]
) -> None:
    server = make_server("grows", flavor="s6.medium.2")
    before = int(region.ssh(server, "awk '/MemTotal/ {print $2}' /proc/meminfo"))
    target = next(flavor for flavor in region.settings.flavors if flavor.ram * 1024 > before)
    option = ecs.ResizePostPaidServerOption(flavor_ref=target.id, mode="withStopServer")
    body = ecs.ResizePostPaidServerRequestBody(resize=option)
    job = clients[0].resize_post_paid_server(ecs.ResizePostPaidServerRequest(server.id, body=body)).job_id
    region.customer.wait([job])
    wait_for_ssh(server)
    after = int(region.ssh(server, "awk '/MemTotal/ {print $2}' /proc/meminfo"))
    assert before < after == target.ram * 1024
    limit = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -n 1"
    assert int(region.ssh(server, limit)) == target.ram << 20


def test_a_lab_that_goes_down_takes_its_images_along(labs: Callable[[str], World]) -> None:
    world = labs("images")
    world.up()
    server = world.create("mould", ssh_answers=False)
    world.customer.wait([world.customer.stop([server.id], "HARD")])
    settings = world.settings
    account = settings.accounts[0]
    credentials = BasicCredentials(account.access_key, account.secret_key, settings.regions[0].project_id)
    images = ims.ImsClient.new_builder().with_credentials(credentials).with_endpoint(settings.endpoint).build()
    body = ims.CreateImageRequestBody(name="short-lived", instance_id=server.id)
    world.customer.wait([images.create_image(ims.CreateImageRequest(body=body)).job_id])
    mine = ("images", "--quiet", "--filter", f"label=ecs-cluster-kit.image-of={settings.lab_id}")
    assert podman(*mine).stdout
    world.down()
    assert podman(*mine).stdout == ""


def test_a_security_group_of_a_running_server_counts_at_once(labs: Callable[[str], World]) -> None:
    """In the plan `members` reach each other on every port, and only SSH from the bastion."""
    world = labs("groups")
    world.up(PROJECT / "lab" / "plans" / "two-regions.yml")
    settings = world.settings
    account, region = settings.accounts[0], settings.regions[0]
    credentials = BasicCredentials(account.access_key, account.secret_key, region.project_id)
    client = ecs.EcsClient.new_builder().with_credentials(credentials).with_endpoint(settings.endpoint).build()
    bastion, member = (world.customer.find(name) for name in ("bastion", "north-1"))
    wait_for_ssh(bastion)
    try_it = f"timeout 2 bash -c '</dev/tcp/{member.address}/5701' 2>&1"

    def reaches() -> bool:
        """Nothing listens there: refused means that the packet came through."""
        return "refused" in world.ssh(bastion, try_it, check=False)

    assert not reaches()
    option = ecs.NovaAddSecurityGroupOption("members")
    body = ecs.NovaAssociateSecurityGroupRequestBody(option)
    client.nova_associate_security_group(ecs.NovaAssociateSecurityGroupRequest(bastion.id, body=body))
    assert reaches()
    gone = ecs.NovaDisassociateSecurityGroupRequestBody(ecs.NovaRemoveSecurityGroupOption("members"))
    client.nova_disassociate_security_group(ecs.NovaDisassociateSecurityGroupRequest(bastion.id, body=gone))
    assert not reaches()
