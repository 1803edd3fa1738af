"""Would the discovery strategy's tests notice a wrong line? PIT breaks its rules one at a time and runs them.

Which classes, which tests and which ways to break a line: profile `mutation` of discovery/pom.xml.
"""

from __future__ import annotations

import collections
import subprocess
from xml.etree import ElementTree as ET

from lab.workspace import PROJECT
from tests.prove.record import record

DISCOVERY = PROJECT / "discovery"
RESULT = DISCOVERY / "target/pit-reports/mutations.xml"
GOALS = ("test-compile", "org.pitest:pitest-maven:mutationCoverage")
KILLED = {"KILLED", "TIMED_OUT", "MEMORY_ERROR"}
AT_LEAST = 0.98
"""Share of the mutants of all classes; every single class has to reach AT_LEAST_A_CLASS."""
AT_LEAST_A_CLASS = 0.9
SAID = """
PIT changes one thing at a time in the classes that hold the discovery strategy's rules (a condition, a boundary, a
returned value, a call: its group STRONGER) and runs the tests that pass there. A mutant that no test notices survives.
"""


def mutants() -> list[ET.Element]:
    RESULT.unlink(missing_ok=True)
    done = subprocess.run(
        ["mvn", "-q", "-B", "-ntp", "-Dstyle.color=never", "-Pmutation", *GOALS],
        cwd=DISCOVERY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return list(ET.parse(RESULT).getroot())


def test_the_tests_notice_wrong_lines_of_config_tags_ports_and_signing() -> None:
    made: collections.Counter[str] = collections.Counter()
    killed: collections.Counter[str] = collections.Counter()
    survivors = []
    for mutant in mutants():
        name = str(mutant.findtext("sourceFile")).removesuffix(".java")
        made[name] += 1
        if mutant.get("status") in KILLED:
            killed[name] += 1
        else:
            survivors.append(f"{name}:{mutant.findtext('lineNumber')} {mutant.findtext('description')}")
    rows = [(name, str(made[name]), str(killed[name]), str(made[name] - killed[name])) for name in sorted(made)]
    total = (made.total(), killed.total(), made.total() - killed.total())
    rows.append(("**all**", *(str(number) for number in total)))
    said = "\n".join([SAID, *(f"- survived: {line}" for line in survivors)])
    record("mutation", "Mutation of the discovery strategy", said, ("class", "mutants", "killed", "survived"), rows)
    assert killed.total() / made.total() >= AT_LEAST, survivors
    assert all(killed[name] / made[name] >= AT_LEAST_A_CLASS for name in made), survivors
