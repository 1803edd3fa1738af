"""A cloud on loopback and a runner of the plugin for each test."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from inventory_runner import VARIABLES, Runner

from fake_cloud import FakeCloud  # isort: skip


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
