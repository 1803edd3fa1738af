"""A lab of a test run: the same code as the `lab` command, in a directory of its own, removed whatever happens."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from lab import vault
from lab.commands import show, ssh
from lab.commands.down import down
from lab.commands.up import up
from lab.customer import Customer, ServerView, host_keys, wait_for_ssh
from lab.plan import ServerPlan
from lab.progress import Progress
from lab.settings import LabSettings
from lab.workspace import PROJECT, Workspace

# Under build/, which git ignores, and by process: two test runs of one checkout have two labs, and the next run finds
# and removes what a killed one left.
ROOTS = PROJECT / "build" / "labs"
FLAVOR = "s6.medium.2"
SEED_USER_DATA = "#!/bin/bash\necho 'root:${password}' | chpasswd\nbash /home/init.sh\n"
BOOT_SECONDS = 60.0


class World:
    """A lab with what a test asks of it. `name` tells the labs of one test run apart."""

    def __init__(self, name: str) -> None:
        self.workspace = Workspace(ROOTS / str(os.getpid()) / name)
        self.workspace.root.mkdir(parents=True)
        self.progress = Progress(quiet=True)
        self._host_keys: dict[str, list[str]] = {}

    def up(self, plan: Path | None = None) -> LabSettings:
        return up(self.workspace, plan, self.progress)

    def down(self) -> None:
        down(self.workspace, self.progress)

    def remove(self) -> None:
        """Take the lab down and its directory away."""
        self.down()
        shutil.rmtree(self.workspace.root)

    @property
    def settings(self) -> LabSettings:
        return show.settings_of(self.workspace)

    @property
    def customer(self) -> Customer:
        return Customer(self.settings)

    @property
    def secrets(self) -> vault.Secrets:
        return vault.load(self.workspace)

    def env(self) -> dict[str, str]:
        """What a user exports: the lines of `lab env` as a mapping, on top of the process environment."""
        words = shlex.split(show.env(self.workspace).replace("export ", ""))
        return dict(os.environ) | dict(word.split("=", 1) for word in words)

    def create(
        self,
        name: str,
        *,
        user_data: str = SEED_USER_DATA,
        tags: Mapping[str, str] | None = None,
        agency: str = "",
        flavor: str = FLAVOR,
        image: str = "",
        ssh_answers: bool = True,
    ) -> ServerView:
        """Order a server with the lab's login key, wait until it is ACTIVE and, unless told not to, for its SSH."""
        plan = ServerPlan(
            name, flavor, tags=dict(tags or {}), agency=agency, key_name="lab", user_data=user_data, image=image
        )
        self.customer.wait([self.customer.create(plan, self.secrets.bootstrap_password)])
        server = self.customer.find(name)
        if ssh_answers:
            wait_for_ssh(server)
        return server

    def delete(self, server: ServerView) -> None:
        self.customer.wait([self.customer.delete([server.id])])

    def host_keys(self, server: ServerView) -> list[str]:
        """The keys of the console log; waits for the end of the first boot, which prints them."""
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._host_keys.get(server.id):
            assert time.monotonic() < deadline, f"{server.name} printed no host keys"
            self._host_keys[server.id] = host_keys(self.customer.console(server.id))
            time.sleep(0.2)
        return self._host_keys[server.id]

    def ssh(self, server: ServerView, command: str, check: bool = True) -> str:
        """Run a shell command as root by the lab's key, host key checked; returns its output, both streams."""
        options = ssh.options(self.workspace, server, self.host_keys(server))
        argv = ["ssh", "-o", "BatchMode=yes", *options, f"root@{server.address}", command]
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False
        )
        assert not check or done.returncode == 0, f"`{command}` on {server.name} ended {done.returncode}: {done.stdout}"
        return done.stdout.strip()

    def ssh_by_password(self, server: ServerView, password: str, command: str) -> subprocess.CompletedProcess[str]:
        """The same by password alone, host key checked."""
        options = ssh.options(self.workspace, server, self.host_keys(server))
        # ssh asks this program for the password; it reaches it by the environment, not by an argument.
        askpass = self.workspace.directory / "askpass"
        askpass.write_text("#!/bin/sh\nprintf '%s\\n' \"$LAB_TEST_PASSWORD\"\n")
        askpass.chmod(0o700)
        alone = ["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
        return subprocess.run(
            ["ssh", *alone, *options, f"root@{server.address}", command],
            env={
                **os.environ,
                "SSH_ASKPASS": str(askpass),
                "SSH_ASKPASS_REQUIRE": "force",
                "LAB_TEST_PASSWORD": password,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def remove_leftovers() -> None:
    """Take down the labs of test runs that are no longer there."""
    for run in ROOTS.glob("*") if ROOTS.is_dir() else ():
        if not Path("/proc", run.name).exists():
            for root in run.iterdir():
                down(Workspace(root), Progress(quiet=True))
            shutil.rmtree(run)
