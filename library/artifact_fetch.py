#!/usr/bin/python
"""Fills the artifact cache on the control node: one call for all files that a play needs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.error import URLError

from ansible.module_utils.artifacts.manifest import Entry, ManifestError, find, mirror_url, pom
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

DOCUMENTATION = r"""
module: artifact_fetch
short_description: Fetches artifacts to the control node and checks their sha256
description:
  - Fetches what is missing in the cache, all Maven coordinates with one call of C(mvn).
  - Checks every file against artifacts.yml.
  - A file with another sha256 is deleted and the module fails.
options:
  wanted: {type: list, elements: dict, required: true, description: "What is needed: C(name) and C(version) each."}
  catalog: {type: dict, required: true, description: The mapping C(artifacts) of artifacts.yml.}
  root: {type: path, required: true, description: The project; paths of what is built here start there.}
  cache: {type: path, required: true, description: Directory for fetched files.}
  base_url: {type: str, default: "", description: A mirror in Maven's layout to use instead of Maven.}
  maven: {type: str, default: mvn, description: The Maven command.}
"""
RETURN = r"""
files:
  type: dict
  returned: success
  description: >-
    "NAME VERSION" -> C(src), its path on the control node, and C(sha256). In check mode it may not be there yet.
fetched: {type: list, returned: success, description: What was fetched, or would be in check mode.}
"""

CHUNK = 1 << 20
# Sources that lie on the control node already.
LOCAL = ("built", "path")


class FetchError(Exception):
    """An artifact cannot be had. The message is one sentence for a person."""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(CHUNK), b""):
            digest.update(block)
    return digest.hexdigest()


def location(entry: Entry, root: Path, cache: Path) -> Path:
    if entry.source in LOCAL:
        return root / Path(entry.where).expanduser()
    return cache.joinpath(entry.name, entry.version, entry.file_name)


def check(entry: Entry, path: Path, source: str) -> str:
    """The file's sha256. Raises FetchError, having deleted what was fetched, when it is not the expected one."""
    actual = sha256_of(path)
    if entry.sha256 and actual != entry.sha256:
        # A file of the operator's, given or built, is left where it is.
        fate = "it was not used" if entry.source in LOCAL else "the file was deleted"
        if entry.source not in LOCAL:
            path.unlink()
        raise FetchError(
            f"{entry.label} from {source} has sha256 {actual}, and {entry.sha256} is expected; {fate}. "
            f"Find out which of the two is right before you run this again."
        )
    return actual


def cached(entry: Entry, path: Path) -> bool:
    """Whether a good file is in the cache; a damaged one counts as missing and is fetched again."""
    return path.is_file() and sha256_of(path) == entry.sha256


def keep(entry: Entry, fetched: Path, path: Path, source: str) -> None:
    check(entry, fetched, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    # On the same file system first, so that another run never sees half a file.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.copyfile(fetched, partial)
    partial.replace(path)


def fetch_with_maven(maven: str, entries: list[Entry], scratch: Path) -> None:
    """Copy the jars of all ``entries`` to ``scratch`` with the user's own Maven set-up, in one call."""
    names = ", ".join(entry.label for entry in entries)
    if not shutil.which(maven):
        raise FetchError(
            f"{names} must be fetched, but there is no {maven!r} on this machine: install Maven, "
            f"or set artifact_base_url to a mirror in Maven's layout."
        )
    (scratch / "pom.xml").write_text(pom([entry.coordinates for entry in entries]))
    argv = [maven, "-q", "-B", "-f", str(scratch / "pom.xml"), "dependency:copy", f"-DoutputDirectory={scratch}"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "[ERROR]" in line] or done.stdout.splitlines() or ["?"]
        raise FetchError(f"Maven could not fetch {names}: {lines[0].replace('[ERROR]', '').strip()}")


def fetch_url(entry: Entry, url: str, scratch: Path) -> None:
    try:
        with open_url(url, timeout=60) as response, (scratch / entry.file_name).open("wb") as file:
            shutil.copyfileobj(response, file, CHUNK)
    except (URLError, OSError, ValueError) as error:
        raise FetchError(f"{entry.label} cannot be fetched from {url}: {error}.") from error


def fetch(entries: list[Entry], paths: dict[Entry, Path], base_url: str, maven: str) -> None:
    """Bring every entry into the cache, or raise FetchError."""
    by_maven = [entry for entry in entries if entry.source == "maven" and not base_url]
    with tempfile.TemporaryDirectory(prefix="artifacts-") as name:
        scratch = Path(name)
        if by_maven:
            fetch_with_maven(maven, by_maven, scratch)
        for entry in entries:
            source = entry.where
            if entry not in by_maven:
                source = mirror_url(base_url, entry.coordinates) if entry.source == "maven" else entry.where
                fetch_url(entry, source, scratch)
            keep(entry, scratch / entry.file_name, paths[entry], source)


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    root, cache = Path(params["root"]), Path(params["cache"])
    wanted = sorted({(each["name"], str(each["version"])) for each in params["wanted"]})
    entries = [find(params["catalog"], name, version) for name, version in wanted]
    paths = {entry: location(entry, root, cache) for entry in entries}
    for entry in entries:
        if entry.source in LOCAL and not paths[entry].is_file():
            way_out = "run `make jar`" if entry.source == "built" else "give the path of a file on the control node"
            raise FetchError(f"{entry.label} is not at {paths[entry]}: {way_out}.")
    missing = [entry for entry in entries if entry.source not in LOCAL and not cached(entry, paths[entry])]
    if missing and not check_mode:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        fetch(missing, paths, params["base_url"], params["maven"])
    return {
        "changed": bool(missing),
        "fetched": [entry.label for entry in missing],
        "files": {
            entry.label: {
                "src": str(paths[entry]),
                "sha256": check(entry, paths[entry], entry.where) if entry.source in LOCAL else entry.sha256,
            }
            for entry in entries
        },
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "wanted": {"type": "list", "elements": "dict", "required": True},
            "catalog": {"type": "dict", "required": True},
            "root": {"type": "path", "required": True},
            "cache": {"type": "path", "required": True},
            "base_url": {"type": "str", "default": ""},
            "maven": {"type": "str", "default": "mvn"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module.params, module.check_mode))
    except (ManifestError, FetchError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The artifact cache cannot be used: {error}.")


if __name__ == "__main__":
    main()
