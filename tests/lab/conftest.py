"""Real hosts for tests: they need root, podman, runc, iptables and (once) a Debian package source."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from lab.customer import ServerView
from tests.lab.fleet import Fleet
from tests.lab.world import ROOTS, World, remove_leftovers


@pytest.fixture(scope="session")
def labs() -> Iterator[Callable[[str], World]]:
    """Makes labs by name; every one of them is taken down at the end of the session, whatever happened in it."""
    if os.geteuid() != 0:
        pytest.fail("tests/lab starts real hosts and needs root: run `make lab-test`", pytrace=False)
    remove_leftovers()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, ROOTS / str(os.getpid()), ignore_errors=True)

        def make(name: str) -> World:
            world = World(name)
            stack.callback(world.remove)
            return world

        yield make


@pytest.fixture(scope="session")
def region(labs: Callable[[str], World]) -> World:
    """The lab most tests share: up, with no server but those that tests make."""
    world = labs("shared")
    world.up()
    return world


@pytest.fixture(scope="session")
def fleet(labs: Callable[[str], World]) -> Fleet:
    """Hosts in two regions and three VPCs, ready to run Hazelcast members by hand."""
    fleet = Fleet(labs("fleet"))
    fleet.up()
    return fleet


@pytest.fixture
def make_server(region: World) -> Iterator[Callable[..., ServerView]]:
    """Creates servers in the shared region as World.create does; they are deleted after the test."""
    made: list[str] = []

    def make(name: str, **options: object) -> ServerView:
        made.append(name)
        return region.create(name, **options)  # type: ignore[arg-type]

    yield make
    ids = [server.id for server in region.customer.servers() if server.name in made]
    if ids:
        region.customer.wait([region.customer.delete(ids)])


@pytest.fixture(scope="session")
def server(region: World) -> ServerView:
    """One server with the seed's user-data that tests only look at; its first boot is over."""
    made = region.create("looked-at", tags={"hazelcast": "demo"}, agency="ecs-cluster-kit")
    region.host_keys(made)
    return made
