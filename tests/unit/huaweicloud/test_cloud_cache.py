"""The cache file: private, whole, bound to options and account."""

import json
import stat
import time

import pytest
from ansible.module_utils.huaweicloud.cache import CacheError, CacheFile, cache_key
from ansible.module_utils.huaweicloud.fetch import RegionData
from fake_cloud import server

REGIONS = {"test-1": RegionData("p1", [server(1, name="名前😀", tags=["a=\udcff"])])}


@pytest.fixture
def file(tmp_path):
    return CacheFile(tmp_path / "below" / "here", "name")


def test_what_is_kept_comes_back_the_same(file):
    file.store("key A", REGIONS)
    assert file.load("key A", 60) == REGIONS
    assert file.load(None, 60) == REGIONS


def test_only_the_owner_can_read(file):
    file.path.parent.mkdir(parents=True)
    file.path.parent.chmod(0o755)
    file.store("key A", REGIONS)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]


def test_another_account_is_a_miss_and_the_key_is_not_written(file):
    file.store("key HPUATESTTESTTESTWXYZ", REGIONS)
    assert file.load("key B", 60) is None
    assert "HPUATEST" not in file.path.read_text()


def test_age(file, monkeypatch):
    file.store("a", REGIONS)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert file.load("a", 99) is None
    assert file.load("a", 101) == REGIONS
    assert file.load("a", 0) == REGIONS
    monkeypatch.setattr(time, "time", lambda: now - 100)
    assert file.load("a", 1000) is None, "a file from the future is not trusted"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"saved": 1}', '{"saved": "x"}', "\0"])
def test_a_damaged_file_is_said(file, content):
    file.store("a", REGIONS)
    file.path.write_text(content)
    with pytest.raises(CacheError, match="is damaged; it is made anew"):
        file.load("a", 60)


def test_a_file_cut_anywhere_is_damaged(file):
    file.store("a", REGIONS)
    whole = file.path.read_text()
    for length in range(0, len(whole), 97):
        file.path.write_text(whole[:length])
        with pytest.raises(CacheError):
            file.load("a", 60)


def test_servers_of_a_wrong_shape_are_damage(file):
    file.store("a", REGIONS)
    kept = json.loads(file.path.read_text())
    kept["regions"]["test-1"]["servers"] = [{"name": "no id"}]
    file.path.write_text(json.dumps(kept))
    with pytest.raises(CacheError):
        file.load("a", 60)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="cannot be written"):
        CacheFile(tmp_path / "file", "x").store("a", REGIONS)


def test_keys_differ_by_what_is_asked_only():
    assert cache_key({"regions": ["a"]}) != cache_key({"regions": ["b"]})
    assert cache_key({"a": 1, "b": 2}) == cache_key({"b": 2, "a": 1})
