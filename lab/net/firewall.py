"""The lab's packet filter: chains of its own, entered by one jump each from the built-in ones.

What hosts may reach: hosts of their VPC and of VPCs with a route to it, as far as security groups let them; the
region's API, the metadata service at 169.254.169.254:80, and the outside behind the control node's address (for apt).
Not: other VPCs (nothing comes back, as on the cloud); other labs, the control node's own services, any other link-local
address (refused at once, so that nothing ever leaves the machine or waits).

Cards of one bridge cannot speak to one another (see lab.net.netns): whatever a host sends comes by here.

    FORWARD --- between hosts ---> VPC --> ROUTES --> GROUPS --> SGOUT --> SGIN      (SGOUT, SGIN: lab.net.groups)
            --- to the outside --> SGOUT
    OUTPUT  --- control node to a floating address --> SGIN
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

from lab.net import groups, iptables
from lab.net.addresses import PREFIX, bridges, chain_name, gateway
from lab.net.iptables import Hook, restore_text
from lab.routes import Route
from lab.settings import LabSettings

LINK_LOCAL = "169.254.0.0/16"
METADATA = "169.254.169.254/32"
KNOWN = "-m conntrack --ctstate ESTABLISHED,RELATED"
NO_ROUTE = "--reject-with icmp-net-unreachable"


def hooks(lab_id: str) -> tuple[Hook, ...]:
    """In the order of installation: the filter that refuses comes before the NAT that leads anywhere."""
    comment = f"ecs-cluster-kit lab {lab_id}"
    places = (
        *(("filter", chain) for chain in ("FORWARD", "INPUT", "OUTPUT")),
        *(("nat", chain) for chain in ("PREROUTING", "OUTPUT", "POSTROUTING")),
    )
    return tuple(Hook(table, chain, chain_name(lab_id, chain), comment) for table, chain in places)


def install(settings: LabSettings, routes: Iterable[Route] = ()) -> None:
    """Replace the content of the lab's fixed chains and have each entered exactly once. Idempotent.

    Those of the security groups only come into being, empty: what is not known to be allowed is dropped.
    """
    for table, make in (("filter", filter_table), ("nat", nat_table)):
        iptables.ensure_chains(table, groups.chains(settings.lab_id, table))
        if table == "filter":
            iptables.ensure_chains(table, [chain_name(settings.lab_id, "GROUPS")])
            change_routes(settings, routes)
        iptables.restore(make(settings))
        for hook in hooks(settings.lab_id):
            if hook.table == table:
                iptables.enter(hook)


def change_routes(settings: LabSettings, routes: Iterable[Route]) -> None:
    """Let exactly these VPCs reach one another, from this instant on: open connections are cut, too."""
    iptables.restore(routes_table(settings, routes))


def remove(lab_id: str) -> None:
    """Take the lab's jumps and chains away, the NAT first and the refusal of link-local last. Idempotent."""
    for hook in reversed(hooks(lab_id)):
        iptables.leave(hook)
    for table in iptables.TABLES:
        iptables.remove_chains(table, lab_id)


def filter_table(settings: LabSettings) -> str:
    """The FORWARD, INPUT and OUTPUT chains, and what is fixed of the way between two hosts."""
    lab = settings.lab_id
    forward, incoming, outgoing = (chain_name(lab, chain) for chain in ("FORWARD", "INPUT", "OUTPUT"))
    vpc, groups_, out, into = (chain_name(lab, chain) for chain in ("VPC", "GROUPS", groups.OUT, groups.IN))
    hosts, floating = bridges(lab), _floating(settings)
    ports = f"{settings.api_port},{settings.metadata_port}"
    rules = [
        f"-A {forward} -s {settings.cidr} -d {LINK_LOCAL} -j REJECT",
        f"-A {forward} -i {hosts} -o {hosts} -j {vpc}",
        f"-A {forward} -i {hosts} -o {hosts} -j DROP",
        f"-A {forward} -i {hosts} -o {PREFIX}+ -j REJECT",
        f"-A {forward} -i {hosts} {KNOWN} -j ACCEPT",
        f"-A {forward} -i {hosts} -j {out}",
        f"-A {forward} -i {hosts} -j DROP",
        f"-A {forward} -o {hosts} {KNOWN} -j ACCEPT",
        f"-A {forward} -o {hosts} -j REJECT",
        f"-A {vpc} {floating} -j {groups_}",
        f"-A {vpc} -j {chain_name(lab, 'ROUTES')}",
        f"-A {groups_} {KNOWN} -j ACCEPT",
        f"-A {groups_} -j {out}",
        f"-A {groups_} -j DROP",
        f"-A {incoming} -i {hosts} {KNOWN} -j ACCEPT",
        f"-A {incoming} -i {hosts} -d {settings.api_address} -p tcp -m multiport --dports {ports} -j ACCEPT",
        f"-A {incoming} -i {hosts} -p icmp -j ACCEPT",
        # A control node may be its own resolver, and its hosts use the resolver it uses.
        f"-A {incoming} -i {hosts} -p udp --dport 53 -j ACCEPT",
        f"-A {incoming} -i {hosts} -p tcp --dport 53 -j ACCEPT",
        f"-A {incoming} -i {hosts} -j REJECT",
        f"-A {incoming} ! -i lo -d {settings.api_address} -j REJECT",
        # A cloud says nothing of a server that is gone, and has no router that knows better ways.
        f"-A {outgoing} -o {hosts} -p icmp --icmp-type host-unreachable -j DROP",
        f"-A {outgoing} -o {hosts} -p icmp --icmp-type redirect -j DROP",
        # By destination: after DNAT the packet has its new one here, but still the old interface.
        f"-A {outgoing} -d {settings.cidr} {KNOWN} -j ACCEPT",
        f"-A {outgoing} -d {settings.cidr} {floating} -j {into}",
        f"-A {outgoing} ! -o lo -d {settings.public_cidr} -j REJECT",
        *(f"-A {outgoing} ! -o lo -d {vpc_cidr} -j REJECT {NO_ROUTE}" for vpc_cidr in _private(settings)),
    ]
    return restore_text("filter", (forward, incoming, outgoing, vpc, groups_), rules)


def routes_table(settings: LabSettings, routes: Iterable[Route]) -> str:
    """The ROUTES chain: which subnets reach which, whatever was open before."""
    chain = chain_name(settings.lab_id, "ROUTES")
    onward = chain_name(settings.lab_id, "GROUPS")
    rules = [f"-A {chain} -s {source} -d {target} -j {onward}" for source, target in subnet_pairs(settings, routes)]
    return restore_text("filter", (chain,), [*rules, f"-A {chain} -j DROP"])


def nat_table(settings: LabSettings) -> str:
    """The PREROUTING, OUTPUT and POSTROUTING chains."""
    before, local, after = (chain_name(settings.lab_id, chain) for chain in ("PREROUTING", "OUTPUT", "POSTROUTING"))
    public = chain_name(settings.lab_id, groups.PUBLIC)
    hosts = bridges(settings.lab_id)
    service = f"{settings.api_address}:{settings.metadata_port}"
    router = gateway(IPv4Network(settings.public_cidr))
    rules = [
        f"-A {before} -s {settings.cidr} -d {METADATA} -p tcp --dport 80 -j DNAT --to-destination {service}",
        f"-A {before} -i {hosts} -j {public}",
        f"-A {local} -j {public}",
        # The answer to a neighbour's floating address must come back the way it went.
        f"-A {after} -s {settings.cidr} -o {hosts} {_floating(settings)} -j SNAT --to-source {router}",
        f"-A {after} -s {settings.cidr} ! -d {settings.cidr} -j MASQUERADE",
    ]
    return restore_text("nat", (before, local, after), rules)


def subnet_pairs(settings: LabSettings, routes: Iterable[Route]) -> list[tuple[str, str]]:
    """Every (from, to) pair of subnets of one VPC, a subnet with itself included, and of VPCs with a route."""
    joined = {frozenset((route.one, route.other)) for route in routes}
    subnets = [subnet for region in settings.regions for subnet in region.subnets]
    return [
        (one.cidr, other.cidr)
        for one in subnets
        for other in subnets
        if one.vpc_id == other.vpc_id or {one.vpc_id, other.vpc_id} in joined
    ]


def _private(settings: LabSettings) -> list[str]:
    return [vpc.cidr for region in settings.regions for vpc in region.vpcs if vpc.private]


def _floating(settings: LabSettings) -> str:
    """Matches connections that were made to a floating address, in both directions."""
    return f"-m conntrack --ctstate DNAT --ctorigdst {settings.public_cidr}"
