"""A lab's whole network: made in one call, removed in another, both safe to repeat after a killed run."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from lab.errors import LabError
from lab.net import firewall, kernel, links, netns
from lab.net.addresses import (
    PREFIX,
    api_interface,
    choose_network,
    gateway,
    interface_prefix,
    public_interface,
    taken_networks,
)
from lab.routes import Route
from lab.settings import LabSettings

LOCK = Path("/run/lock/ecs-cluster-kit-network")


@contextmanager
def machine_lock() -> Iterator[None]:
    """Held while a network is chosen and made or removed: two labs must not choose the same one."""
    with LOCK.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def free_network(lab_id: str) -> IPv4Network:
    """A network nobody on this machine has a route to. Raises LabError when there is none."""
    return choose_network(lab_id, taken_networks(links.routes_json(), interface_prefix(lab_id)))


def is_free(lab_id: str, network: IPv4Network) -> bool:
    """Whether `network`, chosen in an earlier run, is still nobody else's."""
    taken = taken_networks(links.routes_json(), interface_prefix(lab_id))
    return not any(network.overlaps(other) for other in taken)


def up(settings: LabSettings, routes: Iterable[Route] = ()) -> None:
    """Have the filter, the API's address, the network of floating addresses and the subnets' bridges.

    Raises LabError with iproute2's or iptables' reason. The filter comes first: no host is ever on a network whose
    rules are not there yet. The API's address is on a bridge without ports, which exists in every kernel that can run
    the hosts; the dummy driver does not.
    """
    firewall.install(settings, routes)
    try:
        kernel.enable()
    except OSError as error:
        raise LabError(f"The kernel setting {error.filename} cannot be changed ({error.strerror}).") from error
    links.ensure_bridge(api_interface(settings.lab_id), f"{settings.api_address}/32")
    public = IPv4Network(settings.public_cidr)
    links.ensure_bridge(public_interface(settings.lab_id), f"{gateway(public)}/{public.prefixlen}")
    for region in settings.regions:
        for subnet in region.subnets:
            links.ensure_bridge(subnet.bridge, f"{subnet.gateway}/{subnet.network.prefixlen}")


def down(lab_id: str) -> None:
    """Remove everything of this lab's network, whatever a killed run has left of it."""
    for name in netns.of_lab(lab_id):
        netns.delete_named(name, [])
    for name in links.names(interface_prefix(lab_id)):
        links.delete(name)
    firewall.remove(lab_id)
    if not other_labs(lab_id):
        kernel.restore()


def other_labs(lab_id: str) -> set[str]:
    """The ids of the labs that are up on this machine besides this one."""
    found = (re.fullmatch(rf"{PREFIX}([0-9a-f]{{4}})api", name) for name in links.names(PREFIX))
    return {match[1] for match in found if match} - {lab_id}
