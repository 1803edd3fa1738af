"""`lab down`: everything a lab made is removed, by label and name, whatever state a killed run left it in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lab import preflight, process
from lab.hosts.podman import PodmanDriver
from lab.net import network
from lab.progress import Progress
from lab.workspace import Workspace

PARALLEL = 4


def down(workspace: Workspace, progress: Progress) -> None:
    """Remove processes, hosts, network, rules and files; logs stay. Nothing to remove is no error. Raises LabError."""
    preflight.check_tools(preflight.TOOLS)
    process.stop(workspace)
    process.wait_for_boots(workspace.id)
    driver = PodmanDriver(workspace.id, workspace.directory)
    hosts = driver.known()
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(driver.delete, hosts))
    driver.sweep()
    with network.machine_lock():
        network.down(workspace.id)
    workspace.clear()
    progress.line(f"lab {workspace.id} is down ({len(hosts)} hosts removed)")
