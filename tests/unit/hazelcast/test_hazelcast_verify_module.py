"""How ClusterProbe is called, and what happens when it cannot be."""

from __future__ import annotations

import pytest
from ansible.module_utils.hazelcast.verdict import members_of

from library import hazelcast_verify
from tests.unit.hazelcast.rendered import host, texts


def test_the_probe_uses_the_java_and_the_home_of_the_roles_unit():
    unit = texts([host(1)], hazelcast_java="/opt/jdk-11/bin/java")["hazelcast@.service"]
    argv = hazelcast_verify.probe_argv(unit, "R&D", members_of([host(1), host(2)]))
    assert argv[0] == "/opt/jdk-11/bin/java"
    assert argv[argv.index("-cp") + 1] == "/home/hazelcast-5.3.1/lib/*:/home/hazelcast-5.3.1/bin/hazelcast-probe.jar"
    assert argv[argv.index("--cluster-name") + 1] == "R&D"
    assert argv[argv.index("--members") + 1] == "10.0.0.11:5701,10.0.0.12:5701"


def test_a_unit_of_somebody_else_is_refused():
    with pytest.raises(hazelcast_verify.ProbeError, match=r"run playbooks/hazelcast/deploy\.yml"):
        hazelcast_verify.probe_argv("[Service]\nExecStart=/usr/bin/hz start\n", "demo", [])


def test_a_host_without_hazelcast_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setattr(hazelcast_verify, "UNIT", tmp_path / "missing")
    with pytest.raises(hazelcast_verify.ProbeError, match="not installed on this host"):
        hazelcast_verify.unit_text()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Error: no such class' >&2; exit 1", "ended with 1 and said: Error: no such class"),
        ("echo not JSON", "ended with 0 and said: nothing"),
        ("exit 3", "ended with 3"),
    ],
)
def test_a_probe_that_fails_is_one_sentence(script, words):
    with pytest.raises(hazelcast_verify.ProbeError, match=words):
        hazelcast_verify.probe(["sh", "-c", script])


def test_a_java_that_is_not_there():
    with pytest.raises(hazelcast_verify.ProbeError, match="cannot be started"):
        hazelcast_verify.probe(["/nowhere/bin/java"])


def test_the_last_line_is_the_answer():
    assert hazelcast_verify.probe(["sh", "-c", "echo warning; echo '{\"members\": []}'"]) == {"members": []}
