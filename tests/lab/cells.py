"""The matrix: three ways to ask ECS, three scenarios, three networks, and what each valid cell is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.lab.fleet import Fleet, Member
from tests.lab.hazelcast_file import KEYS, LOGIN, METADATA, MODES, HazelcastFile, example

ONE_SERVER, ONE_EACH, MANY_EACH = "one server, many members", "many servers, one member", "many servers, many members"
ONE_VPC, PEERING, CONNECT = "one VPC", "two VPCs, VPC Peering", "two regions, Cloud Connect"
# A bare 5703 is "the largest port".
PORTS = {ONE_SERVER: "5701-5703", ONE_EACH: "5701", MANY_EACH: "5703"}
PLACES = {
    ONE_VPC: ("north-1", "north-2"),
    PEERING: ("north-1", "second-1"),
    CONNECT: ("north-1", "south-1"),
}


@dataclass(frozen=True)
class Cell:
    """A way to ask, a scenario and a network; `without_agency`: one server whose metadata gives it no key."""

    mode: str
    scenario: str
    network: str
    without_agency: bool = False

    def __str__(self) -> str:
        return f"{self.mode}{', no agency' * self.without_agency}; {self.scenario}; {self.network}"

    @property
    def places(self) -> Mapping[str, int]:
        """Host -> how many members run there: the whole cluster, and nothing else."""
        if self.scenario == ONE_SERVER:
            return {"stranger-1" if self.without_agency else "north-1": 3}
        return dict.fromkeys(PLACES[self.network], 3 if self.scenario == MANY_EACH else 1)

    def file(self, fleet: Fleet) -> HazelcastFile:
        regions = 2 if self.network == CONNECT else 1
        settings, anchor = fleet.world.settings, fleet.servers["north-1"]
        return HazelcastFile(example(self.mode, settings, anchor, PORTS[self.scenario], regions))

    def start(self, fleet: Fleet) -> list[Member]:
        return fleet.start(self.file(fleet), self.places)


# One server is in one network only.
VALID = (
    *(Cell(mode, ONE_SERVER, ONE_VPC) for mode in MODES),
    Cell(METADATA, ONE_SERVER, ONE_VPC, without_agency=True),
    *(Cell(mode, scenario, network) for scenario in (ONE_EACH, MANY_EACH) for network in PLACES for mode in MODES),
)
# Every mode, scenario and network once: what `make test` has time for.
SAMPLE = (
    Cell(METADATA, ONE_SERVER, ONE_VPC, without_agency=True),
    Cell(LOGIN, ONE_EACH, PEERING),
    Cell(KEYS, MANY_EACH, CONNECT),
)


def founders(fleet: Fleet, members: list[Member]) -> list[Member]:
    """Those that were a cluster of their own, however briefly: the oldest member of a cluster always was."""
    return [member for member in members if fleet.count(member, "Members {size:1,")]


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be: what is changed of the mode's example (None: left out), where, and the sentence."""

    what: str
    mode: str
    changed: Mapping[str, str | None]
    sentence: str
    host: str = "north-1"

    def file(self, fleet: Fleet) -> HazelcastFile:
        given = example(self.mode, fleet.world.settings, fleet.servers["north-1"], "5701") | dict(self.changed)
        return HazelcastFile({name: value for name, value in given.items() if value is not None}, ports=AT_ONCE)


AT_ONCE = 4
TWO_REGIONS = "lab-north-1,lab-south-1"
INVALID = (
    Wrong("no way to ask", KEYS, {"access-key": "", "secret-key": ""}, "Nothing says how to ask ECS"),
    Wrong("a key without its secret", KEYS, {"secret-key": ""}, "access-key is given without secret-key"),
    Wrong("a login without its password", LOGIN, {"iam-password": None}, "iam-password (or iam-password-file) is"),
    Wrong("a key and a login", LOGIN, {"access-key": "A", "secret-key": "S"}, "Give either access-key and secret-key"),
    Wrong("a key without the region", KEYS, {"region": ""}, "region is missing"),
    Wrong("two regions, one project", KEYS, {"region": TWO_REGIONS}, "2 region(s) and 1 project id(s) are given"),
    Wrong("no port", METADATA, {"port": ""}, "port is missing: give '5701', '5701-5703' or '5703'"),
    Wrong("a port that is none", METADATA, {"port": "5703-5701"}, "5703-5701"),
    Wrong("a value without its key", METADATA, {"tag-value": "wide"}, "tag-value is given without tag-key"),
    Wrong("an unknown property", METADATA, {"tag-keys": "hazelcast"}, "Unknown properties: '[tag-keys]'"),
    Wrong("two regions, no agency", METADATA, {"region": TWO_REGIONS}, "this server has no agency", "stranger-1"),
    Wrong("a tag, no agency", METADATA, {"tag-key": "hazelcast"}, "this server has no agency", "stranger-1"),
    Wrong("an anchor without the tag", KEYS, {"tag-key": "absent"}, "has no tag 'absent'"),
)
# What only a whole setting shows, not the file alone.
INVALID_SAMPLE = INVALID[-3:]


def refusals(fleet: Fleet, wrongs: Sequence[Wrong]) -> list[str]:
    """Start a member for each; returns their logs, ended as they are, in the same order."""
    logs: list[str] = []
    for first in range(0, len(wrongs), AT_ONCE):
        started = [fleet.start(wrong.file(fleet), {wrong.host: 1})[0] for wrong in wrongs[first : first + AT_ONCE]]
        logs += [fleet.ends(member) for member in started]
    return logs
