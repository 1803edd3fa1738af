"""The signatures that the strategy's tests compare theirs with are those of the official SDK that is installed."""

from __future__ import annotations

import subprocess
import sys

from lab.workspace import PROJECT

SCRIPT = PROJECT / "discovery/src/test/python/signer_vectors.py"


def test_the_vectors_are_what_the_official_sdk_signs() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
