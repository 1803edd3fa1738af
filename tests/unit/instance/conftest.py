"""The modules against a region on a loopback socket: real code, real HTTP, hosts in the books only."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))
# The SDK writes ~/.huaweicloud on import. Processes that tests start share the home; it goes with the first of them.
if "sdk-home-" not in os.environ.get("HOME", ""):
    HOME = tempfile.TemporaryDirectory(prefix="sdk-home-")
    os.environ["HOME"] = HOME.name

import ansible.module_utils  # noqa: E402 - reads the configuration named above

if (folder := str(ROOT / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "unit" / "lab")]

import cuts  # noqa: E402
import pytest  # noqa: E402
from instance_world import InstanceWorld  # noqa: E402
from region_world import Switch, listening  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "unhurried: pauses are as long as they are for a user")


@pytest.fixture(scope="session")
def socket_and_switch():
    switch = Switch()
    with listening(switch) as address:
        yield address, switch


@pytest.fixture(autouse=True)
def fast(request):
    """Pauses are short; a test that measures them is marked `unhurried`."""
    with contextlib.nullcontext() if request.node.get_closest_marker("unhurried") else cuts.hurried():
        yield


@pytest.fixture
def cloud(socket_and_switch, tmp_path):
    """A region of one's own, empty, and the modules pointed at it."""
    address, switch = socket_and_switch
    world = InstanceWorld(address, tmp_path)
    switch.application = world.api
    return world
