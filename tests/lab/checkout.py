"""A checkout of its own for tests of `make demo`: what is in this one, and the tools of its .venv."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.workspace import PROJECT

BUILT = ("discovery/target", "services/hazelcast_probe/target")
# What a login shell of an ordinary user has on Debian: nothing of root's home.
PLAIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def copy(target: Path) -> Path:
    """The files git knows or would take, as they are now, readable by everybody."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    return target


def equip(checkout: Path) -> Path:
    """Give it the jars of this checkout and a .venv whose tools are this one's but see the copy's own code."""
    for built in BUILT:
        shutil.copytree(PROJECT / built, checkout / built)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    tools, ours = checkout / ".venv" / "bin", Path(sys.executable).parent
    packages = "\n".join(place for place in sys.path if place.endswith("site-packages"))
    [site] = checkout.glob(".venv/lib/python*/site-packages")
    (site / "copy.pth").write_text(f"{checkout}\n{packages}\n")
    for script in ours.iterdir():
        if not (tools / script.name).exists() and script.is_file():
            shutil.copy(script, tools / script.name)
            text = script.read_bytes()
            if text.startswith(b"#!" + os.fsencode(ours)):
                (tools / script.name).write_bytes(text.replace(os.fsencode(ours), os.fsencode(tools), 1))
    (tools / ".installed").touch()
    return checkout


def make(
    checkout: Path, *words: str, before: str = "", path: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """`make WORDS` there, if there is a shell script `before` in a mount namespace of its own in which that ran first.

    `before` may end in `exec` of something that runs its arguments.
    """
    argv = ["make", *words]
    if before:
        script = f'{before}\n"$@"' if "exec " not in before else f'{before} "$@"'
        argv = ["unshare", "--mount", "--propagation", "private", "bash", "-euc", script, "bash", *argv]
    return subprocess.run(
        argv,
        cwd=checkout,
        env={**os.environ, "PATH": path or os.environ["PATH"], "STARTED": "", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of its errors, without make's own last word."""
    return [line for line in done.stderr.splitlines() if not line.startswith("make: ***") and "make[" not in line]


def content(checkout: Path) -> set[str]:
    """What is in it, but for Python's bytecode."""
    return {str(path.relative_to(checkout)) for path in checkout.rglob("*") if "__pycache__" not in path.parts}
