"""Wherever `make demo` fails it says which stage, shows what matters, names the log, and goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cli import main as lab
from lab.commands.down import down
from lab.progress import Progress
from lab.workspace import Workspace
from tests.lab.checkout import copy, equip, make, said

PLAN = """\
servers:
  - name: demo-1
    flavor: s6.small.1
    key_name: lab
"""
FAILING = """\
- name: What cannot work
  hosts: demo-1
  gather_facts: false
  tasks:
    - name: Two and two are five
      ansible.builtin.assert:
        that: 2 + 2 == 5
        fail_msg: They are four.
"""
LAST = "make demo: goes on from here when it is run again; `make demo-down` takes all away"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this checkout whose demo has one server."""
    made = equip(copy(tmp_path_factory.mktemp("demo") / "ecs-cluster-kit"))
    (made / "lab" / "plans" / "demo.yml").write_text(PLAN)
    yield made
    down(Workspace(made), Progress(quiet=True))


def demo(checkout: Path) -> tuple[str, list[str]]:
    """Run `make demo`, which must fail: its output and the lines of its errors."""
    done = make(checkout, "demo")
    assert done.returncode != 0, done.stdout
    *lines, last = said(done)
    assert last == LAST
    return done.stdout, lines


def test_a_broken_build(checkout: Path) -> None:
    pom = checkout / "discovery" / "pom.xml"
    whole = pom.read_text()
    pom.write_text(whole.replace("</project>", "</projekt>"))
    try:
        shown, lines = demo(checkout)
    finally:
        pom.write_text(whole)
    assert any("[FATAL] Non-parseable POM" in line for line in lines)
    assert not any("re-run Maven" in line for line in lines)
    assert lines[-1].startswith("make demo: Discovery strategy and cluster probe (Maven) failed after ")
    assert lines[-1].endswith("(the whole output: .lab/logs/jar.log)")
    assert "its servers made through its API" not in shown
    assert not (checkout / ".lab" / "region.json").exists()


def test_a_server_that_cannot_be_made_then_a_playbook_that_fails(checkout: Path) -> None:
    root = ["--root", str(checkout)]
    assert lab([*root, "up"]) == 0
    assert lab([*root, "fault", "add", "CreateServers", "job-fails", "--times", "1"]) == 0
    (checkout / "site.yml").write_text(FAILING)

    shown, lines = demo(checkout)
    assert "    lab: The region could not do it: " in shown
    assert lines == [
        line for line in lines if line.startswith("make demo: A region on this machine, its servers made through its")
    ]
    assert "ansible-playbook" not in shown

    # The same again: the server that failed is made anew, and the next stage begins.
    shown, lines = demo(checkout)
    assert "removing demo-1: could not be made before" in shown
    assert "TASK [Two and two are five]" in shown
    assert [line.strip() for line in lines[:2]] == ["TASK [Two and two are five]", "fatal: [demo-1]: FAILED! =>"]
    assert "    msg: They are four." in [line.removeprefix("    ") for line in lines]
    assert lines[-1].startswith("make demo: ansible-playbook site.yml failed after ")
    assert "They are four." in (checkout / ".lab" / "logs" / "site.log").read_text()
    assert make(checkout, "demo-down").returncode == 0
    assert {path.name for path in (checkout / ".lab").iterdir()} == {"logs"}
