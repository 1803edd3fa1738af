"""The discovery strategy, in a Java process that does as it is told, on the lab's API process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "unit" / "inventory"), str(ROOT / "tests" / "unit" / "lab")]

from lab_region import REGION, lab, lab_process  # noqa: E402 - the paths come first

__all__ = ["REGION", "lab", "lab_process"]

DISCOVERY = ROOT / "discovery"
DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath"
HERE = "127.0.0.1"
"""This machine as the lab's metadata service sees it: the address of a server."""


class Strategy:
    """One member's strategy. `log` has what it logged, as "LEVEL text"."""

    def __init__(self, class_path, properties):
        self.log = []
        arguments = [f"{name}={value}" for name, value in properties.items()]
        self._process = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", class_path, "io.ecsclusterkit.hazelcast.Ask", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self):
        """What discoverNodes gives: sorted addresses, or the sentence of its failure."""
        self._order("ask")
        for line in self._process.stdout:
            kind, _, said = line.rstrip("\n").partition(" ")
            if kind == "nodes":
                return sorted(said.split())
            if kind == "failed":
                return said
            self.log.append(f"{kind} {said}")
        raise AssertionError(f"the strategy ended: {self._process.stderr.read()[-2000:]}")

    def later(self, seconds):
        self._order(f"later {seconds}")

    def logged(self, level, words):
        """How many lines of that level hold these words."""
        return sum(line.startswith(f"{level} ") and words in line for line in self.log)

    def _order(self, words):
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()

    def end(self):
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def class_path(tmp_path_factory):
    """The strategy, its tests and what they need, built."""
    listing = tmp_path_factory.mktemp("java") / "class_path"
    goals = ["test-compile", DEPENDENCIES, f"-Dmdep.outputFile={listing}"]
    maven = ["mvn", "-q", "-B", "-ntp", "-Dstyle.color=never", *goals]
    built = subprocess.run(maven, cwd=DISCOVERY, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:]
    return f"{DISCOVERY}/target/classes:{DISCOVERY}/target/test-classes:{listing.read_text().strip()}"


@pytest.fixture
def keys(lab):
    """Properties of the first way: an access key, and the tag of the cluster."""
    return {
        "access-key": lab.account.access_key,
        "secret-key": lab.account.secret_key,
        "region": REGION,
        "project-id": lab.project(REGION),
        "tag-key": "hazelcast",
        "tag-value": "a",
    }


@pytest.fixture
def strategy(lab, class_path):
    """Makes strategies on the lab; they end with the test."""
    made = []

    def make(properties):
        endpoints = {"port": "5701", "endpoint-ecs": lab.url, "endpoint-iam": lab.url}
        quick = {"endpoint-metadata": lab.metadata_url, "read-timeout-seconds": "1", "connect-timeout-seconds": "1"}
        made.append(Strategy(class_path, {**endpoints, **quick, **properties}))
        return made[-1]

    yield make
    for each in made:
        each.end()
