"""Makes the project's module_utils importable the way modules and plugins import them."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))

import ansible.module_utils  # noqa: E402 - reads the configuration named above

if (folder := str(ROOT / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)
sys.path.insert(0, str(Path(__file__).parent))

import pytest  # noqa: E402
from fake_cloud import FakeCloud  # noqa: E402


@pytest.fixture
def cloud():
    """A cloud of one's own, empty, on loopback."""
    with FakeCloud() as fake:
        yield fake
