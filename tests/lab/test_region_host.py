"""One server made as the seed text says: what a user of the cloud finds on it."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

from lab.customer import ServerView
from tests.lab.world import World

CONNECT = """python3 -c "
import socket
try:
    socket.create_connection(('{address}', {port}), 3).close(); print('open')
except OSError as error:
    print(error.strerror)
"
"""


def test_boots_without_a_failed_unit(region: World, server: ServerView) -> None:
    assert region.ssh(server, "systemctl is-system-running --wait") == "running"


def test_the_password_of_the_user_data_logs_root_in(region: World, server: ServerView) -> None:
    login = region.ssh_by_password(server, region.secrets.bootstrap_password, "id -un")
    assert (login.returncode, login.stdout.strip()) == (0, "root"), login.stderr


def test_another_password_does_not(region: World, server: ServerView) -> None:
    login = region.ssh_by_password(server, region.secrets.root_password, "id -un")
    assert login.returncode == 255
    assert "Permission denied" in login.stderr


def test_cloud_init_knows_the_server(region: World, server: ServerView) -> None:
    assert region.ssh(server, "cat /var/lib/cloud/data/instance-id") == server.id
    assert region.ssh(server, "hostname; hostname --fqdn").split() == [server.name, f"{server.name}.novalocal"]
    result = json.loads(region.ssh(server, "cat /run/cloud-init/result.json"))["v1"]
    assert (result["datasource"], result["errors"]) == ("DataSourceOpenStack [net,ver=2]", [])


def test_the_user_data_ran_the_images_init_script(region: World, server: ServerView) -> None:
    log = region.ssh(server, "cat /var/log/cloud-init-output.log")
    assert "no Hazelcast home below /home" in log


def test_the_image_brings_neither_java_nor_hazelcast(region: World, server: ServerView) -> None:
    assert region.ssh(server, "command -v java; ls -d /home/hazelcast* 2>/dev/null", check=False) == ""


def test_the_console_log_has_the_host_keys(region: World, server: ServerView) -> None:
    scan = subprocess.run(
        ["ssh-keyscan", server.address], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    offered = {" ".join(line.split()[1:3]) for line in scan.splitlines() if not line.startswith("#")}
    printed = set(region.host_keys(server))
    assert {key.split()[0] for key in printed} == {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"}
    assert printed == offered


def test_the_flavor_is_what_the_host_sees(region: World, server: ServerView) -> None:
    assert region.ssh(server, "grep MemTotal /proc/meminfo").split()[1] == str(2048 * 1024)
    assert region.ssh(server, "grep -c ^processor /proc/cpuinfo") == "1"


def test_metadata_is_answered_for_the_server_that_asks(region: World, server: ServerView) -> None:
    fetch = "import urllib.request as u; print(u.urlopen('http://169.254.169.254/openstack/latest/{}').read().decode())"
    meta = json.loads(region.ssh(server, f'python3 -c "{fetch.format("meta_data.json")}"'))
    assert (meta["uuid"], meta["name"]) == (server.id, server.name)
    key = json.loads(region.ssh(server, f'python3 -c "{fetch.format("securitykey")}"'))
    assert set(key["credential"]) >= {"access", "secret", "securitytoken", "expires_at"}


@pytest.mark.parametrize(
    ("address", "port"),
    [("169.254.169.254", 443), ("169.254.169.253", 80), ("169.254.1.1", 22)],
)
def test_other_link_local_addresses_are_refused_at_once(
    region: World, server: ServerView, address: str, port: int
) -> None:
    assert region.ssh(server, CONNECT.format(address=address, port=port)) == "Connection refused"


def test_the_api_is_reachable_and_nothing_else_of_the_control_node(region: World, server: ServerView) -> None:
    settings = region.settings
    gateway = settings.regions[0].subnets[0].gateway
    assert region.ssh(server, CONNECT.format(address=settings.api_address, port=settings.api_port)) == "open"
    with socket.create_server((gateway, 0)) as listener:
        port = listener.getsockname()[1]
        assert region.ssh(server, CONNECT.format(address=gateway, port=port)) == "Connection refused"


@pytest.mark.parametrize(
    ("what", "command"),
    [
        ("the clock", "date --set 2030-01-01"),
        ("kernel settings", "echo 7 >/proc/sys/vm/swappiness"),
        ("the flavor's memory", "echo 0 >/proc/meminfo"),
        ("a disk", "mknod /dev/vda b 253 0 && head -c 1 /dev/vda"),
        ("a kernel module", "python3 -c \"open('/proc/sys/kernel/modprobe','w').write('/bin/true')\""),
    ],
)
def test_a_host_cannot_touch_the_control_nodes(region: World, server: ServerView, what: str, command: str) -> None:
    output = region.ssh(server, f"{command} && echo ALLOWED; true")
    assert "ALLOWED" not in output, what


def test_mounts_of_a_host_stay_in_it(region: World, server: ServerView) -> None:
    region.ssh(server, "mkdir -p /mnt/only-here && mount -t tmpfs only-here /mnt/only-here")
    assert "only-here" not in Path("/proc/mounts").read_text(encoding="utf-8")
    region.ssh(server, "umount /mnt/only-here")


def test_hardening_of_units_is_enforced(region: World, server: ServerView) -> None:
    write = "systemd-run --wait --quiet -p ProtectSystem=strict sh -c 'echo x >/etc/forbidden'; ls /etc/forbidden"
    assert "No such file" in region.ssh(server, write, check=False)
