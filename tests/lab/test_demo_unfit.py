"""On a machine that is unfit `make demo` says one line that has the way out, and leaves nothing behind.

Each lack is made for real in namespaces of the test's own: this machine stays as it is.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.image import build, recipe
from lab.net import addresses
from lab.progress import Progress
from lab.workspace import PROJECT, Workspace
from tests.lab.checkout import PLAIN_PATH, content, copy, make, said

INIT_SCRIPT = PROJECT / "roles" / "first_boot" / "files" / "init.sh"
HIDE_SUDO = 'sudo=$(command -v sudo) && mount --bind /dev/null "$(readlink -f "$sudo")" || :\n'
# A machine of one's own as far as the network goes. What labs change in the whole kernel, and remember, is not touched.
OWN_NETWORK = """
mkdir -p /run/ecs-cluster-kit && mount -t tmpfs none /run/ecs-cluster-kit
echo 65536 >/run/ecs-cluster-kit/enough
mount --bind /run/ecs-cluster-kit/enough /proc/sys/fs/inotify/max_user_instances
ip link set lo up
"""
LISTENER = """
import socket, sys, time
held = [socket.create_server((sys.argv[1], int(port))) for port in sys.argv[2:]]
print("listening", flush=True)
time.sleep(300)
"""
END_OF_API = """
import sys; from pathlib import Path; from lab import process; from lab.workspace import Workspace
process.stop(Workspace(Path(sys.argv[1])))
"""


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A fresh clone, so to say. Not below pytest's own folder, which is closed to other users.

    Its demo does nothing: a machine that is taken for a fit one gets no lab that nobody takes away.
    """
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="ecs-cluster-kit-"))
    folder.chmod(0o755)
    made = copy(folder / "ecs-cluster-kit")
    (made / "lab" / "demo.py").write_text("raise SystemExit('the demo begins')\n")
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    log = tmp_path_factory.mktemp("image") / "image.log"
    return build.ensure(recipe.debian_11(INIT_SCRIPT), log, Progress(quiet=True))


def refused(checkout: Path, before: str, *words: str, path: str | None = None, **env: str) -> str:
    """The one line that `make demo` says on such a machine; nothing may be left of it."""
    there = content(checkout)
    done = make(checkout, "demo", *words, before=before, path=path, **env)
    assert done.returncode != 0
    assert done.stdout == ""
    assert content(checkout) == there
    [line] = said(done)
    return line


def test_an_ordinary_user_without_sudo(checkout: Path) -> None:
    before = HIDE_SUDO + "exec setpriv --reuid 65534 --regid 65534 --clear-groups"
    line = refused(checkout, before, path=PLAIN_PATH, HOME="/nonexistent")
    assert line == "make: This needs root, and there is no sudo here: run it as root."


def test_an_ordinary_user_whom_sudo_refuses(checkout: Path) -> None:
    sudo = checkout.parent / "sudo"  # Debian's own asks who may in files of this machine
    sudo.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    sudo.chmod(0o755)
    before = "exec setpriv --reuid 65534 --regid 65534 --clear-groups"
    line = refused(checkout, before, path=f"{checkout.parent}:{PLAIN_PATH}", HOME="/nonexistent")
    assert line == "make: This needs root, and sudo refuses: run it as root, or as a user who may use sudo."


def test_root_of_a_container_that_may_do_little(checkout: Path) -> None:
    line = refused(checkout, "exec setpriv --bounding-set=-net_admin,-sys_admin")
    assert line == (
        "make: Root lacks NET_ADMIN and SYS_ADMIN here: run this on a machine, or in a privileged container."
    )


def test_no_control_groups(checkout: Path) -> None:
    line = refused(checkout, "mount -t tmpfs none /sys/fs/cgroup")
    assert line.startswith("make: Control groups are not mounted at /sys/fs/cgroup")
    assert line.endswith("in a privileged container.")


def test_control_groups_that_cannot_be_changed(checkout: Path) -> None:
    mounts = "grep -o ' /sys/fs/cgroup[^ ]*' /proc/self/mounts | sort -r"
    line = refused(checkout, f"for place in $({mounts}); do mount -o remount,bind,ro $place; done")
    assert line.startswith("make: Control groups at /sys/fs/cgroup are read-only")


@pytest.mark.parametrize("place", ["/var/lib/containers", "."])
def test_a_full_disk(checkout: Path, place: str) -> None:
    # The checkout itself has to be on the small disk: a copy of it is.
    small = f"mkdir -p {place}; mount -t tmpfs -o size=90m none {place}"
    before = small if place != "." else f'cp -a . ../full; {small}; cp -a ../full/. "$PWD"; rm -r ../full; cd "$PWD"'
    line = refused(checkout, before)
    where = checkout if place == "." else place
    assert line == f"make: Only 0.1 GB are free at {where}: the lab needs 3 GB, make room there."


def test_too_little_memory(checkout: Path, tmp_path: Path) -> None:
    little = tmp_path / "meminfo"
    little.write_text("MemTotal:        2048000 kB\nMemFree:          100000 kB\nMemAvailable:    1536000 kB\n")
    line = refused(checkout, f"mount --bind {little} /proc/meminfo")
    assert line.startswith("make: Only 1500 MiB of memory are free: 5 servers need 3072 MiB. ")
    assert "lab up --plan" in line


def test_another_system_than_debian(checkout: Path) -> None:
    tools = checkout.parent / "tools"
    tools.mkdir()
    for tool in (path for folder in PLAIN_PATH.split(":") for path in Path(folder).iterdir()):
        if tool.name != "apt-get" and not (tools / tool.name).is_symlink():
            (tools / tool.name).symlink_to(tool)
    line = refused(checkout, "", path=str(tools))
    assert line == "make: this needs Debian 12 (no apt-get here)"


def test_a_python_that_is_too_old(checkout: Path, image: str) -> None:
    """Debian 11 has Python 3.9: that of the lab's hosts is tried."""
    old = checkout.parent / "old-python"
    old.write_text(
        "#!/bin/sh\nexec podman --runtime runc run --rm --network none --ulimit nofile=1024:1024 "
        f'--ulimit nproc=1024:1024 {image} python3 "$@"\n'
    )
    old.chmod(0o755)
    line = refused(checkout, "", f"PYTHON={old}")
    assert line == "make: Python 3.11 or newer is needed; say which with PYTHON=..."


def test_no_debian_package_source(checkout: Path) -> None:
    dead = "deb http://127.0.0.1:9/debian bookworm main"
    before = f"""
for place in /etc/apt /var/lib/apt/lists /var/cache/apt; do mount -t tmpfs none $place; done
mkdir -p /var/cache/apt/archives/partial /var/lib/apt/lists/partial
echo "{dead}" >/etc/apt/sources.list
"""
    done = make(checkout, "packages", "PACKAGES=gnushogi", before=before)
    assert done.returncode != 0
    *shown, sentence = said(done)
    assert "    E: Unable to locate package gnushogi" in shown
    assert sentence.startswith("make: Debian packages: gnushogi failed after ")
    assert ": is a Debian package source reachable from here? (" in sentence
    assert "127.0.0.1:9" in (checkout / ".lab" / "logs" / "packages.log").read_text()


def test_no_python_package_index(checkout: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0"}
    done = make(checkout, "demo", **nowhere, PIP_NO_CACHE_DIR="1")
    assert done.returncode != 0
    *shown, sentence = said(done)
    assert any(line.startswith("    ") and "ERROR: " in line for line in shown), done.stderr  # pip indents at will
    assert sentence.startswith("make: Python packages into .venv failed after ")
    assert ": is a Python package index reachable from here? (" in sentence
    assert not (checkout / ".venv" / "bin" / ".installed").exists()


class Machine:
    """A network namespace with a lab in it, and what else is on that machine."""

    def __init__(self, folder: Path, code: Path = PROJECT) -> None:
        self.root = folder / "lab"
        self.root.mkdir()
        self.id = Workspace(self.root).id
        self.code = code

    @property
    def lab(self) -> str:
        return shlex.join([sys.executable, "-m", "lab.cli", "--root", str(self.root)])

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script there. `lab` is the command; the lab is taken down afterwards, whatever happened."""
        functions = f"""
lab() {{ {self.lab} "$@"; }}
listen() {{ coproc LISTENER {{ {sys.executable} -c {shlex.quote(LISTENER)} "$@"; }}; read -r _ <&"${{LISTENER[0]}}"; }}
trap 'lab down 2>/dev/null' EXIT
"""
        # With a process namespace too, whatever runs there ends with the script.
        own = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return subprocess.run(
            [*own, "bash", "-euc", OWN_NETWORK + functions + script],
            cwd=self.code,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def left(self) -> str:
        """A script that prints what a lab has left in the namespace: nothing, if it is well."""
        return f"ip -brief link | grep ek{self.id} || :; iptables-save | grep -i ek-{self.id} || :"

    def region(self) -> dict[str, object]:
        region: dict[str, object] = json.loads((self.root / "region-then.json").read_text())
        return region


@pytest.fixture
def machine(tmp_path: Path, image: str) -> Machine:
    return Machine(tmp_path)


def test_a_taken_port_and_a_taken_subnet_are_avoided(machine: Machine) -> None:
    taken = addresses.choose_network(machine.id, [])
    done = machine.run(f"""
ip route add {taken} dev lo
listen 0.0.0.0 8080
lab up
cp {machine.root}/.lab/region.json {machine.root}/region-then.json
lab status
lab down
{machine.left()}
""")
    assert done.returncode == 0, done.stderr
    region = machine.region()
    assert not IPv4Network(str(region["cidr"])).overlaps(taken)
    assert region["api_port"] == 8180
    assert f"API http://{region['api_address']}:8180" in done.stdout
    assert "ek" not in done.stdout.splitlines()[-1]


def test_a_port_that_was_taken_since_is_avoided_by_the_next_up(machine: Machine) -> None:
    done = machine.run(f"""
lab up
{sys.executable} -c {shlex.quote(END_OF_API)} {machine.root}
listen 0.0.0.0 8081
lab up
lab status
iptables-save -t nat
""")
    assert done.returncode == 0, done.stderr
    assert ":8180: `lab status`" in done.stdout
    assert ":8181" in done.stdout.split("*nat")[1], "the metadata service moves with it"
    assert ":8081" not in done.stdout.split("*nat")[1]


@pytest.mark.parametrize(
    ("taken", "sentence"),
    [
        (
            "listen 0.0.0.0 8080 8180 8280 8380 8480 8580 8680 8780 8880",
            "lab: Every port for the API from 8080 to 8880 is taken: `ss -ltnp` shows by whom.",
        ),
        (
            "ip route add 10.192.0.0/10 dev lo",
            "lab: No network between 10.200.0.0/16 and 10.250.0.0/16 is free: `ip route` shows who has them.",
        ),
    ],
)
def test_where_all_are_taken_nothing_is_left_behind(machine: Machine, taken: str, sentence: str) -> None:
    done = machine.run(f"{taken}\nlab up && exit 9\n{machine.left()}")
    assert done.stderr.splitlines() == [sentence]
    assert (done.returncode, done.stdout) == (0, "")
    assert not (machine.root / ".lab" / "region.json").exists()


def test_a_region_that_cannot_start_is_taken_away_again(machine: Machine, checkout: Path) -> None:
    (checkout / "lab" / "api" / "serve.py").write_text('raise SystemExit("the region is out of order")\n')
    machine.code = checkout
    done = machine.run(f"lab up && exit 9\n{machine.left()}")
    assert (done.returncode, done.stdout) == (0, "")
    *_, shown, sentence = done.stderr.splitlines()
    assert shown == "    the region is out of order"
    assert sentence.startswith("lab: The API did not start: the region is out of order")
    assert {path.name for path in (machine.root / ".lab").iterdir()} == {"logs"}


def test_no_package_source_for_the_hosts_image(machine: Machine, checkout: Path) -> None:
    """An image that nobody has built yet, on a machine without a way out."""
    packages = checkout / "lab" / "image" / "recipe.py"
    packages.write_text(packages.read_text().replace('    "sudo",\n', '    "sudo",\n    "gnushogi",\n'))
    machine.code = checkout
    done = machine.run(f"lab up && exit 9\n{machine.left()}")
    assert (done.returncode, done.stdout) == (0, "")
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("lab: The host image could not be built: E: ")
    assert "Is Debian's package mirror reachable from here? The whole log: " in sentence
    assert {path.name for path in (machine.root / ".lab").iterdir()} == {"logs"}
