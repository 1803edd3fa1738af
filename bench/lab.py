"""The lab itself: from the call that orders a server to its SSH, what the region costs at rest, what a page costs."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import huaweicloudsdkecs.v2 as ecs

from bench.machine import describe, table
from lab import process, vault
from lab.commands import ssh
from lab.commands.down import down
from lab.commands.up import up
from lab.control import Control
from lab.customer import Customer, wait_for_ssh
from lab.hosts.podman import PodmanDriver
from lab.net.addresses import netns_name
from lab.plan import ServerPlan
from lab.progress import Progress
from lab.region.seeds import SeedOrder
from lab.settings import LabSettings
from lab.workspace import Workspace

ONE_ROUNDS, TEN_ROUNDS = 5, 3
MANY = 10
# cloud-init goes on for some seconds after SSH answers.
SETTLE_SECONDS, REST_SECONDS = 20.0, 60.0
PAGES, PAGE = 20, 1000
USER_DATA = "#!/bin/bash\necho 'root:${password}' | chpasswd\nbash /home/init.sh\n"


def run() -> str:
    """The Markdown table. Needs root; ten hosts are there at once."""
    with tempfile.TemporaryDirectory(prefix="eck-bench-") as folder, running_lab(Path(folder)) as (workspace, settings):
        region = Region(workspace, settings)
        one = [region.to_ssh(1) for _ in range(ONE_ROUNDS)]
        login = [region.to_login() for _ in range(ONE_ROUNDS)]
        ten = [region.to_ssh(MANY) for _ in range(TEN_ROUNDS - 1)]
        ten.append(region.to_ssh(MANY, keep=True))
        time.sleep(SETTLE_SECONDS)
        share, memory, beside = region.rest()
        page = region.page()
    rows: list[tuple[str, ...]] = [
        ("create call to SSH, one host", "<= 6 s", _seconds(one), _runs(one)),
        ("create call to a command run by SSH, host key of the console log", "-", _seconds(login), _runs(login)),
        (f"create calls to SSH, {MANY} hosts at once", "<= 20 s", _seconds(ten), _runs(ten)),
        ("the region's process at rest, processor", "<= 1 % of a core", f"{share:.2f} %", f"{REST_SECONDS:.0f} s"),
        ("the region's process at rest, memory", "<= 120 MB", f"{memory:.0f} MB", f"{beside:.0f} MB more for podman"),
        (f"a page of {PAGE} canned servers, processor", "<= 15 ms", f"{page * 1000:.1f} ms", f"median of {PAGES}"),
    ]
    return f"{describe()}\n\n{table(('what', 'aim', 'median', 'runs'), rows)}"


@contextmanager
def running_lab(root: Path) -> Iterator[tuple[Workspace, LabSettings]]:
    """A lab of its own, empty, taken down again whatever happens."""
    workspace = Workspace(root)
    try:
        yield workspace, up(workspace, None, Progress(quiet=True))
    finally:
        down(workspace, Progress(quiet=True))


class Region:
    """The region under measurement, as a customer and as its operating system see it."""

    def __init__(self, workspace: Workspace, settings: LabSettings) -> None:
        self._workspace = workspace
        self._customer = Customer(settings)
        self._password = vault.load(workspace).bootstrap_password
        self._pid = process.pids(workspace)[0]

    def to_ssh(self, count: int, keep: bool = False) -> float:
        """Seconds from the first call that orders until all of `count` servers answer; they go away unless `keep`."""
        plans = [
            ServerPlan(f"bench-{number}", "s6.medium.2", key_name="lab", user_data=USER_DATA) for number in range(count)
        ]
        begun = time.monotonic()
        self._customer.wait([self._customer.create(plan, self._password) for plan in plans])
        servers = self._customer.servers(name="bench-")
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(wait_for_ssh, servers))
        seconds = time.monotonic() - begun
        if not keep:
            self._customer.wait([self._customer.delete(server.id for server in servers)])
        return seconds

    def to_login(self) -> float:
        """Seconds from the call that orders a server until a command has run on it, its host key checked."""
        begun = time.monotonic()
        self.to_ssh(1, keep=True)
        subprocess.run(ssh.command(self._workspace, "bench-0", ["true"]), check=True, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - begun
        self._customer.wait([self._customer.delete([self._customer.find("bench-0").id])])
        return seconds

    def rest(self) -> tuple[float, float, float]:
        """Percent of a core and resident MB of the region's process, and MB of what podman keeps for each host."""
        begun, used = time.monotonic(), _cpu(self._pid)
        time.sleep(REST_SECONDS)
        share = 100 * (_cpu(self._pid) - used) / (time.monotonic() - begun)
        names = {
            netns_name(self._workspace.id, server)
            for server in PodmanDriver(self._workspace.id, self._workspace.directory).running()
        }
        return share, _memory([self._pid]), _memory(_monitors(names))

    def page(self) -> float:
        """Seconds of processor time the process takes for one page of canned servers."""
        Control(self._workspace.directory).seed(SeedOrder(PAGE, tags={"hazelcast": "c-{n%10}"}))
        client, request = self._customer.client, ecs.ListServersDetailsRequest(limit=PAGE)
        costs = []
        for _ in range(PAGES):
            before = _cpu(self._pid)
            client.list_servers_details(request)
            costs.append(_cpu(self._pid) - before)
        return statistics.median(costs)


def _cpu(pid: int) -> float:
    """Processor seconds of all threads so far: schedstat counts nanoseconds."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def _memory(pids: list[int]) -> float:
    """MB of resident memory; pages that several share count for each."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))
    return total * 1024 / 1e6


def _monitors(names: set[str]) -> list[int]:
    """The conmon processes of containers of these names."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if words[0].endswith("conmon") and names & set(words):
                found.append(int(entry.name))
    return found


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} s"


def _runs(values: list[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in values)
