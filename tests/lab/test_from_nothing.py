"""From an empty region to clusters and back: plans, private images, servers that become members by themselves."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.control import Control
from lab.customer import ServerView
from tests.lab.playbook import Play, Site
from tests.lab.world import World

USER_DATA = "#!/bin/bash\necho 'root:{{ vault_bootstrap_root_password }}' | chpasswd\nbash /home/init.sh\n"
IMAGE = "hazelcast-5.3.1"
WRITES = ("Create*", "Delete*", "Batch*", "Update*", "Resize*", "Nova*")
JOINED_SECONDS = 120.0


class Nothing:
    """A region without a server, and what is done there by plans."""

    def __init__(self, world: World, tmp: Path) -> None:
        self.world = world
        self.site = Site(world, tmp)
        self.tmp = tmp
        region = world.settings.regions[0]
        self.zones = region.azs
        self.options = {
            "flavor": "s6.medium.2",
            "image": world.settings.images[0].name,
            "vpc_id": region.subnets[0].vpc_id,
            "networks": [{"subnet_id": region.subnets[0].id}],
            "security_groups": [region.security_groups[0].id],
            "key_name": "lab",
            "user_data": USER_DATA,
        }

    def play(self, playbook: str, variables: dict[str, Any], *arguments: str) -> Play:
        path = self.tmp / "variables.json"
        path.write_text(json.dumps(variables))
        return self.site.play("-e", f"@{path}", *arguments, playbook=playbook)

    def plan(self, **clusters: dict[str, Any]) -> dict[str, Any]:
        """`clusters` of Hazelcast, spread over all zones."""
        spread = {"agency": "ecs-cluster-kit", "availability_zones": list(self.zones)}
        return {"cluster_plan": {"name": "proof", **self.options, **spread, "systems": {"hazelcast": clusters}}}

    def servers(self, prefix: str) -> list[ServerView]:
        every = self.world.customer.servers()
        return sorted((server for server in every if server.name.startswith(prefix)), key=lambda server: server.name)

    def written(self) -> int:
        """How many requests have changed something so far."""
        return Control(self.world.workspace.directory).requests(*WRITES).total


@pytest.fixture(scope="module")
def nothing(labs: Callable[[str], World], tmp_path_factory: pytest.TempPathFactory) -> Nothing:
    world = labs("nothing")
    world.up()
    return Nothing(world, tmp_path_factory.mktemp("nothing"))


@pytest.fixture(scope="module")
def image(nothing: Nothing) -> str:
    """The name of a private image made by playbooks/image.yml."""
    done = nothing.play(
        "playbooks/image.yml", {"image_plan": {"name": IMAGE, "server": nothing.options, "heap_mb": 192}}
    )
    assert done.code == 0, done.output
    assert nothing.servers("image-") == []
    return IMAGE


def test_a_plan_becomes_a_proven_cluster_and_goes_again(nothing: Nothing) -> None:
    plan = nothing.plan(grown={"count": 2})
    shown = nothing.play("playbooks/provision.yml", plan, "--check", "--diff")
    assert shown.code == 0, shown.output
    assert "create hazelcast-grown-0001 in lab-north-1a" in shown.text
    assert nothing.servers("hazelcast-grown") == []

    made = nothing.play("playbooks/provision.yml", plan)
    assert made.code == 0, made.output
    assert [server.availability_zone for server in nothing.servers("hazelcast-grown")] == list(nothing.zones[:2])
    proven = nothing.site.play()
    assert proven.code == 0, proven.output
    assert [member["sees"] for member in nothing.site.result("grown")["members"]] != [[], []]

    before = nothing.written()
    for again in (nothing.play("playbooks/provision.yml", plan), nothing.site.play()):
        assert again.code == 0, again.output
        assert set(again.changes.values()) == {0}
    assert nothing.written() == before

    other = nothing.world.create("somebody-elses", ssh_answers=False)
    refused = nothing.play("playbooks/teardown.yml", plan)
    assert refused.code != 0
    assert "Nothing was deleted: nobody answered. Run it again with -e confirm=proof." in refused.text
    assert nothing.written() == before + 1  # the one that made the other server
    gone = nothing.play("playbooks/teardown.yml", plan, "-e", "confirm=proof")
    assert gone.code == 0, gone.output
    assert [server.id for server in nothing.world.customer.servers()] == [other.id]
    assert Control(nothing.world.workspace.directory).remnants() == []
    nothing.world.delete(other)


def test_protected_servers_stay_with_all_others_of_the_plan(nothing: Nothing) -> None:
    plan = nothing.plan(kept={"count": 1, "delete_protection": True}, loose={"count": 1})
    entries = [
        {**nothing.options, "plan": "proof", "name": name, "state": "present", "delete_protection": protected}
        for name, protected in (("kept", True), ("loose", False))
    ]
    assert nothing.play("tests/lab/plays/servers.yml", {"servers": entries}).code == 0
    refused = nothing.play("playbooks/teardown.yml", plan, "-e", "confirm=proof")
    assert refused.code != 0
    assert "Nothing was deleted: kept must not be (delete_protection)." in refused.text
    assert len(nothing.world.customer.servers()) == 2
    nothing.world.customer.wait([nothing.world.customer.delete([it.id for it in nothing.world.customer.servers()])])


def members_of(world: World, server: ServerView) -> set[str]:
    """Whom the member on a server sees, by its log; empty while it sees nobody."""
    log = world.ssh(
        server, "journalctl -u hazelcast@5701 -o cat --no-pager | tac | grep -m 1 -B 12 '^Members {'", check=False
    )
    return set(re.findall(r"Member \[([0-9.]+)\]:5701", log))


def wait_for_cluster(world: World, servers: list[ServerView]) -> None:
    """Until every member sees exactly these."""
    wanted = {server.address for server in servers}
    deadline = time.monotonic() + JOINED_SECONDS
    while (seen := {server.name: members_of(world, server) for server in servers}) != dict.fromkeys(seen, wanted):
        assert time.monotonic() < deadline, f"{seen} instead of {wanted}"
        time.sleep(1)


def test_servers_of_a_private_image_join_without_ansible(nothing: Nothing, image: str) -> None:
    """Scale-out by the number alone: servers with an agency, a tag, and the two lines of user-data."""
    world = nothing.world

    def count(number: int) -> list[ServerView]:
        entry = {
            **nothing.options,
            "image": image,
            "name": "member",
            "exact_count": number,
            "count_tags": {"hazelcast": "by-itself"},
            "agency": "ecs-cluster-kit",
            "availability_zones": list(nothing.zones),
        }
        done = nothing.play("tests/lab/plays/servers.yml", {"servers": [entry]})
        assert done.code == 0, done.output
        return nothing.servers("member")

    first = count(3)
    wait_for_cluster(world, first)
    identities = [world.ssh(server, "cat /etc/machine-id /etc/ssh/ssh_host_*_key.pub") for server in first]
    assert len(set(identities)) == 3
    assert "cluster-name by-itself" in world.ssh(first[0], "journalctl -t init.sh -o cat")

    time.sleep(max(0.0, 61 - world_age(world, first)))  # what is made within a minute counts as one start
    every = count(5)
    wait_for_cluster(world, every)
    new = [server for server in every if server.id not in {old.id for old in first}]
    said = [world.ssh(server, "journalctl -t init.sh -o cat") for server in new]
    assert sorted("members join in 10 s" in log for log in said) == [False, True]

    said = first_boot_without_metadata(world, first[0])
    assert "members listen on the address that leads outside: the metadata service does not answer" in said
    wait_for_cluster(world, every)
    world.customer.wait([world.customer.delete([server.id for server in every])])


def first_boot_without_metadata(world: World, server: ServerView) -> str:
    """What init.sh says with no metadata service, where the file has all that discovery needs but the address."""
    account, region = world.settings.accounts[0], world.settings.regions[0]
    properties = {
        "access-key": account.access_key,
        "secret-key": account.secret_key,
        "region": region.id,
        "project-id": region.project_id,
        "instance-id": server.id,
    }
    config = "/home/hazelcast-5.3.1/config/hazelcast.xml"
    text = world.ssh(server, f"systemctl stop hazelcast@5701 && cat {config}")
    text, keyed = re.subn(
        r'<property name="instance-metadata-available">true</property>',
        "".join(f'<property name="{name}">{value}</property>' for name, value in properties.items()),
        text,
    )
    text, emptied = re.subn(rf"<interface>{re.escape(server.address)}</interface>", "<interface></interface>", text)
    assert (keyed, emptied) == (1, 1)
    script = f"cat > {config} <<'END'\n{text}\nEND\n"
    script += "ip route add unreachable 169.254.169.254 && rm /var/lib/ecs-cluster-kit/first-boot && bash /home/init.sh"
    return world.ssh(server, script)


def world_age(world: World, servers: list[ServerView]) -> float:
    """Seconds since these servers booted, the youngest of them."""
    return min(float(world.ssh(server, "ps -o etimes= -p 1")) for server in servers)
