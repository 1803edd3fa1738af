"""Every release of Hazelcast that the discovery strategy is for: its whole test suite with that release."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree as ET

from lab.workspace import PROJECT
from tests.prove.record import record

# All there are: 5.3.3 and 5.3.4 were never published.
RELEASES = ("5.3.1", "5.3.2", "5.3.5", "5.3.6", "5.3.7", "5.3.8")
DISCOVERY = PROJECT / "discovery"
REPORTS = DISCOVERY / "target" / "surefire-reports"
SAID = """
The JUnit suite of `discovery/` with each release of Hazelcast 5.3 from 5.3.1 on in place of the one it is built with.
Real members of that release form clusters in it. One test expects something else of 5.3.1 than of the others: of
members that join in one batch, only the last hears of objects made later (HZ-2797).
"""


def run_with(release: str) -> tuple[int, int]:
    """How many ran with this release, and how many of them did not pass."""
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    options = ["-q", "-B", "-ntp", "-Dstyle.color=never", "-Djacoco.skip", "-Dmaven.test.failure.ignore=true"]
    done = subprocess.run(
        ["mvn", *options, f"-Dhazelcast.version={release}", "test"],
        cwd=DISCOVERY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    suites = [ET.parse(report).getroot() for report in REPORTS.glob("*.xml")]
    assert done.returncode == 0 and suites, done.stdout[-3000:]
    ran = sum(int(suite.get("tests", "0")) - int(suite.get("skipped", "0")) for suite in suites)
    return ran, sum(int(suite.get("failures", "0")) + int(suite.get("errors", "0")) for suite in suites)


def test_the_suite_passes_with_every_release() -> None:
    found = {release: run_with(release) for release in RELEASES}
    rows = [(release, str(ran), str(failed)) for release, (ran, failed) in found.items()]
    assert all(failed == 0 for _, failed in found.values()), rows
    assert len({ran for ran, _ in found.values()}) == 1, rows
    record("versions", "The strategy with every release of Hazelcast 5.3", SAID, ("Hazelcast", "tests", "failed"), rows)
