"""What a user gets wrong: one sentence that says what and the way out, a code other than 0, nothing half-done."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.customer import ServerView
from lab.workspace import PROJECT
from tests.lab.playbook import Play, Site
from tests.lab.world import World

ONLY = ("--limit", "hazelcast_luckless")


@dataclass(frozen=True)
class Luckless:
    """A region with one bare server of cluster `luckless`."""

    site: Site
    server: ServerView

    def assert_untouched(self) -> None:
        found = self.site.world.ssh(self.server, "ls -d /home/hazelcast-* 2>&1 || true; pgrep -x java || true")
        assert "No such file" in found


@pytest.fixture(scope="module")
def luckless(labs: Callable[[str], World], tmp_path_factory: pytest.TempPathFactory) -> Luckless:
    world = labs("luckless")
    world.up()
    server = world.create("luckless-1", tags={"hazelcast": "luckless"}, agency="ecs-cluster-kit")
    world.host_keys(server)
    return Luckless(Site(world, tmp_path_factory.mktemp("results")), server)


def graph(site: Site, **env: str) -> Play:
    done = subprocess.run(
        ["ansible-inventory", "--graph"],
        cwd=PROJECT,
        env=site.world.env() | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return Play(done.returncode, done.stdout)


def test_a_wrong_access_key_is_named_and_no_host_is_listed(luckless: Luckless) -> None:
    shown = graph(luckless.site, HUAWEICLOUD_SDK_AK="AKTHATISNOTTHERE0001")
    assert shown.code != 0
    assert "0001" in shown.text and "AKTHATISNOTTHERE0001" not in shown.output
    assert "luckless-1" not in shown.output
    assert "Traceback" not in shown.output


def test_a_region_that_does_not_answer_is_named(luckless: Luckless) -> None:
    shown = graph(luckless.site, HW_ECS_ENDPOINT="http://127.0.0.1:9", HW_IAM_ENDPOINT="http://127.0.0.1:9")
    assert shown.code != 0
    assert "127.0.0.1:9" in shown.text
    assert "Traceback" not in shown.output


def test_wrong_root_passwords_are_said_and_nothing_is_changed(luckless: Luckless) -> None:
    wrong = {"ECS_ROOT_PASSWORD": "Wrong-Final-1!", "ECS_BOOTSTRAP_PASSWORD": "Wrong-Boot-1!"}
    refused = luckless.site.play(*ONLY, env=wrong)
    assert refused.code != 0
    assert re.search(r"luckless-1 .*refuses root's login", refused.text), refused.text
    assert not any(value in refused.output for value in wrong.values())
    luckless.assert_untouched()


def test_the_placeholder_of_the_example_is_refused_as_a_password(luckless: Luckless) -> None:
    refused = luckless.site.play(*ONLY, env={"ECS_BOOTSTRAP_PASSWORD": "${password}"})
    assert refused.code != 0
    assert "was to be replaced" in refused.text


def test_an_artifact_with_a_wrong_checksum_never_reaches_a_host(luckless: Luckless, tmp_path: Path) -> None:
    text = (PROJECT / "artifacts.yml").read_text()
    right = yaml.safe_load(text)["artifacts"]["hazelcast"]["5.3.1"]["sha256"]
    # Beside the real one: what is built here is found from the manifest's own folder.
    wrong = tmp_path / "artifacts.yml"
    wrong.write_text(text.replace(right, "f" * 64).replace("built: ", f"built: {PROJECT}/"))
    arguments = ("-e", f"artifact_manifest={wrong}", "-e", f"artifact_cache={tmp_path}/cache")
    refused = luckless.site.play(*ONLY, *arguments)
    assert refused.code != 0
    assert "sha256" in refused.text and "f" * 64 in refused.text
    assert not list((tmp_path / "cache").rglob("hazelcast-5.3.1.jar"))
    assert "No such file" in luckless.site.world.ssh(luckless.server, "ls /home/hazelcast-5.3.1/lib/*.jar 2>&1 || true")


def test_a_taken_port_is_named_with_who_has_it(luckless: Luckless) -> None:
    world = luckless.site.world
    listener = "systemd-run --unit=squatter python3 -m http.server 5701"
    world.ssh(luckless.server, listener)
    try:
        refused = luckless.site.play(*ONLY)
    finally:
        world.ssh(luckless.server, "systemctl stop squatter")
    assert refused.code != 0
    assert re.search(r"5701.*python3", refused.text), refused.text


def test_a_server_that_never_boots_is_named(luckless: Luckless) -> None:
    world = luckless.site.world
    server = world.create("stillborn-1", tags={"hazelcast": "luckless"}, ssh_answers=False, user_data="")
    world.customer.wait([world.customer.stop([server.id])])
    try:
        refused = luckless.site.play(*ONLY, "-e", "host_keys_timeout=3")
    finally:
        world.delete(server)
    assert refused.code != 0
    assert "stillborn-1" in refused.text
    assert "Traceback" not in refused.output
