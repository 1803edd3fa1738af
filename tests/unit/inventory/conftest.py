"""A runner of the plugin and its clouds on loopback: a fake one for each test, the lab's API for all."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from inventory_runner import VARIABLES, Runner

from fake_cloud import FakeCloud  # isort: skip
from lab_region import Ansible, lab, lab_process  # isort: skip


__all__ = ["lab", "lab_process"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """`-m "not cli"` leaves out what takes most of the time."""
    for item in items:
        if "ansible" in getattr(item, "fixturenames", ()):
            item.add_marker("cli")


@pytest.fixture
def cloud():
    with FakeCloud() as fake:
        yield fake


@pytest.fixture
def runner(tmp_path, cloud, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return Runner(tmp_path, cloud, monkeypatch)


@pytest.fixture
def ansible(lab, tmp_path):
    """Ansible's commands on the lab."""
    return Ansible(lab, tmp_path)
