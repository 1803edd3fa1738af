"""Which address of a server Ansible connects to, and through which bastion."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ConfigurationError
from ..servers import Address, Server

CONNECT_CHOICES = ("private_ipv4", "public_ipv4", "ipv6", "name")

# One label or more of letters, digits, - and _; never a leading dash, which ssh would read as an option.
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?\Z"
)
_USER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NotReachableError(Exception):
    """This server has no usable way in; `str(error)` says why."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses of one server on the chosen network; None where it has none."""

    private_ipv4: str | None
    public_ipv4: str | None
    ipv6: str | None


@dataclass(frozen=True)
class Bastion:
    """A host to jump through: `host` is a name, an address or `tag:KEY` (the value of that tag on the server)."""

    host: str
    user: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if not self.host.startswith("tag:") and not is_host(self.host):
            raise ConfigurationError(f"bastion.host {self.host!r} is neither a host name, an address nor tag:KEY.")
        if self.user is not None and not _USER_NAME.match(self.user):
            raise ConfigurationError(f"bastion.user {self.user!r} is not a user name.")
        if self.port is not None and not 0 < self.port < 65536:
            raise ConfigurationError(f"bastion.port {self.port} is not a port.")

    def jump_for(self, server: Server) -> str | None:
        """What follows `-o ProxyJump=`, None for a server without the tag. Raises NotReachableError for a bad tag."""
        host = self.host
        if host.startswith("tag:"):
            tag = host.removeprefix("tag:")
            host = server.tags.get(tag, "")
            if not host:
                return None
            # A tag's value goes onto an ssh command line: whoever may tag servers must not choose its options.
            if not is_host(host):
                raise NotReachableError(f"its tag {tag} is no name or address of a bastion")
        address = f"[{host}]" if ":" in host else host
        return f"{self.user + '@' if self.user else ''}{address}{f':{self.port}' if self.port else ''}"


def is_host(text: str) -> bool:
    """True for a host name or an IP address, and for nothing that ssh or a shell could take for something else."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_HOST_NAME.match(text))
    return "%" not in text


def parse_network(text: str) -> str | Network:
    """A CIDR as a network, anything else as a VPC id. Raises ConfigurationError for a malformed CIDR."""
    if "/" not in text:
        return text
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ConfigurationError(f"network {text!r} is not a CIDR: {error}.") from None


def reach(server: Server, network: str | Network | None) -> Reach:
    """The first address of each kind among the NICs on `network` (a VPC id or a CIDR; None: all NICs)."""
    addresses = server.addresses
    if network is not None:
        ports = {address.port for address in addresses if _is_on(address, network)}
        addresses = tuple(address for address in addresses if address.port in ports)
    return Reach(
        private_ipv4=next((it.ip for it in addresses if it.version == 4 and it.kind == "fixed"), None),
        public_ipv4=next((it.ip for it in addresses if it.version == 4 and it.kind == "floating"), None),
        ipv6=next((it.ip for it in addresses if it.version == 6), None),
    )


def choose(server: Server, reachable: Reach, preferences: Sequence[str]) -> tuple[str, bool]:
    """The address to connect to and whether it is public. Raises NotReachableError."""
    for preference in preferences:
        if preference == "name":
            if is_host(server.name):
                return server.name, False
            continue
        address: str | None = getattr(reachable, preference)
        if address:
            return address, preference == "public_ipv4" or (
                preference == "ipv6" and ipaddress.ip_address(address).is_global
            )
    raise NotReachableError(f"no {' and no '.join(preferences)}")


def _is_on(address: Address, network: str | Network) -> bool:
    if isinstance(network, str):
        return address.vpc_id == network
    return address.kind == "fixed" and ipaddress.ip_address(address.ip) in network
