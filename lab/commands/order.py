"""The servers of a plan, for `lab up`: ordered as a customer orders them, waited for until SSH answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from lab import customer, process, vault
from lab.commands import find, show, ssh
from lab.customer import Customer, ServerView
from lab.errors import LabError
from lab.plan import ServerPlan
from lab.progress import Progress
from lab.settings import LabSettings
from lab.workspace import Workspace

PARALLEL = 8


def have(workspace: Workspace, settings: LabSettings, wanted: list[ServerPlan], progress: Progress) -> None:
    """Order what is missing, then wait until every server of the plan answers. Raises LabError."""
    regions = {region.id: index for index, region in enumerate(settings.regions)}
    by_region: dict[str, list[ServerPlan]] = {}
    for server in wanted:
        by_region.setdefault(server.region or settings.regions[0].id, []).append(server)
    if unknown := sorted(by_region.keys() - regions.keys()):
        raise LabError(f"{by_region[unknown[0]][0].name} cannot be made: the lab has no region {unknown[0]}.")
    buyers = {name: Customer(settings, regions[name]) for name in by_region}
    for name, buyer in buyers.items():
        _remove_failed(buyer, by_region[name], progress)
    orders = [order for name in by_region for order in _order(workspace, buyers[name], by_region[name], progress)]
    try:
        with progress.waiting(f"creating {len(orders)} servers"):
            for buyer, job_id in orders:
                buyer.wait([job_id])
    except LabError as error:
        raise LabError(str(error), log=process.log_file(workspace)) from error
    servers = [
        built for name in by_region for built in _built(buyers[name], [server.name for server in by_region[name]])
    ]
    for view in servers:
        if view.status != "ACTIVE":
            raise LabError(f"{view.name} is {view.status}: start it, or delete it and run `lab up` again.")
    _wait_for_ssh(workspace, settings, servers, progress)
    for view in servers:
        progress.line(f"{view.name:<12} {view.address:<14} {view.availability_zone}  {' '.join(view.tags)}")


def _remove_failed(buyer: Customer, wanted: list[ServerPlan], progress: Progress) -> None:
    """Delete servers of the plan that could not be made in an earlier run: they are ordered anew."""
    names = {server.name for server in wanted}
    failed = [server for server in buyer.servers() if server.status == "ERROR" and server.name in names]
    if failed:
        progress.line(f"removing {', '.join(server.name for server in failed)}: could not be made before")
        buyer.wait([buyer.delete([server.id for server in failed])])


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


def _wait_for_ssh(workspace: Workspace, settings: LabSettings, servers: list[ServerView], progress: Progress) -> None:
    """Wait for all of them: those of private VPCs answer at their floating address or to a bastion."""
    hidden = {server.id for server in servers if ssh.is_private(settings, server)}
    known = find.with_hosts(settings) if hidden else []
    silent = {server.name for server in servers}

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

    def wait_or_show(server: ServerView) -> None:
        try:
            wait(server)
        except LabError as error:
            raise LabError(str(error), log=show.keep_console(workspace, settings, server)) from error
        silent.discard(server.name)

    with (
        progress.waiting(lambda: f"waiting for SSH of {', '.join(sorted(silent))}"),
        ThreadPoolExecutor(PARALLEL) as pool,
    ):
        list(pool.map(wait_or_show, servers))


def _built(buyer: Customer, names: list[str]) -> list[ServerView]:
    """The servers of these names, in this order, once none is in BUILD: a killed `up` may have ordered some."""
    deadline = time.monotonic() + customer.JOB_SECONDS
    while True:
        by_name = {server.name: server for server in buyer.servers()}
        servers = [by_name[name] for name in names if name in by_name]
        if all(server.status != "BUILD" for server in servers) or time.monotonic() > deadline:
            return servers
        time.sleep(customer.POLL_SECONDS)
