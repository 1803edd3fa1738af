"""`lab up`: image, network, API, and the servers of a plan. Whatever is there already is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

from lab import blueprint, plan, preflight, process, routes, topology, vault
from lab import settings as lab_settings
from lab.commands import order
from lab.commands.down import down
from lab.errors import LabError
from lab.hosts.driver import HostError
from lab.hosts.podman import PodmanDriver
from lab.image import build, recipe
from lab.net import addresses, groups, links, network
from lab.progress import Progress
from lab.region import store
from lab.settings import LabSettings
from lab.topology import Topology
from lab.workspace import PROJECT, Workspace

INIT_SCRIPT = PROJECT / "roles" / "first_boot" / "files" / "init.sh"
PARALLEL = 8


def up(workspace: Workspace, plan_file: Path | None, progress: Progress) -> LabSettings:
    """Have the regions running and every server of the plan reachable by SSH. Raises LabError; safe to repeat."""
    servers = plan.load(plan_file) if plan_file else []
    wanted = topology.load(plan_file) if plan_file else Topology()
    image = _recipe()
    preflight.check_capabilities()
    preflight.check_tools(preflight.TOOLS)
    image_missing = not build.base_is_built(image)
    preflight.check_tools(preflight.IMAGE_TOOLS if image_missing else {})
    preflight.check(len(servers), image_missing, workspace)
    workspace.create()
    image_ref = build.ensure(image, workspace.logs / "image.log", progress)
    with _undone_if_it_fails(workspace):
        settings = _network(workspace, image_ref, wanted, progress)
        _api(workspace, settings, progress)
    if servers:
        order.have(workspace, settings, servers, progress)
    return settings


@contextmanager
def _undone_if_it_fails(workspace: Workspace) -> Iterator[None]:
    """A lab that was not there before and cannot be started leaves nothing behind; one that was stays as it is."""
    new = not (workspace.directory / lab_settings.FILE_NAME).exists()
    try:
        yield
    except (LabError, HostError):
        if new:
            with suppress(LabError, HostError):  # what went wrong first is what must be known
                down(workspace, Progress(quiet=True))
        raise


def _recipe() -> recipe.Recipe:
    try:
        return recipe.debian_11(INIT_SCRIPT)
    except FileNotFoundError:
        raise LabError(f"{INIT_SCRIPT.relative_to(PROJECT)} is missing: is this a whole checkout?") from None


def _network(workspace: Workspace, image_ref: str, wanted: Topology, progress: Progress) -> LabSettings:
    """Choose the network or keep the one of the running lab, and have it there with the wanted VPCs and routes."""
    public_key = vault.ensure_key(workspace)
    vault.ensure(workspace)
    with network.machine_lock():
        known = _known_settings(workspace)
        if known is None:
            settings = _new_settings(workspace, image_ref, public_key, wanted)
        else:
            settings = blueprint.renewed(_with_free_port(workspace, known), image_ref, public_key, wanted)
        present = routes.load(workspace.directory).union(*(routes.between(settings, *pair) for pair in wanted.routes))
        network.up(settings, present)
        routes.save(workspace.directory, present)
    if settings != known:
        process.stop(workspace)  # it reads its settings once
        lab_settings.save(settings, workspace.directory)
    groups.refresh(workspace.directory)
    progress.line(f"network {settings.cidr} is up")
    return settings


def _known_settings(workspace: Workspace) -> LabSettings | None:
    """The settings of an earlier `up`, unless another lab or network has taken its addresses since."""
    if not (workspace.directory / lab_settings.FILE_NAME).exists():
        return None
    try:
        known = lab_settings.load(workspace.directory)
    except lab_settings.SettingsError as error:
        raise LabError(str(error)) from error
    if not network.is_free(workspace.id, IPv4Network(known.cidr)):
        raise LabError(f"{known.cidr} now belongs to somebody else on this machine: run `lab down` and `lab up`.")
    return known


def _new_settings(workspace: Workspace, image_ref: str, public_key: str, wanted: Topology) -> LabSettings:
    chosen = network.free_network(workspace.id)
    try:
        port = _free_port(workspace, addresses.api_address(chosen))
        return blueprint.new(workspace.id, chosen, image_ref, public_key, port, wanted=wanted)
    except LabError:
        links.delete(addresses.api_interface(workspace.id))
        raise


def _with_free_port(workspace: Workspace, known: LabSettings) -> LabSettings:
    """The settings of a lab whose API is not running with a port that nobody has taken meanwhile."""
    if process.pids(workspace):
        return known
    port = _free_port(workspace, known.api_address, first=known.api_port)
    return replace(known, api_port=port, metadata_port=port + 1)


def _free_port(workspace: Workspace, address: str, first: int = blueprint.API_PORTS[0]) -> int:
    # The address must exist before it can be tried whether its ports are free.
    links.ensure_bridge(addresses.api_interface(workspace.id), f"{address}/32")
    return process.free_port(address, dict.fromkeys((first, *blueprint.API_PORTS)))


def _api(workspace: Workspace, settings: LabSettings, progress: Progress) -> None:
    if process.pids(workspace):
        if process.answers(settings):
            progress.line(f"API {settings.endpoint} is running")
            return
        process.stop(workspace)
    process.wait_for_boots(workspace.id)
    _tidy_hosts(workspace, progress)
    process.start(workspace, settings)
    progress.line(f"API {settings.endpoint} is started")


def _tidy_hosts(workspace: Workspace, progress: Progress) -> None:
    """Before the API starts: ownerless hosts go away, hosts of ACTIVE servers that a reboot stopped start."""
    driver = PodmanDriver(workspace.id, workspace.directory)
    try:
        servers = store.load(workspace.directory / store.FILE_NAME).servers
    except store.StateError as error:
        raise LabError(str(error)) from error
    known, running = driver.known(), driver.running()
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(driver.delete, known - servers.keys()))
        stopped = {server.id for server in servers.values() if server.status == "ACTIVE"} & (known - running)
        list(pool.map(lambda server_id: _start_again(driver, server_id, progress), stopped))


def _start_again(driver: PodmanDriver, server_id: str, progress: Progress) -> None:
    """Start a host; one that cannot be (somebody removed its container) becomes a server that is SHUTOFF."""
    try:
        driver.start(server_id)
    except HostError as error:
        progress.line(str(error))
