"""Hosts as podman containers with systemd as their first process, on networks of our own making.

A container is named ek<lab>-<server id> and labelled with both, so that `lab down` finds it whatever else is lost.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from lab.errors import LabError
from lab.hosts import files, hardware
from lab.hosts.driver import HostError, HostSpec, Nic
from lab.net import groups, netns
from lab.net.addresses import netns_name
from lab.shell import run, succeeds

LAB_LABEL = "ecs-cluster-kit.lab"
SERVER_LABEL = "ecs-cluster-kit.server"
IMAGE_LABEL = "ecs-cluster-kit.image-of"
# crun refuses machines with hybrid cgroups; runc works with v1, hybrid and v2.
PODMAN = ("podman", "--runtime", "runc")
SHUTDOWN_SECONDS = 15
CONSOLE_LIMIT = "8mb"
MAX_OPEN_FILES = 1048576
# NET_ADMIN and SYS_ADMIN: without them a unit's ProtectSystem= and a host's own packet filter are ignored in silence.
# Neither SYS_TIME nor SYS_RESOURCE nor SYS_MODULE: the control node's clock, limits and kernel are not a host's.
CAPABILITIES = "NET_ADMIN,SYS_ADMIN"


@dataclass(frozen=True)
class PodmanDriver:
    """The HostDriver of real hosts. Needs root; safe to call from many threads.

    `directory` is the lab's; hosts/ in it has a folder per host.
    """

    lab_id: str
    directory: Path

    def boot(self, spec: HostSpec) -> None:
        """See HostDriver. Nothing of the host is left when it fails; what a killed boot left is replaced."""
        self.delete(spec.server_id)
        try:
            self._write(spec)
            groups.refresh(self.directory)  # before there is a network that needs them
            netns.create(self.lab_id, spec.server_id, spec.nics)
            run(self._run_command(spec))
        except (LabError, OSError) as error:
            with contextlib.suppress(HostError):
                self.delete(spec.server_id)
            raise HostError(f"The host of {spec.name} could not be started: {error}") from error

    def delete(self, server_id: str) -> None:
        try:
            if self._exists(server_id):
                run([*PODMAN, "rm", "--force", "--time", "0", "--volumes", self._name(server_id)])
            netns.delete(self.lab_id, server_id, self._nics(server_id))
            if self._folder(server_id).exists():
                shutil.rmtree(self._folder(server_id))
                groups.refresh(self.directory)
        except (LabError, OSError) as error:
            raise HostError(f"The host of {server_id} could not be removed: {error}") from error

    def stop(self, server_id: str) -> None:
        try:
            self._end(server_id, SHUTDOWN_SECONDS)
        except LabError as error:
            raise HostError(f"The host of {server_id} could not be stopped: {error}") from error

    def kill(self, server_id: str) -> None:
        """See HostDriver. The cards go first: dying processes would say goodbye over them."""
        try:
            netns.unplug(self.lab_id, server_id)
            self._end(server_id, 0)
        except LabError as error:
            raise HostError(f"The host of {server_id} could not be killed: {error}") from error

    def start(self, server_id: str) -> None:
        """See HostDriver. Its network is a new one, at the same addresses."""
        try:
            if not netns.exists(self.lab_id, server_id):
                netns.create(self.lab_id, server_id, files.read(self.directory, server_id).nics)
            run([*PODMAN, "start", self._name(server_id)])
            # podman 4.3 changes the limits of a running container only, and forgets them when it ends.
            spec = files.read(self.directory, server_id)
            run([*PODMAN, "update", f"--memory={spec.memory_mb}m", f"--cpus={spec.vcpus}", self._name(server_id)])
        except (LabError, OSError, TypeError, ValueError) as error:
            raise HostError(f"The host of {server_id} could not be started: {error}") from error

    def resize(self, spec: HostSpec) -> None:
        try:
            self._write(spec)
        except OSError as error:
            raise HostError(f"The host of {spec.name} could not be resized: {error}") from error

    def regroup(self, server_id: str, security_groups: tuple[str, ...]) -> None:
        try:
            spec = files.read(self.directory, server_id)
            files.write(self.directory, replace(spec, security_groups=security_groups))
            groups.refresh(self.directory)
        except FileNotFoundError:
            return  # not booted yet: its spec will have them
        except (LabError, OSError, TypeError, ValueError) as error:
            raise HostError(f"The host of {server_id} could not change its security groups: {error}") from error

    def capture(self, server_id: str, image_id: str) -> str:
        ref = f"localhost/ecs-cluster-kit/private:{image_id}"
        label = f"--change=LABEL {IMAGE_LABEL}={self.lab_id}"
        try:
            run([*PODMAN, "commit", "--quiet", label, self._name(server_id), ref])
        except LabError as error:
            raise HostError(f"The host of {server_id} could not be made an image: {error}") from error
        return ref

    def forget(self, image: str) -> None:
        """See HostDriver. Only the name goes: `rmi --force` would take the hosts along; `sweep` removes the rest."""
        try:
            if succeeds([*PODMAN, "image", "exists", image]):
                run([*PODMAN, "untag", image])
        except LabError as error:
            raise HostError(f"The image {image} could not be removed: {error}") from error

    def sweep(self) -> None:
        """Remove every image that was made of a host of this lab, and the hosts made from it."""
        try:
            label = f"label={IMAGE_LABEL}={self.lab_id}"
            images = set(run([*PODMAN, "images", "--quiet", "--no-trunc", "--filter", label]).split())
            if images:
                run([*PODMAN, "rmi", "--force", *sorted(images)])
        except LabError as error:
            raise HostError(f"The lab's images could not be removed: {error}") from error

    def console(self, server_id: str) -> str:
        try:
            if not self._exists(server_id):
                return ""
            return run([*PODMAN, "logs", self._name(server_id)]).replace("\r\n", "\n")
        except LabError as error:
            raise HostError(f"The console of {server_id} could not be read: {error}") from error

    def running(self) -> set[str]:
        return self._servers()

    def known(self) -> set[str]:
        """The ids of all servers of this lab that have a container, running or not, or files from an aborted boot."""
        return self._servers("--all") | files.known(self.directory)

    def _end(self, server_id: str, seconds: int) -> None:
        run([*PODMAN, "stop", "--time", str(seconds), self._name(server_id)])
        netns.delete(self.lab_id, server_id, self._nics(server_id))

    def _nics(self, server_id: str) -> tuple[Nic, ...]:
        """The host's cards as far as its files tell: those of an aborted boot do not."""
        try:
            return files.read(self.directory, server_id).nics
        except (OSError, TypeError, ValueError):
            return ()

    def _servers(self, *options: str) -> set[str]:
        label = f"label={LAB_LABEL}={self.lab_id}"
        form = f'{{{{index .Labels "{SERVER_LABEL}"}}}}'
        try:
            return set(run([*PODMAN, "ps", *options, "--filter", label, "--format", form]).split())
        except LabError as error:
            raise HostError(f"The hosts could not be listed: {error}") from error

    def _run_command(self, spec: HostSpec) -> list[str]:
        open_files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], MAX_OPEN_FILES)
        folder = self._folder(spec.server_id)
        return [
            *PODMAN,
            "run",
            "--detach",
            "--tty",  # makes /dev/console, where systemd and cloud-init write what the cloud calls the console log
            f"--name={self._name(spec.server_id)}",
            f"--label={LAB_LABEL}={self.lab_id}",
            f"--label={SERVER_LABEL}={spec.server_id}",
            f"--hostname={spec.name}",
            "--no-hosts",  # /etc/hosts is cloud-init's
            f"--network=ns:{netns.path(self.lab_id, spec.server_id)}",
            "--systemd=always",
            "--env=product_name=OpenStack Nova",  # how cloud-init knows its datasource where there is no DMI
            f"--cap-add={CAPABILITIES}",
            f"--memory={spec.memory_mb}m",
            f"--cpus={spec.vcpus}",
            # podman's defaults are above what a control node in a container may set.
            f"--ulimit=nofile={open_files}:{open_files}",
            "--ulimit=nproc=10000:10000",
            "--log-driver=k8s-file",
            f"--log-opt=max-size={CONSOLE_LIMIT}",
            *(f"--volume={folder / name}:/proc/{name}:ro" for name in hardware.FILES),
            spec.image,
        ]

    def _write(self, spec: HostSpec) -> None:
        folder = self._folder(spec.server_id)
        files.write(self.directory, spec)
        for name, content in hardware.files(spec.memory_mb, spec.vcpus).items():
            (folder / name).write_text(content, encoding="ascii")

    def _exists(self, server_id: str) -> bool:
        return succeeds([*PODMAN, "container", "exists", self._name(server_id)])

    def _name(self, server_id: str) -> str:
        return netns_name(self.lab_id, server_id)

    def _folder(self, server_id: str) -> Path:
        return files.folder(self.directory, server_id)
