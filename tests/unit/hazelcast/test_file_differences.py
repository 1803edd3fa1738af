"""What differs: each attribute by itself, on real files."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd

import pytest

from library.file_differences import EntryError, differences

OWNER = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_text("text\n")
    path.chmod(0o644)
    return path


def entry(path, **changes) -> dict:
    return {"path": str(path), "content": "text\n", "mode": "0644", **OWNER, **changes}


def test_nothing_differs(file):
    by_sum = {"content": None, "sha256": hashlib.sha256(b"text\n").hexdigest()}
    assert differences([entry(file), entry(file, **by_sum)]) == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": "other\n"}, "content"),
        ({"mode": "0600"}, "mode 0644"),
        ({"owner": "nobody"}, f"owner {OWNER['owner']}"),
        ({"group": "nogroup"}, f"group {OWNER['group']}"),
        ({"content": None}, "not a directory"),
        ({"absent": True}, "there"),
    ],
)
def test_what_differs_is_named(file, changes, reason):
    assert differences([entry(file, **changes)]) == {str(file): reason}


def test_what_is_not_there(tmp_path, file):
    assert differences([entry(tmp_path / "none")]) == {str(tmp_path / "none"): "missing"}
    assert differences([entry(file / "below-a-file")]) == {str(file / "below-a-file"): "missing"}
    assert differences([entry(tmp_path / "none", absent=True)]) == {}


def test_a_link_is_not_the_file(tmp_path, file):
    (tmp_path / "link").symlink_to(file)
    assert differences([entry(tmp_path / "link")]) == {str(tmp_path / "link"): "not a file"}


def test_a_directory(tmp_path):
    tmp_path.chmod(0o750)
    assert differences([{"path": str(tmp_path), "mode": "0750", **OWNER}]) == {}
    assert differences([{"path": str(tmp_path), "mode": "0755", **OWNER}]) == {str(tmp_path): "mode 0750"}


def test_other_keys_are_left_alone(file):
    assert differences([entry(file, name="what the next task needs")]) == {}


@pytest.mark.parametrize("broken", [{"mode": "0644"}, {"path": "/etc"}, {"path": "/etc", "mode": 644}])
def test_half_an_entry_is_refused(broken):
    with pytest.raises(EntryError):
        differences([broken])
