"""Building the image with mmdebstrap (the package layer) and podman (the files). podman's storage is the cache."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError
from lab.image.recipe import Recipe
from lab.progress import Progress
from lab.shell import run, succeeds

LOCK = Path("/run/lock/ecs-cluster-kit-image")
WORK = Path("/var/tmp")  # a disk
TAIL_LINES = 3


def is_built(recipe: Recipe) -> bool:
    return _exists(recipe.ref)


def base_is_built(recipe: Recipe) -> bool:
    return _exists(recipe.base_ref)


def ensure(recipe: Recipe, log: Path, progress: Progress) -> str:
    """Build what is missing of `recipe` and return the image's reference.

    mmdebstrap's output goes to `log`. Raises LabError when it cannot be built, most often for want of a package source.
    """
    if is_built(recipe):
        return recipe.ref
    with _one_at_a_time():
        if not base_is_built(recipe):
            progress.line(f"building the {recipe.name} image: packages are fetched and installed (about 40 s, once)")
            with progress.waiting(f"building the {recipe.name} image"):
                _build_base(recipe, log)
        if not is_built(recipe):
            _build_files(recipe)
            progress.line(f"image {recipe.ref} is built")
    return recipe.ref


def _build_base(recipe: Recipe, log: Path) -> None:
    bootstrap = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(recipe.packages)}",
        *(f"--customize-hook={hook}" for hook in recipe.hooks),
        "--format=tar",
        recipe.suite,
        "-",
    ]
    importer = ["podman", "import", "--quiet", "--change", 'CMD ["/sbin/init"]', "-", recipe.base_ref]
    # The tar is named only once it is whole: a failed mmdebstrap must not leave half an image behind.
    with tempfile.TemporaryFile(dir=WORK) as tar, log.open("wb") as errors:
        try:
            # Not in /tmp, which may be a small one in memory.
            done = subprocess.run(
                bootstrap,
                stdin=subprocess.DEVNULL,
                stdout=tar,
                stderr=errors,
                env={**os.environ, "TMPDIR": str(WORK)},
                check=False,
            )
        except FileNotFoundError:
            raise LabError("mmdebstrap is not installed: apt-get install mmdebstrap") from None
        if done.returncode != 0:
            raise LabError(
                f"The host image could not be built: {_tail(log)} "
                f"Is Debian's package mirror reachable from here? The whole log: {log}"
            )
        tar.seek(0)
        imported = subprocess.run(importer, stdin=tar, stdout=errors, stderr=errors, check=False)
    if imported.returncode != 0:
        raise LabError(f"podman could not import the host image: {_tail(log)} The whole log: {log}", log=log)


def _build_files(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        for path, content in recipe.files.items():
            target = context / "root" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for directory in (context / "root").rglob("*"):
            if directory.is_dir():
                directory.chmod(0o755)
        (context / "Containerfile").write_text(
            f'FROM {recipe.base_ref}\nCOPY --chown=0:0 root/ /\nCMD ["/sbin/init"]\n', encoding="utf-8"
        )
        run(["podman", "build", "--quiet", "--pull=never", "--tag", recipe.ref, str(context)])


def _exists(ref: str) -> bool:
    return succeeds(["podman", "image", "exists", ref])


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two labs that need the same image: the second waits and finds it built."""
    with LOCK.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _tail(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith("E:")]
    return " ".join(lines[-TAIL_LINES:]) or "mmdebstrap ended without a reason."
