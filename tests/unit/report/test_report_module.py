"""What the module does with files: it reads what it can, names what it cannot, and writes all or nothing."""

from __future__ import annotations

import importlib.util
import json
import os

import ansible.module_utils
import pytest

from tests.unit.report import pages, samples


@pytest.fixture(scope="module")
def module():
    ansible.module_utils.__path__.append(str(pages.ROOT / "module_utils"))
    spec = importlib.util.spec_from_file_location("cluster_report", pages.ROOT / "library" / "cluster_report.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    yield loaded
    ansible.module_utils.__path__.pop()


def test_results_are_read_and_the_rest_is_named(module, tmp_path):
    (result,), _hosts = samples.small()
    (tmp_path / "hazelcast" / "folder.json").mkdir(parents=True)
    for name, text in {
        "prod-a": json.dumps(result),
        "twin": json.dumps(result),
        "old": json.dumps(result | {"schema": "0"}),
        "text": "hello",
    }.items():
        (tmp_path / "hazelcast" / f"{name}.json").write_text(text)
    (tmp_path / "hazelcast" / "bytes.json").write_bytes(b"\xff\xfe")
    (tmp_path / "hazelcast" / "gone.json").symlink_to("nowhere")
    (tmp_path / "hazelcast" / "notes.txt").write_text("no result")
    results, unreadable = module.read_results(tmp_path)
    assert [read.source for read in results] == ["hazelcast/prod-a.json"]
    assert [str(bad) for bad in unreadable] == [
        "hazelcast/bytes.json: it is not UTF-8 text",
        "hazelcast/folder.json: it cannot be read (Is a directory)",
        "hazelcast/gone.json: it cannot be read (No such file or directory)",
        "hazelcast/old.json: it follows schema '0', and this toolkit reads '1'",
        "hazelcast/text.json: it is not JSON (Expecting value: line 1 column 1 (char 0))",
        "hazelcast/twin.json: it is about hazelcast prod-a, and so is hazelcast/prod-a.json",
    ]


def test_no_results_directory_is_no_result(module, tmp_path):
    assert module.read_results(tmp_path / "none") == ([], [])


def test_the_page_is_written_once_and_its_mode_repaired(module, tmp_path):
    dest = tmp_path / "new" / "index.html"
    assert module.write(dest, "a", dry=True) == (True, "")
    assert not dest.exists()
    assert module.write(dest, "a", dry=False) == (True, "")
    assert module.write(dest, "a", dry=False) == (False, "a")
    dest.chmod(0o600)
    assert module.write(dest, "a", dry=True) == (True, "a")
    assert module.write(dest, "a", dry=False) == (True, "a")
    assert dest.stat().st_mode & 0o7777 == 0o644
    assert module.write(dest, "half \ud800", dry=False) == (True, "a")
    assert dest.read_text() == "half ?"


def test_a_failed_write_leaves_the_old_page_and_nothing_else(module, tmp_path, monkeypatch):
    dest = tmp_path / "index.html"
    module.write(dest, "old", dry=False)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        module.write(dest, "new", dry=False)
    assert dest.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
