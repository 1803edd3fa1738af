"""The lab's packet filter: chains of its own, entered by one jump each from the built-in ones.

What hosts may reach: hosts of their VPC, the region's API, the metadata service at 169.254.169.254:80, and the outside
behind the control node's address (for apt). Not: other VPCs, other labs, the control node's own services, any other
link-local address. Those are refused at once (REJECT), so that nothing ever leaves the machine or waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.net.addresses import PREFIX, chain_name, interface_prefix
from lab.settings import LabSettings
from lab.shell import run, succeeds

LINK_LOCAL = "169.254.0.0/16"
METADATA = "169.254.169.254/32"
IPTABLES = ("iptables", "--wait", "10")


@dataclass(frozen=True)
class Hook:
    """A jump from a built-in chain: `iptables -t table -I chain -m comment … -j target`."""

    table: str
    chain: str
    target: str
    comment: str

    def rule(self) -> list[str]:
        return [self.chain, "-m", "comment", "--comment", self.comment, "-j", self.target]


def hooks(lab_id: str) -> tuple[Hook, ...]:
    """In the order of installation: the filter that refuses comes before the NAT that leads anywhere."""
    comment = f"ecs-cluster-kit lab {lab_id}"
    places = (("filter", "FORWARD"), ("filter", "INPUT"), ("nat", "PREROUTING"), ("nat", "POSTROUTING"))
    return tuple(Hook(table, chain, chain_name(lab_id, chain), comment) for table, chain in places)


def install(settings: LabSettings) -> None:
    """Replace the content of the lab's chains and have each entered exactly once. Idempotent."""
    run(["iptables-restore", "--wait", "10", "--noflush"], text=filter_table(settings))
    _enter("filter", settings.lab_id)
    run(["iptables-restore", "--wait", "10", "--noflush"], text=nat_table(settings))
    _enter("nat", settings.lab_id)


def remove(lab_id: str) -> None:
    """Take the lab's jumps and chains away, the NAT first and the refusal of link-local last. Idempotent."""
    for hook in reversed(hooks(lab_id)):
        while succeeds([*IPTABLES, "-t", hook.table, "-C", *hook.rule()]):
            run([*IPTABLES, "-t", hook.table, "-D", *hook.rule()])
        if succeeds([*IPTABLES, "-t", hook.table, "-S", hook.target]):
            run([*IPTABLES, "-t", hook.table, "-F", hook.target])
            run([*IPTABLES, "-t", hook.table, "-X", hook.target])


def _enter(table: str, lab_id: str) -> None:
    for hook in hooks(lab_id):
        if hook.table == table and not succeeds([*IPTABLES, "-t", table, "-C", *hook.rule()]):
            chain, *rest = hook.rule()
            run([*IPTABLES, "-t", table, "-I", chain, "1", *rest])


def filter_table(settings: LabSettings) -> str:
    """The FORWARD and INPUT chains as iptables-restore(8) input. Naming a chain there empties it first."""
    forward, incoming = chain_name(settings.lab_id, "FORWARD"), chain_name(settings.lab_id, "INPUT")
    bridges = f"{interface_prefix(settings.lab_id)}b+"
    ports = f"{settings.api_port},{settings.metadata_port}"
    rules = [
        f"-A {forward} -s {settings.cidr} -d {LINK_LOCAL} -j REJECT",
        f"-A {forward} -i {bridges} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        f"-A {forward} -o {bridges} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        *(f"-A {forward} -s {source} -d {target} -j ACCEPT" for source, target in vpc_pairs(settings)),
        f"-A {forward} -i {bridges} -o {PREFIX}+ -j REJECT",
        f"-A {forward} -i {bridges} -j ACCEPT",
        f"-A {forward} -o {bridges} -j REJECT",
        f"-A {incoming} -i {bridges} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        f"-A {incoming} -i {bridges} -d {settings.api_address} -p tcp -m multiport --dports {ports} -j ACCEPT",
        f"-A {incoming} -i {bridges} -p icmp -j ACCEPT",
        # A control node may be its own resolver, and its hosts use the resolver it uses.
        f"-A {incoming} -i {bridges} -p udp --dport 53 -j ACCEPT",
        f"-A {incoming} -i {bridges} -p tcp --dport 53 -j ACCEPT",
        f"-A {incoming} -i {bridges} -j REJECT",
        f"-A {incoming} ! -i lo -d {settings.api_address} -j REJECT",
    ]
    return _restore("filter", (forward, incoming), rules)


def nat_table(settings: LabSettings) -> str:
    """The PREROUTING and POSTROUTING chains as iptables-restore(8) input."""
    before, after = chain_name(settings.lab_id, "PREROUTING"), chain_name(settings.lab_id, "POSTROUTING")
    service = f"{settings.api_address}:{settings.metadata_port}"
    rules = [
        f"-A {before} -s {settings.cidr} -d {METADATA} -p tcp --dport 80 -j DNAT --to-destination {service}",
        f"-A {after} -s {settings.cidr} ! -d {settings.cidr} -j MASQUERADE",
    ]
    return _restore("nat", (before, after), rules)


def vpc_pairs(settings: LabSettings) -> list[tuple[str, str]]:
    """Every (from, to) pair of subnets of the same VPC, a subnet with itself included."""
    subnets = [subnet for region in settings.regions for subnet in region.subnets]
    return [(one.cidr, other.cidr) for one in subnets for other in subnets if one.vpc_id == other.vpc_id]


def _restore(table: str, chains: Iterable[str], rules: Iterable[str]) -> str:
    lines = [f"*{table}", *(f":{chain} - [0:0]" for chain in chains), *rules, "COMMIT"]
    return "\n".join(lines) + "\n"
