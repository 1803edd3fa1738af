"""A stage tells its time, keeps its output, and shows of a failure what matters."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from lab import excerpt, stage
from lab.progress import Progress
from lab.stage import Clock, StageError, run
from lab.workspace import Workspace

MAVEN = """\
[ERROR] Some problems were encountered while processing the POMs:
[FATAL] Non-parseable POM discovery/pom.xml: expected START_TAG
[ERROR] The build could not read 1 project -> [Help 1]
[ERROR]   The project  (discovery/pom.xml) has 1 error
[ERROR] \n[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] [Help 1] somewhere
make: *** [Makefile:62: discovery/target/ecs-discovery-0.1.0.jar] Error 1
"""
PLAY = """\
TASK [One] *********************************************************************
[ERROR]: Task failed: Module failed: no
fatal: [demo-1]: FAILED! =>
    msg: is rescued
ok: [demo-2]

TASK [Another] *****************************************************************
ok: [demo-1]
ok: [demo-2]

TASK [jdk : The JDK is installed] **********************************************
changed: [demo-1]
fatal: [demo-2 -> localhost]: FAILED! =>
    msg: No package source.

TASK [Last] ********************************************************************
fatal: [demo-1]: UNREACHABLE! =>
    msg: came later

PLAY RECAP *********************************************************************
demo-1  : ok=3
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stage, "PROJECT", tmp_path)
    monkeypatch.setattr(stage, "Workspace", lambda: Workspace(tmp_path))
    monkeypatch.setattr(stage, "HEARTBEAT_SECONDS", 0.05)
    return tmp_path


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_of_maven_the_errors_count_and_not_its_advice() -> None:
    assert excerpt.of(MAVEN) == [
        "[ERROR] Some problems were encountered while processing the POMs:",
        "[FATAL] Non-parseable POM discovery/pom.xml: expected START_TAG",
        "[ERROR] The build could not read 1 project -> [Help 1]",
        "[ERROR]   The project  (discovery/pom.xml) has 1 error",
    ]


def test_of_ansible_the_first_task_that_ended_a_play_counts() -> None:
    assert excerpt.of(PLAY) == [
        "TASK [jdk : The JDK is installed]",
        "fatal: [demo-2 -> localhost]: FAILED! =>",
        "    msg: No package source.",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Get:1\nE: Unable to locate package podman\nE: Failed\n", ["E: Unable to locate package podman", "E: Failed"]),
        ("\x1b[31mERROR: No matching distribution\x1b[0m\n", ["ERROR: No matching distribution"]),
        ("\n".join(map(str, range(40))), [str(number) for number in range(25, 40)]),
        ("", []),
    ],
)
def test_errors_else_the_last_lines(text: str, lines: list[str]) -> None:
    assert excerpt.of(text) == lines


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert excerpt.of_file(tmp_path / "no.log") == []


def test_a_failure_names_the_stage_the_hint_and_the_log(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = python("print('Get:1'); print('E: Nothing there'); raise SystemExit(100)")
    with pytest.raises(
        StageError, match=r"^Packages failed after 0 s: reachable\? \(the whole .*: \.lab/logs/p\.log\)$"
    ):
        run(Clock(), failing, "p.log", "Packages", hint="reachable?")
    assert capsys.readouterr().err == "    E: Nothing there\n"
    assert (checkout / ".lab/logs/p.log").read_text() == "Get:1\nE: Nothing there\n"


def test_a_silent_command_is_spoken_for(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(Clock(), python("import time; time.sleep(0.4)"), "x.log", "Building")
    assert "] ... Building (0 s so far)\n" in capsys.readouterr().out


def test_a_task_that_is_silent_is_named(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "SILENCE_SECONDS", 0.2)
    code = "import time; print('TASK [The JDK is installed] ****', flush=True); time.sleep(0.6)"
    run(Clock(), python(code), "x.log", "site.yml", show=True)
    shown = capsys.readouterr().out
    assert "    TASK [The JDK is installed] ****\n" in shown
    assert "... TASK [The JDK is installed] (0 s so far)\n" in shown


def test_a_missing_command_is_said(checkout: Path) -> None:
    with pytest.raises(StageError, match=r"^no-such-tool cannot be started: No such file"):
        run(Clock(), ["no-such-tool"], "x.log", "x")


def test_what_is_waited_for_is_what_is_missing_by_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.progress.HEARTBEAT_SECONDS", 0.05)
    missing = {"one", "two"}
    progress = Progress(stream=sys.stderr)
    with progress.waiting(lambda: f"waiting for {', '.join(sorted(missing))}"):
        missing.discard("one")
        time.sleep(0.2)
    assert "waiting for two (0 s so far)" in capsys.readouterr().err
