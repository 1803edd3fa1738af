"""What runs, and what runs with other files than those on disk."""

from __future__ import annotations

import subprocess

from ansible.module_utils.hazelcast.units import below, changed_since_start, parse_show, parse_sums, sums_of

from tests.unit.hazelcast.rendered import host, texts

SHOWN = """\
MainPID=2596
Id=hazelcast@5701.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no

MainPID=0
Id=hazelcast@5702.service
LoadState=loaded
ActiveState=activating
UnitFileState=disabled
NeedDaemonReload=yes

MainPID=0
Id=hazelcast@5703.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
NeedDaemonReload=no
"""


def test_what_systemctl_shows():
    units = parse_show(SHOWN)
    assert {port: (u.running, u.enabled, u.pid, u.installed, u.reload_needed) for port, u in units.items()} == {
        5701: (True, True, 2596, True, False),
        5702: (True, False, 0, True, True),  # waits for its next attempt
        5703: (False, False, 0, False, False),
    }


def test_sums_are_those_that_the_unit_notes(tmp_path):
    """ExecStartPre of the real unit against the module, on the same files."""
    home = tmp_path / "home"
    for name in ("config/hazelcast.xml", "config/deep/er.xml", "lib/a b.jar", "bin/user-lib/x.jar"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    (home / "lib/link.jar").symlink_to("a b.jar")
    unit = texts([host(1)], hazelcast_home=str(home), hazelcast_java="/nowhere/bin/java")["hazelcast@.service"]
    line = next(line for line in unit.splitlines() if line.startswith("ExecStartPre="))
    command = line.split("-c '", 1)[1].rstrip("'").replace(">%t/hazelcast-%i/started-with", "")
    noted = parse_sums(subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout)
    roots = [str(home / name) for name in ("config", "lib", "bin/user-lib")] + [str(tmp_path / "missing")]
    ours = {path: digest for path, digest in noted.items() if path.startswith(str(tmp_path))}
    assert len(ours) == 4
    assert sums_of(roots) == ours


def test_each_kind_of_change_is_named():
    assert changed_since_start({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == [
        "b (changed)",
        "c (gone)",
        "d (new)",
    ]
    assert changed_since_start({"a": "1"}, {"a": "1"}) == []


def test_only_files_that_a_start_depends_on_count():
    sums = {"/h/config/hazelcast.xml": "1", "/h/bin/probe.jar": "2", "/etc/unit": "3"}
    assert below(["/h/config", "/etc/unit"], sums) == {"/h/config/hazelcast.xml": "1", "/etc/unit": "3"}
