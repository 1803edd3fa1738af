"""`lab up`: image, network, API, and the servers of a plan. Whatever is there already is kept."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

from lab import blueprint, customer, plan, preflight, process, routes, topology, vault
from lab import settings as lab_settings
from lab.commands import find, ssh
from lab.customer import Customer, ServerView
from lab.errors import LabError
from lab.hosts.driver import HostError
from lab.hosts.podman import PodmanDriver
from lab.image import build, recipe
from lab.net import addresses, groups, links, network
from lab.plan import ServerPlan
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
    preflight.check_tools(preflight.TOOLS)
    preflight.check(len(servers), not build.base_is_built(image), workspace.root)
    workspace.create()
    image_ref = build.ensure(image, workspace.logs / "image.log", progress)
    settings = _network(workspace, image_ref, wanted, progress)
    _api(workspace, settings, progress)
    if servers:
        _servers(workspace, settings, servers, progress)
    return settings


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
            settings = blueprint.renewed(known, image_ref, public_key, wanted)
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
    # The address must exist before it can be tried whether its ports are free.
    interface, address = addresses.api_interface(workspace.id), addresses.api_address(chosen)
    links.ensure_bridge(interface, f"{address}/32")
    try:
        port = process.free_port(address, blueprint.API_PORTS)
        return blueprint.new(workspace.id, chosen, image_ref, public_key, port, wanted=wanted)
    except LabError:
        links.delete(interface)
        raise


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
    regions = {region.id: index for index, region in enumerate(settings.regions)}
    by_region: dict[str, list[ServerPlan]] = {}
    for server in wanted:
        by_region.setdefault(server.region or settings.regions[0].id, []).append(server)
    if unknown := sorted(by_region.keys() - regions.keys()):
        raise LabError(f"{by_region[unknown[0]][0].name} cannot be made: the lab has no region {unknown[0]}.")
    buyers = {name: Customer(settings, regions[name]) for name in by_region}
    orders = [order for name in by_region for order in _order(workspace, buyers[name], by_region[name], progress)]
    for buyer, job_id in orders:
        buyer.wait([job_id])
    servers = [
        built for name in by_region for built in _built(buyers[name], [server.name for server in by_region[name]])
    ]
    for view in servers:
        if view.status != "ACTIVE":
            raise LabError(f"{view.name} is {view.status}: start it, or delete it and run `lab up` again.")
    with progress.waiting("waiting for SSH"):
        _wait_for_ssh(workspace, settings, servers)
    for view in servers:
        progress.line(f"{view.name:<12} {view.address:<14} {view.availability_zone}  {' '.join(view.tags)}")


def _order(
    workspace: Workspace, buyer: Customer, wanted: list[ServerPlan], progress: Progress
) -> list[tuple[Customer, str]]:
    """Order what a region does not have yet; returns the jobs."""
    password = vault.load(workspace).bootstrap_password
    present = {server.name for server in buyer.servers()}
    missing = [server for server in wanted if server.name not in present]
    if missing:
        progress.line(f"creating {', '.join(server.name for server in missing)}")
    return [(buyer, buyer.create(server, password)) for server in missing]


def _wait_for_ssh(workspace: Workspace, settings: LabSettings, servers: list[ServerView]) -> None:
    """Wait for all of them: those of private VPCs answer at their floating address or to a bastion."""
    hidden = {server.id for server in servers if ssh.is_private(settings, server)}
    known = find.every(settings) if hidden else []

    def wait(server: ServerView) -> None:
        if server.id not in hidden:
            customer.wait_for_ssh(server)
        elif server.public_address:
            customer.wait_for_greeting(server, lambda: customer.greets(server.public_address))
        else:
            hop = ssh.bastion(workspace, settings, known, server)
            customer.wait_for_greeting(hop.server, lambda: customer.greets(hop.server.public_address))
            way = ssh.forward(workspace, hop)
            customer.wait_for_greeting(server, lambda: ssh.greets_through(way, server.address))

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(wait, servers))


def _built(buyer: Customer, names: list[str]) -> list[ServerView]:
    """The servers of these names, in this order, once none is in BUILD: a killed `up` may have ordered some."""
    deadline = time.monotonic() + customer.JOB_SECONDS
    while True:
        by_name = {server.name: server for server in buyer.servers()}
        servers = [by_name[name] for name in names if name in by_name]
        if all(server.status != "BUILD" for server in servers) or time.monotonic() > deadline:
            return servers
        time.sleep(customer.POLL_SECONDS)
