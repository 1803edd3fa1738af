"""module_utils/shadow.py: the hash comparison, on every Python 3.9+ this machine has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "module_utils"))
import shadow  # noqa: E402

# All made from one password: by chpasswd of Debian 11, openssl passwd -6 and openssl passwd -5.
PASSWORD = "Fin{{al-1x"
HASHES = {
    "yescrypt": "$y$j9T$8cNqUhux38HaMZ.waKJlK1$doYfosOkDIHKIVcqx1H.ytg849v3cVCe3xSuYzkvmC2",
    "sha512": (
        "$6$fdgjkw8b.9z2OyhD$TUMDFsh5j8V9PObhoV/O7n.vSNNVgICuq5yYsnqp2UvDt9hBu2/Wd2zNwKQMxGEeUkehiYtgM3wtGDu7br50i."
    ),
    "sha256": "$5$O9AwKv/PdIhOxiPz$4I79cCmAGeCLiBG/JU4JaNU/A1sxImu9Dsd4yHHMl0B",
}
SHADOW = f"daemon:*:20000:0:99999:7:::\nroot:{HASHES['sha512']}:20000:0:99999:7:::\nnew:!:20000::::::\n"


def pythons() -> dict[str, str]:
    """Version -> interpreter, of those on the path and those pyenv keeps."""
    found = {sys.executable}
    found |= {path for minor in range(9, 16) if (path := shutil.which(f"python3.{minor}"))}
    found |= {str(path) for path in Path.home().glob(".pyenv/versions/3.*/bin/python3")}
    versions: dict[str, str] = {}
    for path in sorted(found):
        asked = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and int(version.partition(".")[2]) >= 9:
            versions.setdefault(version, path)
    return versions


@pytest.mark.parametrize("scheme", HASHES)
def test_hash_of_every_scheme_matches_its_password_only(scheme: str) -> None:
    assert shadow.matches(PASSWORD, HASHES[scheme])
    assert not shadow.matches(PASSWORD + "x", HASHES[scheme])


@pytest.mark.parametrize(
    "hashed", ["", "*", "!", "!!", "!" + HASHES["sha512"], "x", "$", "$0$nothing$", "$6$salt$short"]
)
def test_locked_empty_or_unknown_hash_matches_nothing(hashed: str) -> None:
    assert not shadow.matches(PASSWORD, hashed)
    assert not shadow.matches("", hashed)


def test_new_hash_matches_has_a_fresh_salt_and_is_sha512() -> None:
    first, second = shadow.new_hash(PASSWORD), shadow.new_hash(PASSWORD)
    assert first != second
    assert first.startswith("$6$")
    assert shadow.matches(PASSWORD, first)
    assert shadow.matches(PASSWORD, second)


def test_password_that_c_would_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="refuses"):
        shadow.new_hash("Abc-1234\0rest")
    assert not shadow.matches("Abc-1234\0rest", shadow.new_hash("Abc-1234"))


@pytest.mark.parametrize(
    ("user", "hashed"), [("root", HASHES["sha512"]), ("daemon", "*"), ("new", "!"), ("roo", None), ("nobody", None)]
)
def test_entry_of_a_user(user: str, hashed: str | None) -> None:
    assert shadow.entry_hash(SHADOW, user) == hashed


@pytest.mark.parametrize("python", [pytest.param(path, id=version) for version, path in pythons().items()])
def test_module_works_on_this_python(python: str) -> None:
    code = "import shadow, sys; p, *h = sys.argv[1:]; print(*[shadow.matches(p, x) for x in [*h, shadow.new_hash(p)]])"
    done = subprocess.run(
        [python, "-W", "error", "-c", code, PASSWORD, *HASHES.values(), "!" + HASHES["sha512"]],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT / "module_utils",
    )
    assert (done.stdout.split(), done.stderr) == (["True"] * len(HASHES) + ["False", "True"], "")
