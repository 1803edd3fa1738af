"""A server of a private image that joins a running cluster: from the call that orders it to its membership."""

from __future__ import annotations

import json
import os
import re
import shlex
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from bench.lab import running_lab
from bench.machine import describe, table
from lab import vault
from lab.commands import show, ssh
from lab.customer import Customer, ServerView
from lab.plan import ServerPlan
from lab.settings import LabSettings
from lab.workspace import PROJECT, Workspace

MEMBERS, ROUNDS = 3, 5
IMAGE = "bench-hazelcast"
AIM_SECONDS, LONGEST_SECONDS = 25, 180.0
POLL_SECONDS = 0.2
# Servers made within a minute count as one start and join in turns: a round's server is to be the only young one.
APART_SECONDS = 61
USER_DATA = "#!/bin/bash\necho 'root:${password}' | chpasswd\nbash /home/init.sh\n"
# Whom the member sees, by its last list of members.
SEEN = "journalctl -u hazelcast@5701 -o cat --no-pager | tac | grep -m 1 -B 20 '^Members {'"


def run() -> str:
    """The Markdown table. Needs root; four hosts are there at once."""
    with tempfile.TemporaryDirectory(prefix="eck-bench-") as folder, running_lab(Path(folder)) as (workspace, settings):
        region = Region(workspace, settings, make_image(workspace, settings))
        region.order(MEMBERS)
        region.wait_until_seen()
        rounds = []
        for _ in range(ROUNDS):
            time.sleep(APART_SECONDS)
            rounds.append(region.one_more())
    median = statistics.median(rounds)
    runs = " / ".join(f"{seconds:.1f}" for seconds in rounds)
    what = f"private image: create call to member of a running cluster of {MEMBERS}"
    return f"{describe()}\n\n" + table(
        ("what", "aim", "median", "runs"), [(what, f"<= {AIM_SECONDS} s", f"{median:.1f} s", runs)]
    )


def make_image(workspace: Workspace, settings: LabSettings) -> str:
    """Run playbooks/image.yml. Returns the image's id; raises RuntimeError when there is none."""
    region = settings.regions[0]
    server = {
        "flavor": "s6.medium.2",
        "image": settings.images[0].name,
        "vpc_id": region.subnets[0].vpc_id,
        "networks": [{"subnet_id": region.subnets[0].id}],
        "security_groups": [region.security_groups[0].id],
        "key_name": "lab",
        "user_data": "#!/bin/bash\necho 'root:{{ vault_bootstrap_root_password }}' | chpasswd\n",
    }
    plan = json.dumps({"image_plan": {"name": IMAGE, "server": server, "heap_mb": 192}})
    exports = shlex.split(show.env(workspace).replace("export ", ""))
    done = subprocess.run(
        [".venv/bin/ansible-playbook", "playbooks/image.yml", "-e", plan],
        cwd=PROJECT,
        env=dict(os.environ) | dict(word.split("=", 1) for word in exports),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not (made := re.search(rf"The image {IMAGE} is there \(([^)]+)\)", done.stdout)):
        raise RuntimeError(f"playbooks/image.yml failed: {done.stdout[-1500:]}")
    return made[1]


class Region:
    """One cluster of servers of the image, and its first member's view of it."""

    def __init__(self, workspace: Workspace, settings: LabSettings, image: str) -> None:
        self._customer = Customer(settings)
        self._password = vault.load(workspace).bootstrap_password
        self._workspace = workspace
        self._image = image
        self._made = 0

    def order(self, count: int) -> list[str]:
        """Order servers that differ in nothing but their names. Returns the names."""
        names = [f"member-{number:02d}" for number in range(self._made, self._made + count)]
        self._made += count
        plans = [
            ServerPlan(
                name,
                "s6.medium.2",
                tags={"hazelcast": "bench"},
                agency="ecs-cluster-kit",
                key_name="lab",
                user_data=USER_DATA,
                image=self._image,
            )
            for name in names
        ]
        self._customer.wait([self._customer.create(plan, self._password) for plan in plans])
        return names

    def one_more(self) -> float:
        """Seconds from the call that orders one more server until the first member sees it; then it goes away."""
        begun = time.monotonic()
        [name] = self.order(1)
        self.wait_until_seen()
        seconds = time.monotonic() - begun
        self._customer.wait([self._customer.delete([self._customer.find(name).id])])
        return seconds

    def wait_until_seen(self) -> None:
        """Until the first member sees the members of all servers. Raises RuntimeError when they do not come."""
        servers = self._customer.servers(name="member-")
        wanted = {server.address for server in servers}
        look = ssh.command(self._workspace, _oldest(servers).name, [SEEN])
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            log = subprocess.run(look, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
            if (seen := set(re.findall(r"Member \[([0-9.]+)\]:5701", log))) == wanted:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"The first member sees {sorted(seen)} instead of {sorted(wanted)}.")
            time.sleep(POLL_SECONDS)


def _oldest(servers: list[ServerView]) -> ServerView:
    return min(servers, key=lambda server: server.name)
