"""Makes the project's module_utils importable the way modules and plugins import them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))

import ansible.module_utils  # noqa: E402 - reads the configuration named above

if (folder := str(ROOT / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)

import pytest  # noqa: E402

from tests.unit.huaweicloud.fake_cloud import FakeCloud  # noqa: E402


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    """A cloud of one's own, empty, on loopback."""
    with FakeCloud() as fake:
        yield fake
