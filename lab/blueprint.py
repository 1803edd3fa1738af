"""The regions that `lab up` makes: ids, accounts, flavors, groups, subnets. Kept in region.json from then on."""

from __future__ import annotations

import ipaddress
import secrets
import string
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from lab import passwords, routes, topology
from lab.errors import LabError
from lab.net import addresses
from lab.settings import (
    Account,
    Flavor,
    Image,
    KeyPair,
    LabSettings,
    RegionSettings,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)
from lab.topology import RegionPlan, RulePlan, Topology, VpcPlan

REGION = topology.REGION
KEY_PAIR = "lab"
API_PORTS = tuple(range(8080, 8980, 100))

# Names and sizes of Huawei's general purpose flavors: RAM in MiB.
FLAVORS = (
    Flavor("s6.small.1", 1, 1024),
    Flavor("s6.medium.2", 1, 2048),
    Flavor("s6.medium.4", 1, 4096),
    Flavor("s6.large.2", 2, 4096),
    Flavor("s6.large.4", 2, 8192),
    Flavor("s6.xlarge.2", 4, 8192),
    Flavor("c7.large.2", 2, 4096),
    Flavor("c7.xlarge.2", 4, 8192),
)


def new(
    lab_id: str,
    network: IPv4Network,
    image_ref: str,
    public_key: str,
    api_port: int,
    *,
    wanted: Topology | None = None,
) -> LabSettings:
    """The wanted regions, else one with three zones, one VPC and one subnet in it; one IAM user with fresh keys.

    Raises LabError when a lab has no room for the VPCs, or a rule names what does not exist.
    """
    empty = LabSettings(
        lab_id=lab_id,
        api_address=addresses.api_address(network),
        api_port=api_port,
        metadata_port=api_port + 1,
        cidr=str(network),
        regions=(),
        accounts=(_account(public_key),),
        images=(Image(str(uuid.uuid4()), "Debian 11.0.0 64bit", "Debian", image_ref),),
        flavors=FLAVORS,
        public_cidr=str(addresses.public_network(network)),
    )
    named = wanted if wanted and wanted.regions else Topology({REGION: RegionPlan()})
    return with_topology(empty, named)


def renewed(settings: LabSettings, image_ref: str, public_key: str, wanted: Topology | None = None) -> LabSettings:
    """The same regions with the image, flavors and login key of today, and what of the wanted topology is missing."""
    keys = (KeyPair(KEY_PAIR, public_key),)
    current = replace(
        settings,
        accounts=tuple(replace(account, key_pairs=keys) for account in settings.accounts),
        images=tuple(replace(image, ref=image_ref) for image in settings.images),
        flavors=FLAVORS,
        regions=tuple(map(_up_to_date, settings.regions)),
        public_cidr=str(addresses.public_network(IPv4Network(settings.cidr))),
    )
    return with_topology(current, wanted or Topology())


def with_topology(settings: LabSettings, wanted: Topology) -> LabSettings:
    """Add the regions, zones, VPCs, subnets and groups that are missing; the rules become the wanted ones.

    Nothing is taken away and no id or address changes, so servers stay where they are. Raises LabError.
    """
    for name, plan in wanted.regions.items():
        known = next((region for region in settings.regions if region.id == name), None)
        region = _with_names(known or RegionSettings(name, _hex_id(), (), ()), plan)
        region = _with_vpcs(settings, region, plan.vpcs or ({} if known else {topology.VPC: VpcPlan()}))
        others = [other for other in settings.regions if other.id != name]
        place = len(others) if known is None else settings.regions.index(known)
        settings = replace(settings, regions=(*others[:place], region, *others[place:]))
    # Rules may name groups and VPCs of the whole file: last.
    return replace(settings, regions=tuple(_with_rules(settings, region, wanted) for region in settings.regions))


def _with_names(region: RegionSettings, plan: RegionPlan) -> RegionSettings:
    """The region with all zones and groups, the groups still without new rules."""
    zones = dict.fromkeys((*region.azs, *(f"{region.id}{zone}" for zone in plan.zones)))
    groups = {group.name: group for group in region.security_groups}
    for name in (topology.GROUP, *plan.security_groups):
        groups.setdefault(name, SecurityGroup(str(uuid.uuid4()), name))
    return replace(region, azs=tuple(zones), security_groups=tuple(groups.values()))


def _with_vpcs(settings: LabSettings, region: RegionSettings, wanted: dict[str, VpcPlan]) -> RegionSettings:
    for name, plan in wanted.items():
        known = next((vpc for vpc in region.vpcs if vpc.name == name), None)
        vpc = replace(known, private=plan.private) if known else _new_vpc(settings, region, name, plan.private)
        vpcs = {**{other.name: other for other in region.vpcs}, name: vpc}
        subnets = (*region.subnets, *_missing_subnets(settings, region, vpc, plan))
        region = replace(region, vpcs=tuple(vpcs.values()), subnets=subnets)
    return region


def _new_vpc(settings: LabSettings, region: RegionSettings, name: str, private: bool) -> Vpc:
    others = (other for other in settings.regions if other.id != region.id)
    taken = {vpc.cidr for one in (*others, region) for vpc in one.vpcs}
    network = IPv4Network(settings.cidr)
    for index in range(addresses.MAX_VPCS):
        cidr = str(addresses.vpc(network, index))
        if cidr not in taken:
            return Vpc(str(uuid.uuid4()), name, cidr, private)
    raise LabError(f"There is no room for the VPC {name}: a lab has at most {addresses.MAX_VPCS}.")


def _missing_subnets(settings: LabSettings, region: RegionSettings, vpc: Vpc, plan: VpcPlan) -> Iterator[Subnet]:
    present = [subnet for subnet in region.subnets if subnet.vpc_id == vpc.id]
    zones: Iterable[str | None] = region.azs if plan.zonal else (None,)
    missing = [zone for zone in zones if zone not in {subnet.az for subnet in present}]
    free = (network for network in IPv4Network(vpc.cidr).subnets(new_prefix=24))
    free = (network for network in free if str(network) not in {subnet.cidr for subnet in present})
    for zone in missing:
        network = next(free, None)
        if network is None:
            raise LabError(f"There is no room for a subnet of {zone}: a VPC has at most {addresses.SUBNETS_PER_VPC}.")
        yield Subnet(
            id=str(uuid.uuid4()),
            vpc_id=vpc.id,
            cidr=str(network),
            gateway=addresses.gateway(network),
            bridge=addresses.bridge_name(settings.lab_id, network.network_address.packed[2]),
            name=f"subnet-{zone}" if zone else "subnet-default",
            az=zone,
        )


def _with_rules(settings: LabSettings, region: RegionSettings, wanted: Topology) -> RegionSettings:
    plan = wanted.regions.get(region.id, RegionPlan())
    groups = []
    for group in region.security_groups:
        rules = plan.security_groups.get(group.name)
        if rules is None and group.name == topology.GROUP and not group.rules:
            rules = topology.DEFAULT_GROUP
        groups.append(group if rules is None else replace(group, rules=_rules(settings, region, group.name, rules)))
    return replace(region, security_groups=tuple(groups))


def _rules(settings: LabSettings, region: RegionSettings, group: str, plans: tuple[RulePlan, ...]) -> tuple[Rule, ...]:
    if not any(plan.direction == "egress" for plan in plans):
        plans = (*plans, topology.EGRESS)
    groups = {known.name: known.id for known in region.security_groups}
    rules = []
    for plan in plans:
        rule = Rule(plan.direction, plan.protocol, plan.ports)
        if plan.remote in groups:
            rules.append(replace(rule, group_id=groups[plan.remote]))
        else:
            rules += [replace(rule, cidr=cidr) for cidr in _cidrs(settings, group, plan.remote)]
    return tuple(rules)


def _cidrs(settings: LabSettings, group: str, remote: str) -> list[str]:
    try:
        return [str(IPv4Network(remote))]
    except ipaddress.AddressValueError:
        pass
    except ValueError as error:
        raise LabError(f"The security group {group} has a wrong remote: {error}.") from None
    try:
        return [vpc.cidr for _, vpc in routes.named(settings, remote)]
    except LabError as error:
        raise LabError(f"The security group {group} names {remote}, which is no group of its region. {error}") from None


def _up_to_date(region: RegionSettings) -> RegionSettings:
    """A region of a lab that was made before there were VPCs by name: its subnets tell which it has."""
    if region.vpcs:
        return region
    ids = dict.fromkeys(subnet.vpc_id for subnet in region.subnets)
    first = {vpc_id: next(subnet for subnet in region.subnets if subnet.vpc_id == vpc_id) for vpc_id in ids}
    vpcs = (Vpc(vpc_id, topology.VPC, str(first[vpc_id].network.supernet(new_prefix=20))) for vpc_id in ids)
    return replace(region, vpcs=tuple(vpcs))


def _account(public_key: str) -> Account:
    return Account(
        domain="ecs-lab",
        domain_id=_hex_id(),
        user="operator",
        user_id=_hex_id(),
        password=passwords.generate(),
        access_key=_word(string.ascii_uppercase + string.digits, 20),
        secret_key=_word(string.ascii_letters + string.digits, 40),
        key_pairs=(KeyPair(KEY_PAIR, public_key),),
    )


def _hex_id() -> str:
    return secrets.token_hex(16)


def _word(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
