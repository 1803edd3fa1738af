"""The lab's small parts: plans, passwords, hardware files, host keys, image tags, kernel settings, ports."""

from __future__ import annotations

import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import blueprint, passwords, plan, process, vault
from lab.commands import show, ssh
from lab.customer import host_keys
from lab.errors import LabError
from lab.hosts import hardware
from lab.hosts.driver import Nic
from lab.image import recipe
from lab.net import kernel, netns
from lab.region import passwords as cloud_rule
from lab.shell import CommandError, run, succeeds
from lab.workspace import PROJECT, Workspace

CONSOLE = """[   3.1] cloud-init[9]: ...\r
-----BEGIN SSH HOST KEY KEYS-----\r
ecdsa-sha2-nistp256 AAAAE2 root@demo-1\r
ssh-ed25519 AAAAC3 root@demo-1\r
-----END SSH HOST KEY KEYS-----\r
demo-1 login: """


class TestPlan:
    def test_defaults_apply_unless_a_server_says_otherwise(self) -> None:
        servers = plan.parse(
            {
                "defaults": {"flavor": "s6.medium.2", "key_name": "lab"},
                "servers": [{"name": "one", "tags": {"hazelcast": "demo"}}, {"name": "two", "flavor": "s6.large.2"}],
            }
        )
        assert [(server.name, server.flavor, server.key_name) for server in servers] == [
            ("one", "s6.medium.2", "lab"),
            ("two", "s6.large.2", "lab"),
        ]
        assert servers[0].tags == {"hazelcast": "demo"}

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (None, "it needs a list `servers`"),
            ({"servers": {}}, "it needs a list `servers`"),
            ({"servers": [], "server": []}, r"unknown members \['server'\]"),
            ({"servers": [{"name": "one"}]}, "the server one has no flavor"),
            ({"servers": [{"flavor": "s6.small.1"}]}, r"the server \? has no name"),
            ({"servers": [{"name": "one", "flavor": "f", "colour": "red"}]}, r"unknown members \['colour'\]"),
            ({"servers": [{"name": "one", "flavor": 1}]}, "flavor must be of type str"),
            ({"servers": [{"name": "a", "flavor": "f"}, {"name": "a", "flavor": "f"}]}, "the name a is used twice"),
        ],
    )
    def test_a_wrong_plan_says_what_is_wrong(self, data: object, reason: str) -> None:
        with pytest.raises((TypeError, ValueError), match=reason):
            plan.parse(data)

    def test_a_file_is_named_in_the_error(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yml"
        with pytest.raises(LabError, match=r"The plan .*p\.yml cannot be read: No such file"):
            plan.load(path)
        path.write_text("servers: [")
        with pytest.raises(LabError, match=r"p\.yml is not YAML"):
            plan.load(path)

    def test_the_demo_shows_a_cluster_another_one_and_a_stranger(self) -> None:
        servers = plan.load(PROJECT / "lab" / "plans" / "demo.yml")
        assert [server.tags for server in servers] == [{"hazelcast": "demo"}] * 3 + [{"hazelcast": "other"}, {}]
        assert {server.availability_zone for server in servers[:3]} == {f"lab-north-1{zone}" for zone in "abc"}
        assert servers[0].user_data == "#!/bin/bash\necho 'root:${password}' | chpasswd\nbash /home/init.sh\n"
        known = {flavor.id for flavor in blueprint.FLAVORS}
        assert {server.flavor for server in servers} <= known


class TestPasswords:
    def test_fit_the_clouds_rule(self) -> None:
        for _ in range(200):
            assert cloud_rule.fit(passwords.generate())
            made = passwords.generate(containing="{{")
            assert "{{" in made and cloud_rule.fit(made) and len(made) == passwords.LENGTH

    def test_are_made_once_and_private(self, tmp_path: Path) -> None:
        workspace = Workspace(tmp_path)
        workspace.create()
        made = vault.ensure(workspace)
        assert vault.ensure(workspace) == made
        assert stat.S_IMODE(workspace.secrets.stat().st_mode) == 0o600
        assert stat.S_IMODE(workspace.directory.stat().st_mode) == 0o700
        assert "{{" in made.root_password

    def test_a_damaged_file_is_said(self, tmp_path: Path) -> None:
        workspace = Workspace(tmp_path)
        with pytest.raises(LabError, match="The lab is not up"):
            vault.load(workspace)
        workspace.create()
        workspace.secrets.write_text('{"root_password": 1}')
        with pytest.raises(LabError, match="is damaged"):
            vault.load(workspace)


class TestHardware:
    @given(st.integers(512, 65536))
    def test_memory_is_the_flavors(self, megabytes: int) -> None:
        values = dict(line.split(":") for line in hardware.meminfo(megabytes).splitlines())
        assert values["MemTotal"].split() == [str(megabytes * 1024), "kB"]
        assert values["SwapTotal"].split() == ["0", "kB"]

    @pytest.mark.parametrize("vcpus", [1, 2, 16])
    def test_processors_are_the_flavors_even_beyond_the_control_nodes(self, vcpus: int) -> None:
        text = hardware.cpuinfo("processor\t: 7\nmodel name\t: X\n\nprocessor\t: 8\nmodel name\t: X\n\n", vcpus)
        numbers = [line for line in text.splitlines() if line.startswith("processor")]
        assert numbers == [f"processor\t: {number}" for number in range(vcpus)]
        assert text.count("model name\t: X") == vcpus


class TestHostKeys:
    def test_are_read_from_the_console(self) -> None:
        assert host_keys(CONSOLE) == ["ecdsa-sha2-nistp256 AAAAE2", "ssh-ed25519 AAAAC3"]

    def test_none_before_the_first_boot_is_over(self) -> None:
        assert host_keys("") == []
        assert host_keys(CONSOLE[: CONSOLE.index("-----END")]) == []

    def test_a_recreated_server_replaces_only_its_own(self, tmp_path: Path) -> None:
        file = tmp_path / "known_hosts"
        ssh.remember(file, "id-1", ["ssh-rsa OLD", "ssh-ed25519 OLD"])
        ssh.remember(file, "id-2", ["ssh-rsa OTHER"])
        ssh.remember(file, "id-1", ["ssh-rsa NEW"])
        assert file.read_text() == "id-2 ssh-rsa OTHER\nid-1 ssh-rsa NEW\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


class TestImage:
    def test_a_changed_file_changes_the_image_and_not_the_package_layer(self, tmp_path: Path) -> None:
        script = tmp_path / "init.sh"
        script.write_text("one")
        one = recipe.debian_11(script)
        script.write_text("two")
        two = recipe.debian_11(script)
        assert one.base_ref == two.base_ref
        assert one.ref != two.ref
        assert one.ref.startswith("localhost/ecs-cluster-kit/debian-11:")

    def test_another_package_changes_both(self, tmp_path: Path) -> None:
        (tmp_path / "init.sh").write_text("one")
        one = recipe.debian_11(tmp_path / "init.sh")
        more = replace(one, packages=(*one.packages, "htop"))
        assert more.base_ref != one.base_ref
        assert more.ref != one.ref

    def test_it_lets_root_in_and_has_the_init_script(self, tmp_path: Path) -> None:
        (tmp_path / "init.sh").write_text("echo")
        files = recipe.debian_11(tmp_path / "init.sh").files
        assert files["home/init.sh"] == b"echo"
        assert b"\nPermitRootLogin yes\nPasswordAuthentication yes\n" in files["etc/ssh/sshd_config"]
        assert not any("java" in package or "jdk" in package for package in recipe.DEBIAN_PACKAGES)


class TestKernel:
    @pytest.fixture
    def settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A kernel with the defaults of Debian."""
        monkeypatch.setattr(kernel, "SETTINGS", tmp_path)
        monkeypatch.setattr(kernel, "BEFORE", tmp_path / "run" / "kernel.json")
        for name, value in (("net/ipv4/ip_forward", "0"), ("fs/inotify/max_user_instances", "128")):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_text(f"{value}\n")
        return tmp_path

    def values(self) -> list[str]:
        return [(kernel.SETTINGS / name).read_text().strip() for name in kernel.NEEDED]

    def test_the_earlier_values_come_back(self, settings: Path) -> None:
        kernel.enable()
        kernel.enable()  # by a second lab
        assert self.values() == ["1", "4096"]
        kernel.restore()
        assert self.values() == ["0", "128"]
        assert not kernel.BEFORE.exists()

    def test_what_is_enough_stays(self, settings: Path) -> None:
        (settings / "net/ipv4/ip_forward").write_text("1\n")
        (settings / "fs/inotify/max_user_instances").write_text("9000\n")
        kernel.enable()
        assert self.values() == ["1", "9000"]
        kernel.restore()
        assert self.values() == ["1", "9000"]


class TestNetns:
    def test_the_first_card_has_the_default_route(self) -> None:
        cards = (
            Nic("fa:16:3e:00:00:01", "10.210.0.5", 24, "10.210.0.1", "s0", "ekab12b0"),
            Nic("fa:16:3e:00:00:02", "10.210.1.5", 24, "10.210.1.1", "s1", "ekab12b1"),
        )
        outside = netns._outside("ab12", "server", "ekab12-server", cards)
        inside = netns._inside(cards)
        assert "address fa:16:3e:00:00:02 netns ekab12-server\n" in outside[4]
        assert outside[5].endswith("master ekab12b1\n")
        assert [line for line in inside if "route" in line] == ["route add default via 10.210.0.1\n"]
        assert "address add 10.210.1.5/24 broadcast + dev eth1\n" in inside

    def test_a_card_is_isolated_before_it_is_on(self) -> None:
        card = Nic("fa:16:3e:00:00:01", "10.210.0.5", 24, "10.210.0.1", "s0", "ekab12b0")
        *_, isolated, on = netns._outside("ab12", "server", "ekab12-server", (card,))
        assert isolated.endswith("type bridge_slave isolated on\n")
        assert on.endswith(" up\n")


class TestProcess:
    def test_a_taken_port_is_skipped(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            taken = listener.getsockname()[1]
            later = range(taken + 10, taken + 200, 10)  # this machine may use one or the other meanwhile
            assert process.free_port("127.0.0.1", [taken - 1, taken, *later]) in later
            with pytest.raises(LabError, match=f"Every port for the API from {taken} to {taken} is taken"):
                process.free_port("127.0.0.1", [taken])

    def test_nothing_serves_an_unknown_lab(self, tmp_path: Path) -> None:
        assert process.pids(Workspace(tmp_path)) == []
        process.stop(Workspace(tmp_path))


class TestShell:
    def test_a_failure_is_the_tools_own_last_word(self) -> None:
        with pytest.raises(CommandError, match=r"`sh -c .*` failed: second"):
            run(["sh", "-c", "echo first >&2; echo second >&2; exit 4"])
        with pytest.raises(CommandError, match="failed: exit code 4"):
            run(["sh", "-c", "exit 4"])

    def test_a_missing_or_endless_tool_is_said(self) -> None:
        with pytest.raises(CommandError, match="no-such-tool is not installed"):
            run(["no-such-tool"])
        with pytest.raises(CommandError, match="did not end within 0 s"):
            run(["sleep", "5"], timeout=0.05)
        assert not succeeds(["false"])
        assert succeeds(["true"])


class TestShow:
    def test_a_lab_that_is_down_says_so(self, tmp_path: Path) -> None:
        for look in (show.status, show.env):
            with pytest.raises(LabError, match="run `lab up` first"):
                look(Workspace(tmp_path))
        with pytest.raises(LabError, match="the lab has not been up here"):
            show.logs(Workspace(tmp_path), "api", follow=False)


class TestWorkspace:
    def test_clearing_keeps_the_logs(self, tmp_path: Path) -> None:
        workspace = Workspace(tmp_path)
        workspace.clear()
        workspace.create()
        (workspace.directory / "hosts" / "one").mkdir(parents=True)
        (workspace.directory / "region.json").write_text("{}")
        (workspace.logs / "api.log").write_text("line")
        workspace.clear()
        assert [str(path.relative_to(workspace.directory)) for path in sorted(workspace.directory.rglob("*"))] == [
            "logs",
            "logs/api.log",
        ]
