"""A region on a loopback socket, spoken to by Huawei's own SDK."""

from __future__ import annotations

import os
import tempfile

# The SDK writes ~/.huaweicloud on import. Processes that tests start share the home; it goes with the first of them.
if "sdk-home-" not in os.environ.get("HOME", ""):
    HOME = tempfile.TemporaryDirectory(prefix="sdk-home-")
    os.environ["HOME"] = HOME.name

import pytest
from region_world import SlowHosts, Switch, World, ecs_client, listening


@pytest.fixture
def hosts():
    return SlowHosts()


@pytest.fixture
def world(hosts):
    return World(hosts)


@pytest.fixture(scope="session")
def socket_and_switch():
    """One listening socket for all tests: starting a server for each would take longer than the tests."""
    switch = Switch()
    with listening(switch) as address:
        yield address, switch


@pytest.fixture
def at_socket(socket_and_switch):
    """Puts a world's API behind the socket; returns the URL."""
    address, switch = socket_and_switch

    def put(world):
        switch.application = world.api
        return address

    return put


@pytest.fixture
def url(world, at_socket):
    return at_socket(world)


@pytest.fixture
def ecs(url, world):
    return ecs_client(url, world.account)


@pytest.fixture
def iam(url, world):
    from huaweicloudsdkcore.auth.credentials import GlobalCredentials
    from huaweicloudsdkiam.v3 import IamClient

    account = world.account
    credentials = GlobalCredentials(account.access_key, account.secret_key, account.domain_id)
    return IamClient.new_builder().with_credentials(credentials).with_endpoint(url).build()
