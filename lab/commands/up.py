"""`lab up`: image, network, API, and the servers of a plan. Whatever is there already is kept."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

from lab import blueprint, customer, plan, preflight, process, vault
from lab import settings as lab_settings
from lab.customer import Customer, ServerView
from lab.errors import LabError
from lab.hosts.driver import HostError
from lab.hosts.podman import PodmanDriver
from lab.image import build, recipe
from lab.net import addresses, links, network
from lab.plan import ServerPlan
from lab.progress import Progress
from lab.region import store
from lab.settings import LabSettings
from lab.workspace import PROJECT, Workspace

INIT_SCRIPT = PROJECT / "roles" / "first_boot" / "files" / "init.sh"
PARALLEL = 8


def up(workspace: Workspace, plan_file: Path | None, progress: Progress) -> LabSettings:
    """Have the region running and every server of the plan reachable by SSH. Raises LabError; safe to repeat."""
    servers = plan.load(plan_file) if plan_file else []
    image = _recipe()
    preflight.check_tools(preflight.TOOLS)
    preflight.check(len(servers), not build.base_is_built(image), workspace.root)
    workspace.create()
    image_ref = build.ensure(image, workspace.logs / "image.log", progress)
    settings = _network(workspace, image_ref, progress)
    _api(workspace, settings, progress)
    if servers:
        _servers(workspace, settings, servers, progress)
    return settings


def _recipe() -> recipe.Recipe:
    try:
        return recipe.debian_11(INIT_SCRIPT)
    except FileNotFoundError:
        raise LabError(f"{INIT_SCRIPT.relative_to(PROJECT)} is missing: is this a whole checkout?") from None


def _network(workspace: Workspace, image_ref: str, progress: Progress) -> LabSettings:
    """Choose the network or keep the one of the running lab, and have it there."""
    public_key = vault.ensure_key(workspace)
    vault.ensure(workspace)
    with network.machine_lock():
        known = _known_settings(workspace)
        if known is None:
            settings = _new_settings(workspace, image_ref, public_key)
        else:
            settings = blueprint.renewed(known, image_ref, public_key)
        network.up(settings)
    if settings != known:
        process.stop(workspace)  # it reads its settings once
        lab_settings.save(settings, workspace.directory)
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


def _new_settings(workspace: Workspace, image_ref: str, public_key: str) -> LabSettings:
    chosen = network.free_network(workspace.id)
    # The address must exist before it can be tried whether its ports are free.
    interface, address = addresses.api_interface(workspace.id), addresses.api_address(chosen)
    links.ensure_bridge(interface, f"{address}/32")
    try:
        port = process.free_port(address, blueprint.API_PORTS)
    except LabError:
        links.delete(interface)
        raise
    return blueprint.new(workspace.id, chosen, image_ref, public_key, port)


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


def _servers(workspace: Workspace, settings: LabSettings, wanted: list[ServerPlan], progress: Progress) -> None:
    """Order what is missing, then wait until every server of the plan answers."""
    buyer = Customer(settings)
    password = vault.load(workspace).bootstrap_password
    present = {server.name for server in buyer.servers()}
    missing = [server for server in wanted if server.name not in present]
    if missing:
        progress.line(f"creating {', '.join(server.name for server in missing)}")
    buyer.wait([buyer.create(server, password) for server in missing])
    servers = _built(buyer, [server.name for server in wanted])
    for server in servers:
        if server.status != "ACTIVE":
            raise LabError(f"{server.name} is {server.status}: start it, or delete it and run `lab up` again.")
    with progress.waiting("waiting for SSH"), ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(customer.wait_for_ssh, servers))
    for server in servers:
        progress.line(f"{server.name:<12} {server.address:<14} {server.availability_zone}  {' '.join(server.tags)}")


def _built(buyer: Customer, names: list[str]) -> list[ServerView]:
    """The servers of these names, in this order, once none is in BUILD: a killed `up` may have ordered some."""
    deadline = time.monotonic() + customer.JOB_SECONDS
    while True:
        by_name = {server.name: server for server in buyer.servers()}
        servers = [by_name[name] for name in names if name in by_name]
        if all(server.status != "BUILD" for server in servers) or time.monotonic() > deadline:
            return servers
        time.sleep(customer.POLL_SECONDS)
