"""The programs of bench/discovery/programs, built and run."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "programs/target"
PACKAGE = "io.ecsclusterkit.hazelcast"
LONGEST = 600
"""Seconds that any of the programs may take."""


@cache
def class_path() -> str:
    """Builds them and the jar they measure. Raises AssertionError with Maven's last words when it fails."""
    maven = ["mvn", "-q", "-B", "-ntp", "-Dstyle.color=never", "-DskipTests"]
    built = subprocess.run([*maven, "-f", HERE / "pom.xml", "package"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:]
    return f"{TARGET}/ecs-discovery-bench-0.1.0.jar:{TARGET}/lib/*"


def version() -> str:
    """Which Java everything here runs on."""
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    return said.splitlines()[1].split(" (")[0] + " " + said.splitlines()[0].split()[2].strip('"')


def run(program: str, *arguments: str, heap_mb: int = 256) -> subprocess.CompletedProcess[str]:
    command = ["java", f"-Xmx{heap_mb}m", "-cp", class_path(), f"{PACKAGE}.{program}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)


def jmh(pattern: str, result: Path, *arguments: str) -> dict[str, float]:
    """The median of each benchmark of that name, in milliseconds, by method."""
    options = [pattern, "-rf", "json", "-rff", str(result), *arguments]
    command = ["java", "-cp", class_path(), "org.openjdk.jmh.Main", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    found = json.loads(result.read_text())
    return {each["benchmark"].rpartition(".")[2]: each["primaryMetric"]["scorePercentiles"]["50.0"] for each in found}
