"""Kills `ansible-playbook` at one of its API calls, runs it again, and says what came of it.

A case is replayable by its name, `playbook/when/call`: that run of provision.yml or teardown.yml gets SIGKILL, with all
its processes, at that API call.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from instance_world import NEW, ROOT, ZONES, InstanceWorld
from killer import Killer

PLAN = {
    "name": "proof",
    **NEW,
    "availability_zones": ZONES,
    "systems": {"hazelcast": {"a": {"count": 2}}, "etcd": {"r": {"per_zone": {ZONES[1]: 1}}}},
}
NAMES = ["etcd-r-0001", "hazelcast-a-0001", "hazelcast-a-0002"]
PLAYBOOKS = ("provision", "teardown")
WHENS = ("before", "after")


class PlaybookStage:
    """Makes an empty region for each case behind one socket."""

    def __init__(self, address, switch, folder):
        self._address = address
        self._switch = switch
        self._folder = folder
        self._made = 0

    def world(self):
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        return InstanceWorld(self._address, folder)

    def start(self, world, playbook, *arguments, region="", **variables):
        """The playbook as a user starts it, in a session of its own. Servers are in the books only: no play on them."""
        keys = world.connection()
        variables = {
            **(variables or {"cluster_plan": PLAN, "confirm": PLAN["name"]}),
            "plan_state_file": str(world.state_file),
        }
        # Named, so that --limit may name it whatever else there is.
        (world.folder / "localhost.yml").write_text("all: {hosts: {localhost: }}\n")
        return subprocess.Popen(
            [
                str(Path(sys.executable).parent / "ansible-playbook"),
                str(ROOT / "playbooks" / f"{playbook}.yml"),
                f"--inventory={ROOT / 'inventory'}",
                "--inventory=localhost.yml",
                "--limit=localhost",
                f"-e={json.dumps(variables)}",
                *arguments,
            ],
            cwd=world.folder,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "HUAWEICLOUD_SDK_AK": keys["access_key"],
                "HUAWEICLOUD_SDK_SK": keys["secret_key"],
                "HW_REGION_NAME": region or keys["region"],
                **{f"HW_{name.upper()}_ENDPOINT": url for name, url in keys["endpoints"].items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, world, playbook):
        """A whole run. Returns how many API calls it made; raises AssertionError when it fails."""
        counted = Killer(world.api)
        self._switch.application = counted
        with self.start(world, playbook) as process:
            said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return counted.seen

    def kill(self, world, playbook, call, when):
        killer = Killer(world.api, call, when)
        with self.start(world, playbook) as process:
            killer.end = lambda: os.killpg(process.pid, signal.SIGKILL)
            self._switch.application = killer
            said, _ = process.communicate(timeout=120)
        assert killer.struck.is_set(), f"the run ended before its call {call}: {said[-300:]}"
        assert process.returncode == -signal.SIGKILL
        killer.served.wait(10)

    def calls(self):
        """Playbook -> how many API calls an undisturbed run makes."""
        world = self.world()
        return {playbook: self.run(world, playbook) for playbook in PLAYBOOKS}

    def cases(self):
        """Every case, as its name."""
        return [
            f"{playbook}/{when}/{call}"
            for playbook, calls in self.calls().items()
            for call in range(1, calls + 1)
            for when in WHENS
        ]

    def play(self, case):
        """Kill, run again, look; then take it all back. Raises AssertionError."""
        cut, when, call = case.split("/")
        world = self.world()
        for playbook in PLAYBOOKS:
            if playbook == cut:
                self.kill(world, playbook, int(call), when)
            self.run(world, playbook)
            assert world.names() == (NAMES if playbook == "provision" else [])
        assert len(world.hosts.booted) == len(NAMES), "a server too many was made"
        assert world.cloud.store.remnants == {}, "something is left that is paid for"
