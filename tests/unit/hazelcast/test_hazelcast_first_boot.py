"""ecs-first-boot against the region's API and metadata service, which check what it signs."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from region_world import PROJECT, Clock, NoHosts, World, listening

PROGRAM = Path(__file__).resolve().parents[3] / "roles/hazelcast/files/ecs_first_boot.py"
spec = importlib.util.spec_from_file_location("ecs_first_boot", PROGRAM)
first_boot = importlib.util.module_from_spec(spec)
spec.loader.exec_module(first_boot)

# As the role writes it for an image: in metadata mode, with the places that differ from server to server left open.
IMAGE_XML = """<hazelcast>
    <!-- <cluster-name></cluster-name> is named by the tag -->
    <cluster-name></cluster-name>
    <management-center><trusted-interfaces><interface>127.0.0.1</interface></trusted-interfaces></management-center>
    <network><join><discovery-strategies><discovery-strategy><properties>
        <property name="port">5701</property>
        <property name="tag-key">hazelcast</property>
        <property name="instance-metadata-available">true</property>
        <property name="endpoint-ecs">{ecs}</property>
        <property name="endpoint-metadata">{metadata}</property>
    </properties></discovery-strategy></discovery-strategies></join>
    <interfaces enabled="true"><interface></interface></interfaces></network>
</hazelcast>
"""
# As in the seed's first way, ids still to be written in.
KEYS_XML = """<hazelcast><cluster-name>prod &amp; a</cluster-name><properties>
    <property name="instance-id"></property>
    <property name="project-id"/>
    <property name="region"> </property>
    <property name="access-key">AK</property>
    <property name="tag-key"></property>
    <property name="instance-metadata-available">false</property>
    <property name="endpoint-metadata">{metadata}</property>
</properties></hazelcast>
"""


class Boot:
    """A server that boots, its region, and the file on it."""

    def __init__(self, path, world, ecs, metadata):
        self.path, self.world, self.ecs, self.metadata = path, world, ecs, metadata
        self.server = None

    def makes(self, **options):
        """The metadata service knows askers by their address; here it is told who asks."""
        (self.server,) = self.world.make(**{"metadata": {"agency_name": "kit"}, **options})
        self.world.cloud.server_at = lambda _: self.server
        return self.server

    def writes(self, text):
        self.path.write_text(text.format(ecs=self.ecs, metadata=self.metadata))
        self.path.chmod(0o640)

    def run(self, command="complete", *options):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = first_boot.main([command, str(self.path), *options])
        return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture
def boot(tmp_path, monkeypatch):
    monkeypatch.setattr(first_boot, "PAUSES", (0.01, 0.01, 0.01))
    world = World(NoHosts(), now=Clock())
    with listening(world.api) as ecs, listening(world.metadata) as metadata:
        yield Boot(tmp_path / "hazelcast.xml", world, ecs, metadata)


def test_an_image_learns_its_cluster_from_the_tag_and_its_address_from_metadata(boot):
    server = boot.makes(tags={"env": "x", "hazelcast": "prod-a"})
    boot.writes(IMAGE_XML)
    foretold = boot.run("complete", "--check")
    done = boot.run()
    address = server.nics[0].address
    assert done.stdout == f"changed: {boot.path}: cluster-name prod-a, interface {address}\n"
    assert foretold.stdout == done.stdout.replace("changed", "would change")
    text = boot.path.read_text()
    assert "    <cluster-name>prod-a</cluster-name>\n" in text
    assert f'<interfaces enabled="true"><interface>{address}</interface></interfaces>' in text
    assert "<!-- <cluster-name></cluster-name> is named by the tag -->" in text
    assert "<interface>127.0.0.1</interface>" in text
    assert boot.path.stat().st_mode & 0o777 == 0o640
    again = boot.run()
    assert (again.returncode, again.stdout) == (0, "")
    assert [path.name for path in boot.path.parent.iterdir()] == ["hazelcast.xml"]


def test_a_metadata_item_names_the_cluster_where_there_is_no_agency(boot):
    boot.makes(metadata={"hazelcast": "by-item"}, tags={"hazelcast": "by-tag"})
    boot.writes(IMAGE_XML)
    assert "cluster-name by-item" in boot.run().stdout


def test_the_hardened_metadata_service_is_asked_with_a_token(boot):
    server = boot.makes(tags={"hazelcast": "prod-a"}, metadata_options={"http_tokens": "required"})
    boot.writes(IMAGE_XML)
    assert f"interface {server.nics[0].address}" in boot.run().stdout


def test_ids_and_region_are_written_in_where_keys_are_used(boot):
    server = boot.makes()
    boot.writes(KEYS_XML)
    done = boot.run()
    assert done.stdout.endswith(f": instance-id {server.id}, project-id {PROJECT}, region lab-north-1\n")
    text = boot.path.read_text()
    assert f'<property name="instance-id">{server.id}</property>' in text
    assert '<property name="region">lab-north-1</property>' in text
    assert '<property name="tag-key"></property>' in text
    assert "prod &amp; a" in text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"tags": {}}, "this server has no tag hazelcast"),
        (
            {"metadata": {}},
            "answered 401 to /openstack/latest/securitykey: Please configure Cloud Service Agency first",
        ),
    ],
)
def test_a_cluster_without_a_name_is_said_and_the_file_is_left_alone(boot, options, why):
    boot.makes(**{"tags": {"hazelcast": "a"}, **options})
    boot.writes(IMAGE_XML)
    before = boot.path.read_text()
    done = boot.run()
    assert done.returncode == 1
    assert f"{boot.path} has no cluster-name, and it cannot be learnt: " in done.stdout
    assert why in done.stdout
    assert done.stdout.rstrip().endswith("Write it into the file.")
    assert boot.path.read_text() == before


def test_a_refused_agency_is_told_which_permission_it_needs(boot):
    boot.makes(tags={"hazelcast": "a"})
    boot.world.cloud.faults.add("ListServersDetails", "ak-locked")
    boot.writes(IMAGE_XML)
    done = boot.run()
    assert "the ECS API answered 401; the agency needs the permission ecs:cloudServers:list" in done.stdout


def test_trouble_that_ends_is_lived_through(boot):
    boot.makes(tags={"hazelcast": "a"})
    boot.world.cloud.faults.add("ListServersDetails", "429", times=2)
    boot.world.cloud.faults.add("metadata/meta_data.json", "500", times=1)
    boot.writes(IMAGE_XML)
    assert "cluster-name a" in boot.run().stdout


def test_without_a_metadata_service_the_file_decides(boot):
    boot.metadata = "http://127.0.0.1:9"
    boot.writes(
        IMAGE_XML.replace("<cluster-name></cluster-name>\n    <man", "<cluster-name>mine</cluster-name>\n    <man")
    )
    done = boot.run()
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("members listen on the address that leads outside: the metadata service does not answer")
    assert second.startswith(f"changed: {boot.path}: interface ")
    assert boot.run("join-delay").stdout == "0\n"


def test_values_are_written_as_xml(boot):
    boot.writes(IMAGE_XML)
    text = first_boot.fill(boot.path.read_text(), "cluster-name", 'a<b>&"c"')
    assert "<cluster-name>a&lt;b&gt;&amp;&quot;c&quot;</cluster-name>" in text
    assert first_boot.value(text, "cluster-name") == 'a<b>&"c"'


def test_servers_made_at_one_stroke_join_a_running_cluster_in_turn(boot):
    def make(**options):
        return boot.makes(tags={"hazelcast": "a"}, **options)

    boot.writes(IMAGE_XML)
    boot.world.cloud.now.advance(minutes=-30)
    cold = [make() for _ in range(3)]
    boot.world.cloud.now.advance(minutes=30)
    boot.run()
    made = [make() for _ in range(3)]
    delays = []
    for boot.server in [*cold, *made]:
        done = boot.run("join-delay")
        assert done.stderr == ""
        delays.append(done.stdout)
    assert delays[:3] == ["0\n"] * 3
    assert sorted(delays[3:]) == ["0\n", "10\n", "20\n"]


def test_turns():
    def server(name, minutes, status="ACTIVE"):
        born = first_boot.datetime(2026, 1, 1) + timedelta(minutes=minutes)
        return {"id": name, "created": born.strftime("%Y-%m-%dT%H:%M:%SZ"), "status": status}

    old, new = [server("old", 0)], [server("b", 60), server("a", 60), server("c", 61, "BUILD")]
    assert [first_boot.turn(name, old + new) for name in "abc"] == [0, 1, 2]
    assert [first_boot.turn(name, new) for name in "abc"] == [0, 0, 0]
    assert first_boot.turn("b", [server("old", 0, "ERROR"), *new]) == 0
    assert first_boot.turn("b", [server("a", 60, "SHUTOFF"), *old, server("b", 60)]) == 0
    assert first_boot.turn("stranger", old + new) == 0


def test_a_server_without_a_date_keeps_nobody_from_joining():
    born = "2026-01-01T00:00:00Z"
    odd = [{"id": "odd", "created": created, "status": "BUILD"} for created in (None, "", "2026-01-01 00:00")]
    assert first_boot.turn("a", [{"id": "a", "created": born, "status": "ACTIVE"}, *odd]) == 0
    assert first_boot.turn("odd", odd) == 0


@pytest.mark.parametrize("path", ["meta_data.json", "securitykey"])
@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>", b'{"credential": {}}'])
def test_metadata_of_another_shape_is_said(boot, monkeypatch, path, body):
    boot.makes(tags={"hazelcast": "a"})
    boot.writes(IMAGE_XML)
    fetch = first_boot.fetch
    monkeypatch.setattr(first_boot, "fetch", lambda url, *rest: body if url.endswith(path) else fetch(url, *rest))
    done = boot.run()
    assert done.returncode == 1 and "has no cluster-name, and it cannot be learnt: " in done.stdout
    assert boot.run("join-delay").stdout == "0\n"


def test_a_property_in_a_comment_is_none(boot):
    boot.makes(tags={"hazelcast": "a", "other": "b"})
    boot.writes('<!-- <property name="tag-key">other</property> -->' + IMAGE_XML)
    assert "cluster-name a" in boot.run().stdout


def test_a_metadata_service_that_is_not_there_is_asked_once(boot, monkeypatch):
    asked = []

    def silent(url, *_):
        asked.append(url)
        raise OSError("timed out")

    monkeypatch.setattr(first_boot, "fetch", silent)
    boot.writes(KEYS_XML)
    assert boot.run().returncode == 1
    assert len(asked) == 1


@pytest.mark.parametrize("argv", [[], ["complete"], ["complete", "x", "--chek"], ["join-delay"], ["fill", "x"]])
def test_wrong_usage(argv, capsys):
    assert first_boot.main(argv) == 2
    assert capsys.readouterr().err.startswith("Usage: ")
