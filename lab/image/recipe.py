"""What an image consists of: a Debian release, packages, and a tree of files laid over them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "localhost/ecs-cluster-kit"


@dataclass(frozen=True)
class Recipe:
    """An image in two layers: packages (slow, rarely changed) and files (quick). `files`: path inside -> content."""

    name: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...]
    files: Mapping[str, bytes]

    @property
    def base_ref(self) -> str:
        """The package layer, tagged by what it is made of."""
        return f"{REPOSITORY}/{self.name}-base:{_digest(self.suite, *self.packages, *self.hooks)}"

    @property
    def ref(self) -> str:
        """The finished image, tagged by everything in it: a changed file is another image."""
        parts = [part for path in sorted(self.files) for part in (path, self.files[path])]
        return f"{REPOSITORY}/{self.name}:{_digest(self.base_ref, *parts)}"


# What Huawei's public Debian images bring along that matters here, and no JDK.
DEBIAN_PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "cloud-init",
    "openssh-server",
    "python3",
    "python3-apt",
    "sudo",
    "iproute2",
    "iputils-ping",
    "procps",
    "ca-certificates",
)

# Every server makes its own SSH host keys (cloud-init does) and its own machine-id (systemd does).
DEBIAN_HOOKS = (
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'truncate --size 0 "$1"/etc/machine-id',
)


def debian_11(init_script: Path) -> Recipe:
    """Debian 11: the last Debian with JDK 11. `init_script` becomes /home/init.sh, as on the seed's image.

    Raises FileNotFoundError when `init_script` does not exist.
    """
    return Recipe(
        name="debian-11",
        suite="bullseye",
        packages=DEBIAN_PACKAGES,
        hooks=DEBIAN_HOOKS,
        files={**_tree(Path(__file__).parent / "debian-11"), "home/init.sh": init_script.read_bytes()},
    )


def _tree(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()
    }


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]
