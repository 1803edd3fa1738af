"""Cuts a run of the instance module at one of its API calls, runs it again, and says what came of it.

A case is replayable by its name: `scenario/manner/when/call`. Manners: `killed` (the process ends there) and `reset`
(the connection does). When: `before` the request reached the cloud, or `after` it took effect, before the answer came.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from unittest.mock import patch

from ansible.module_utils.huaweicloud.errors import TransportError
from ansible.module_utils.huaweicloud.instance import jobs
from ansible.module_utils.huaweicloud.retry import RetryPolicy
from ansible.module_utils.huaweicloud.transport import Transport
from instance_world import NEW, OTHER_GROUP, ZONES, InstanceWorld

POOL = {"name": "hz", "count_tags": {"hazelcast": "a"}, "availability_zones": ZONES, **NEW}

PLAN = {
    "plan": "demo",
    "availability_zones": ZONES,
    **NEW,
    "servers": [
        {"name": "hz", "exact_count": 3, "tags": {"hazelcast": "a"}},
        {"name": "bastion", "availability_zone": ZONES[1], "eip": {"bandwidth_size": 5}},
    ],
}


@dataclass(frozen=True)
class Scenario:
    """`prepare`: runs before the one that is cut. `most`: servers that may ever be made in all."""

    params: dict
    names: tuple[str, ...]
    most: int
    prepare: tuple[dict, ...] = ()


CHANGED = {
    "name": "hz-1",
    "tags": {"a": "b"},
    "metadata": {"m": "1", "gone": None},
    "security_groups": [OTHER_GROUP],
    "state": "stopped",
}

SCENARIOS = {
    "pool": Scenario({"exact_count": 3, **POOL}, ("hz-0001", "hz-0002", "hz-0003"), 3),
    "plan": Scenario(PLAN, ("bastion", "hz-0001", "hz-0002", "hz-0003"), 4),
    "stopped": Scenario({"name": "hz-1", "state": "stopped", **NEW}, ("hz-1",), 1),
    "grow": Scenario(
        {"exact_count": 4, **POOL}, tuple(f"hz-000{n}" for n in range(1, 5)), 4, ({"exact_count": 2, **POOL},)
    ),
    "shrink": Scenario({"exact_count": 1, **POOL}, ("hz-0001",), 3, ({"exact_count": 3, **POOL},)),
    "none": Scenario({"exact_count": 0, "count_tags": {"hazelcast": "a"}}, (), 2, ({"exact_count": 2, **POOL},)),
    "absent": Scenario({"name": "hz-1", "state": "absent"}, (), 1, ({"name": "hz-1", **NEW},)),
    "change": Scenario(
        CHANGED, ("hz-1",), 1, ({"name": "hz-1", "tags": {"c": "d"}, "metadata": {"gone": "x"}, **NEW},)
    ),
    "restart": Scenario({"name": "hz-1", "state": "restarted"}, ("hz-1",), 1, ({"name": "hz-1", **NEW},)),
    "resize": Scenario(
        {"name": "hz-1", "flavor": "s6.small.1", "force": True}, ("hz-1",), 1, ({"name": "hz-1", **NEW},)
    ),
}

MANNERS = ("killed", "reset")
WHENS = ("before", "after")


class Killed(BaseException):
    """The process ends here: as with SIGKILL, nothing catches it."""


@contextlib.contextmanager
def hurried():
    """What is waited for is fast here: so are the pauses."""
    with patch.object(jobs, "FIRST_WAIT", 0.02), patch.object(RetryPolicy, "wait", lambda *_: 0.02):
        yield


@contextlib.contextmanager
def cut(call, manner, when):
    """Cut the `call`-th request (from 1). Yields a list with one element for each request sent."""
    send, seen = Transport.send, []

    def sending(self, *args, **kwargs):
        seen.append(None)
        if len(seen) != call:
            return send(self, *args, **kwargs)
        if when == "after":
            send(self, *args, **kwargs)
        raise Killed if manner == "killed" else TransportError("The connection was cut by the test.")

    with patch.object(Transport, "send", sending):
        yield seen


class Stage:
    """Makes a world for each case behind one socket."""

    def __init__(self, address, switch, folder):
        self._address = address
        self._switch = switch
        self._folder = folder
        self._made = 0

    def world(self, scenario):
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        world = InstanceWorld(self._address, folder)
        self.serve(world.api)
        for params in scenario.prepare:
            assert "failed" not in world.run(**params)
        return world

    def serve(self, application):
        """Put an application behind the socket."""
        self._switch.application = application

    @hurried()
    def calls(self, name):
        """How many requests an undisturbed run sends."""
        world = self.world(SCENARIOS[name])
        with cut(0, "", "") as seen:
            result = world.run(**SCENARIOS[name].params)
        assert "failed" not in result, result["msg"]
        return len(seen)

    def cases(self, names=tuple(SCENARIOS)):
        """Every case, as its name."""
        return [
            f"{name}/{manner}/{when}/{call}"
            for name in names
            for call in range(1, self.calls(name) + 1)
            for manner in MANNERS
            for when in WHENS
        ]

    @hurried()
    def play(self, case):
        """Cut, run again, look. Raises AssertionError."""
        name, manner, when, call = case.split("/")
        scenario = SCENARIOS[name]
        world = self.world(scenario)
        first = None
        with cut(int(call), manner, when), contextlib.suppress(Killed):
            first = world.run(**scenario.params)
        if manner == "reset":
            assert first is not None and "failed" not in first, first and first["msg"]
        self.finish(world, scenario)

    @hurried()
    def chain(self, seed):
        """One scenario, cut in several runs on end, each at a random call."""
        rng = random.Random(seed)
        scenario = SCENARIOS[rng.choice(list(SCENARIOS))]
        world = self.world(scenario)
        for _ in range(rng.randint(2, 4)):
            with cut(rng.randint(1, 6), "killed", rng.choice(WHENS)), contextlib.suppress(Killed):
                world.run(**scenario.params)
        self.finish(world, scenario)

    def finish(self, world, scenario):
        """The next run makes it the plan, the one after changes nothing, and it all goes away again."""
        again = world.run(**scenario.params)
        assert "failed" not in again, again["msg"]
        assert tuple(world.names()) == scenario.names == tuple(sorted(it["name"] for it in again["instances"]))
        assert len(world.hosts.booted) <= scenario.most, "a server too many was made"
        wanted = "SHUTOFF" if scenario.params.get("state") == "stopped" else "ACTIVE"
        assert all(it["status"] == wanted for it in again["instances"])
        world.forget()
        state = {"state": "started"} if scenario.params.get("state") == "restarted" else {}
        settled = world.run(**{**scenario.params, **state})
        assert not settled["changed"] and world.writes() == []
        assert '"orders": []' in world.state_file.read_text() if world.state_file.exists() else True
        for server in world.servers():
            world.run(id=server.id, state="absent")
        assert world.servers() == []
