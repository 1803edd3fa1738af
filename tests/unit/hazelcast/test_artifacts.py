"""Artifacts: what artifacts.yml may say, and that nothing wrong gets into the cache."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from ansible.module_utils.artifacts.manifest import Coordinates, ManifestError, find, mirror_url, pom

from library import artifact_fetch
from tests.unit.hazelcast.places import ROOT

CONTENT = b"a jar, so to speak"
SUM = hashlib.sha256(CONTENT).hexdigest()
JAR = Coordinates("org.example", "thing", "1.0")


@pytest.fixture
def mirror(tmp_path):
    """A web server with one jar in Maven's layout."""
    folder = tmp_path / "mirror"
    jar = folder / JAR.repository_path
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(tmp_path, entry: dict, base_url: str = "", check_mode: bool = False, maven: str = "mvn") -> dict:
    params = {
        "wanted": [{"name": "thing", "version": "1.0"}],
        "catalog": {"thing": {"1.0": entry}},
        "root": str(tmp_path),
        "cache": str(tmp_path / "cache"),
        "base_url": base_url,
        "maven": maven,
    }
    return artifact_fetch.run(params, check_mode)


def cached(tmp_path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]


MAVEN = {"maven": "org.example:thing:1.0", "sha256": SUM}


def test_every_entry_of_artifacts_yml_is_usable():
    catalog = yaml.safe_load((ROOT / "artifacts.yml").read_text())["artifacts"]
    for name, versions in catalog.items():
        for version in versions:
            assert find(catalog, name, version).file_name


def test_a_mirror_serves_what_is_missing_once(tmp_path, mirror):
    first = fetch(tmp_path, MAVEN, mirror)
    assert first["changed"]
    assert first["fetched"] == ["thing 1.0"]
    assert first["files"]["thing 1.0"]["sha256"] == SUM
    assert cached(tmp_path) == ["thing-1.0.jar"]
    again = fetch(tmp_path, MAVEN, "http://127.0.0.1:1/not-asked")
    assert not again["changed"]


def test_check_mode_fetches_nothing_and_foretells_it(tmp_path, mirror):
    foretold = fetch(tmp_path, MAVEN, mirror, check_mode=True)
    assert foretold["changed"]
    assert foretold["files"]["thing 1.0"]["sha256"] == SUM
    assert cached(tmp_path) == []


def test_a_damaged_file_is_fetched_again(tmp_path, mirror):
    source = fetch(tmp_path, MAVEN, mirror)["files"]["thing 1.0"]["src"]
    with open(source, "ab") as file:  # noqa: PTH123 - a str from the module's result
        file.write(b"!")
    assert fetch(tmp_path, MAVEN, mirror)["changed"]
    assert not fetch(tmp_path, MAVEN, mirror)["changed"]


def test_a_wrong_sum_is_refused_and_nothing_is_kept(tmp_path, mirror):
    with pytest.raises(artifact_fetch.FetchError, match=f"has sha256 {SUM}, and 0000"):
        fetch(tmp_path, {**MAVEN, "sha256": "0" * 64}, mirror)
    assert cached(tmp_path) == []


@pytest.mark.parametrize("source", artifact_fetch.LOCAL)
def test_an_operators_file_with_a_wrong_sum_is_left_where_it_is(tmp_path, source):
    (tmp_path / "mine.tar.gz").write_bytes(CONTENT)
    assert fetch(tmp_path, {source: "mine.tar.gz", "sha256": SUM})["files"]["thing 1.0"]["src"].endswith("/mine.tar.gz")
    with pytest.raises(artifact_fetch.FetchError, match="it was not used"):
        fetch(tmp_path, {source: "mine.tar.gz", "sha256": "0" * 64}, check_mode=True)
    assert (tmp_path / "mine.tar.gz").exists()


def test_a_mirror_without_the_file(tmp_path, mirror):
    entry = {"maven": "org.example:thing:2.0", "sha256": SUM}
    with pytest.raises(artifact_fetch.FetchError, match=r"thing 1.0 cannot be fetched from http.*404"):
        fetch(tmp_path, entry, mirror)


def test_without_maven_the_ways_out_are_named(tmp_path):
    with pytest.raises(artifact_fetch.FetchError, match="install Maven, or set artifact_base_url"):
        fetch(tmp_path, MAVEN, maven="no-such-maven")


def test_a_maven_that_fails_is_quoted(tmp_path):
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho '[INFO] trying'; echo '[ERROR] the repository is away'; exit 1\n")
    maven.chmod(0o755)
    with pytest.raises(artifact_fetch.FetchError, match=r"Maven could not fetch thing 1\.0: the repository is away"):
        fetch(tmp_path, MAVEN, maven=str(maven))


def test_what_is_not_built_says_how_to_build_it(tmp_path):
    with pytest.raises(artifact_fetch.FetchError, match="run `make jar`"):
        fetch(tmp_path, {"built": "target/thing.jar"})


@pytest.mark.parametrize(
    ("catalog", "words"),
    [
        ({}, "knows no 'thing'"),
        ({"thing": {"2.0": MAVEN}}, "has thing in 2.0, not in 1.0"),
        ({"thing": {"1.0": {"sha256": SUM}}}, "needs exactly one of maven, url, path, built"),
        ({"thing": {"1.0": {**MAVEN, "url": "x"}}}, "needs exactly one of"),
        ({"thing": {"1.0": {"maven": "thing", "sha256": SUM}}}, "is not group:artifact:version"),
        ({"thing": {"1.0": {"maven": "a:b:1"}}}, "needs its sha256"),
        ({"thing": {"1.0": {"maven": "a:b:1", "sha256": "abc"}}}, "64 hexadecimal digits"),
    ],
)
def test_what_artifacts_yml_may_not_say(catalog, words):
    with pytest.raises(ManifestError, match=words):
        find(catalog, "thing", "1.0")


def test_maven_layout():
    assert mirror_url("http://mirror/repo/", JAR) == "http://mirror/repo/org/example/thing/1.0/thing-1.0.jar"
    assert pom([JAR, Coordinates("g", "a&b", "1")]).count("<artifactItem>") == 2
    assert "a&amp;b" in pom([Coordinates("g", "a&b", "1")])
