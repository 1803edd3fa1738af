"""/home/init.sh on a machine of its own: namespaces in which /proc/sys, sysfs, /etc and /var are the test's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "roles/first_boot/files/init.sh"
SYSCTLS = {
    "vm/swappiness": "60",
    "net/core/rmem_max": "212992",
    "net/core/wmem_max": "4194304",
    "net/ipv4/tcp_rmem": "4096\t131072\t33554432",
    "net/ipv4/tcp_wmem": "4096\t16384\t4194304",
}
WANTED = {
    "vm.swappiness": "10",
    "net.core.rmem_max": "2097152",
    "net.core.wmem_max": "4194304",
    "net.ipv4.tcp_rmem": "8192 131072 33554432",
    "net.ipv4.tcp_wmem": "8192 131072 6291456",
}
THP_UNIT = "transparent-hugepages-never.service"
# systemd stands beside: it notes what it was asked, keeps the links of units, and runs the unit for huge pages.
SYSTEMCTL = f"""#!/bin/bash
echo "$*" >>/run/asked
case "$*" in
  "--quiet enable {THP_UNIT}")
    mkdir -p /etc/systemd/system/basic.target.wants
    ln -s "/etc/systemd/system/{THP_UNIT}" /etc/systemd/system/basic.target.wants/ ;;
  "restart {THP_UNIT}")
    sh -c "$(sed -n "s/^ExecStart=.bin.sh -c '\\(.*\\)'/\\1/p" /etc/systemd/system/{THP_UNIT})"
    sed -i 's/^never$/always madvise [never]/' /sys/kernel/mm/transparent_hugepage/* ;;
  "--quiet is-active "*) grep -qx "$3" /run/active ;;
  "start hazelcast@"*)
    echo "$2" >>/run/active
    port=${{2#*@}}
    [[ -e /run/broken ]] || exec python3 -m http.server --bind 127.0.0.1 "${{port%.service}}" >/dev/null 2>&1 9>&- & ;;
esac
"""
SETUP = """
mount -t tmpfs none /proc/sys
for file in vm/swappiness net/core/rmem_max net/core/wmem_max net/ipv4/tcp_rmem net/ipv4/tcp_wmem; do
  mkdir -p "/proc/sys/${file%/*}" && cp "$1/sys/$file" "/proc/sys/$file"
done
mount -t tmpfs none /sys/kernel/mm && mkdir /sys/kernel/mm/transparent_hugepage
echo 'always [madvise] never' | tee /sys/kernel/mm/transparent_hugepage/{enabled,defrag} >/dev/null
for directory in /etc /var/lib /run /home; do mount -t tmpfs none "$directory"; done
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
mkdir -p /run/systemd/system /run/bin /etc/systemd/system/multi-user.target.wants
touch /run/active /run/asked
install -m 0755 "$1/systemctl" /run/bin/systemctl
export PATH=/run/bin:$PATH
init() { local code=0; bash "$script" "$@" || code=$?; echo "exit $code"; }
wanted() { cat /etc/sysctl.d/*; }
now() { (cd /proc/sys && grep -r . | sort); }
hazelcast() {
  mkdir -p /home/hazelcast-5.3.1/config && touch /home/hazelcast-5.3.1/config/hazelcast.xml
  for port; do ln -s /x "/etc/systemd/system/multi-user.target.wants/hazelcast@$port.service"; done
}
ip link set lo up
script=$2
"""
# A namespace for mounts, one for the network (its ports are the test's own), and one for processes that die with it.
NAMESPACE = ["unshare", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_unshare() -> bool:
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_unshare(), reason="this machine allows no namespaces to this user")


def run(tmp_path: Path, steps: str) -> list[str]:
    """What ``steps``, a shell script, print on a fresh machine."""
    for name, value in SYSCTLS.items():
        (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / name).write_text(f"{value}\n")
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    script = tmp_path / "init.sh"
    script.write_text(SCRIPT.read_text().replace("MEMBER_SECONDS=60", "MEMBER_SECONDS=4"))
    command = [*NAMESPACE, "bash", "-c", f"set -e\n{SETUP}\n{steps}", "bash", str(tmp_path), str(script)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    return done.stdout.splitlines()


def test_settings_are_written_applied_and_left_alone_the_second_time(tmp_path: Path) -> None:
    lines = run(tmp_path, "init --no-start; echo; init --no-start; echo; wanted; echo; now")
    first, second, wanted, now = [part.splitlines() for part in "\n".join(lines).split("\n\n")]
    assert [line for line in first if not line.startswith("changed: ")] == ["exit 0"]
    assert len(first) == 10
    assert second == ["exit 0"]
    assert wanted[1:] == [f"{key} = {value}" for key, value in WANTED.items()]
    assert sorted(now) == sorted(f"{key.replace('.', '/')}:{value}" for key, value in WANTED.items())


def test_check_foretells_exactly_what_a_run_does_and_does_nothing(tmp_path: Path) -> None:
    lines = run(tmp_path, "hazelcast 5701; init --check; echo; echo /etc/* /var/lib/*; now; echo; init")
    check, state, real = [part.splitlines() for part in "\n".join(lines).split("\n\n")]
    assert [line.replace("would change", "changed") for line in check] == real
    untouched = ["/etc/machine-id /etc/systemd /var/lib/*", *(f"{key}:{value}" for key, value in SYSCTLS.items())]
    assert sorted(state) == sorted(untouched)


def test_drift_is_repaired_and_only_that(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
        init --no-start >/dev/null
        echo 60 >/proc/sys/vm/swappiness; init --no-start
        chmod 600 /etc/sysctl.d/*; init --no-start
        echo '[always]' >/sys/kernel/mm/transparent_hugepage/enabled; init --no-start
        rm /etc/systemd/system/basic.target.wants/*; init --no-start
        """,
    )
    assert lines == [
        "changed: vm.swappiness = 10",
        "exit 0",
        "changed: /etc/sysctl.d/60-ecs-cluster-kit.conf",
        "exit 0",
        "changed: transparent huge pages are never used",
        "exit 0",
        f"changed: {THP_UNIT} is enabled",
        "exit 0",
    ]


def test_what_the_kernel_refuses_is_one_line_and_no_failure(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
        mount -o remount,ro /proc/sys; mount -o remount,ro /sys/kernel/mm
        init --no-start >/dev/null; init --no-start
        """,
    )
    assert len(lines) == 2
    assert lines[0].startswith("not set, the kernel refuses (virtualization: ")
    refused = lines[0].rpartition(": ")[2].split()
    assert refused == [
        "vm.swappiness",
        "net.core.rmem_max",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "transparent_hugepage",
    ]
    assert lines[1] == "exit 0"


def test_without_hazelcast_nothing_is_started(tmp_path: Path) -> None:
    assert run(tmp_path, "init | tail -n 3; init | tail -n 2") == [
        "no Hazelcast home below /home: nothing to start",
        "changed: /var/lib/ecs-cluster-kit/first-boot",
        "exit 0",
        "members are left as they are: the first boot of this server is over",
        "exit 0",
    ]


def test_members_are_started_once_in_a_servers_life(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
        hazelcast 5702 5701; echo hazelcast@5701.service >/run/active
        init | grep -v '^changed: [/vnt]'
        grep hazelcast /run/asked; : >/run/active
        init
        echo fedcba9876543210fedcba9876543210 >/etc/machine-id; init --check
        """,
    )
    assert lines == [
        "changed: hazelcast@5702.service is started",
        "exit 0",
        "--quiet is-active hazelcast@5701.service",
        "--quiet is-active hazelcast@5702.service",
        "start hazelcast@5702.service",
        "members are left as they are: the first boot of this server is over",
        "exit 0",
        "would change: hazelcast@5701.service is started",
        "would change: hazelcast@5702.service is started",
        "would change: /var/lib/ecs-cluster-kit/first-boot",
        "exit 0",
    ]


def test_member_that_does_not_listen_is_a_failure_and_the_next_run_tries_again(tmp_path: Path) -> None:
    lines = run(
        tmp_path,
        """
        init --no-start >/dev/null
        hazelcast 5701 5702
        touch /run/broken; init
        rm /run/broken; : >/run/active; init
        """,
    )
    assert lines == [
        "failed: hazelcast@5701.service has not opened port 5701 within 4 s; see: journalctl -u hazelcast@5701.service",
        "exit 1",
        "changed: hazelcast@5701.service is started",
        "changed: hazelcast@5702.service is started",
        "changed: /var/lib/ecs-cluster-kit/first-boot",
        "exit 0",
    ]


@pytest.mark.parametrize(("arguments", "code"), [("--help", 0), ("--nostart", 2), ("--no-start extra", 2)])
def test_usage(tmp_path: Path, arguments: str, code: int) -> None:
    lines = run(tmp_path, f"init {arguments}")
    assert lines[0] == "Usage: init.sh [--no-start] [--check] [--help]"
    assert lines[-1] == f"exit {code}"


def test_second_one_waits_for_the_first(tmp_path: Path) -> None:
    """cloud-init may still run it when Ansible comes."""
    lines = run(
        tmp_path, "flock /run/ecs-cluster-kit-init.lock sleep 1 & sleep 0.2; init --no-start | tail -n 1; wait; date"
    )
    assert lines[0] == "exit 0"
