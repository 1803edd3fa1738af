"""Topologies: what a plan may say, what becomes of it, and what a later plan adds."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab import blueprint, customer, routes, topology
from lab.errors import LabError
from lab.plan import ServerPlan
from lab.routes import Route
from lab.settings import LabSettings

NETWORK = IPv4Network("10.210.0.0/16")
TWO_REGIONS = {
    "regions": {
        "north": {"vpcs": {"main": {}, "closed": {"private": True, "zonal": True}}, "security_groups": {"bastion": []}},
        "south": {"zones": ["a"]},
    }
}


def made(data: object) -> LabSettings:
    return blueprint.new("ab12", NETWORK, "image", "ssh-ed25519 AAAA", 8080, wanted=topology.parse(data))


def renewed(known: LabSettings, data: object) -> LabSettings:
    return blueprint.renewed(known, "image", "ssh-ed25519 AAAA", topology.parse(data))


def test_without_a_topology_there_is_one_region_with_one_vpc() -> None:
    lab = made({"servers": []})
    [region] = lab.regions
    assert (region.id, region.azs) == ("lab-north-1", ("lab-north-1a", "lab-north-1b", "lab-north-1c"))
    [vpc], [subnet] = region.vpcs, region.subnets
    assert (vpc.name, vpc.cidr, vpc.private) == ("vpc-default", "10.210.0.0/20", False)
    assert (subnet.vpc_id, subnet.cidr, subnet.bridge, subnet.az) == (vpc.id, "10.210.0.0/24", "ekab12b0", None)
    [group] = region.security_groups
    assert [(rule.direction, rule.group_id, rule.cidr) for rule in group.rules] == [
        ("ingress", group.id, "0.0.0.0/0"),
        ("egress", None, "0.0.0.0/0"),
    ]


def test_regions_differ_in_project_zones_and_addresses() -> None:
    north, south = made(TWO_REGIONS).regions
    assert north.project_id != south.project_id
    assert south.azs == ("southa",)
    assert [vpc.cidr for vpc in (*north.vpcs, *south.vpcs)] == ["10.210.0.0/20", "10.210.16.0/20", "10.210.32.0/20"]
    zonal = [(subnet.az, subnet.cidr, subnet.bridge) for subnet in north.subnets if subnet.az]
    assert zonal == [
        ("northa", "10.210.16.0/24", "ekab12b16"),
        ("northb", "10.210.17.0/24", "ekab12b17"),
        ("northc", "10.210.18.0/24", "ekab12b18"),
    ]


def test_the_same_plan_again_changes_nothing() -> None:
    lab = made(TWO_REGIONS)
    assert renewed(lab, TWO_REGIONS) == lab
    assert renewed(lab, {}) == lab


def test_a_later_plan_adds_and_moves_nothing() -> None:
    lab = made({})
    grown = renewed(lab, {"regions": {"lab-north-1": {"vpcs": {"more": {"zonal": True}}}, "south": {}}})
    first, second = grown.regions
    assert (first.project_id, first.subnets[:1], first.vpcs[:1]) == (
        lab.regions[0].project_id, lab.regions[0].subnets, lab.regions[0].vpcs,
    )  # fmt: skip
    assert [vpc.cidr for vpc in (*first.vpcs, *second.vpcs)] == ["10.210.0.0/20", "10.210.16.0/20", "10.210.32.0/20"]
    assert renewed(grown, {}) == grown


def test_rules_of_a_group_are_those_of_the_newest_plan() -> None:
    lab = made({"regions": {"north": {"security_groups": {"web": [{"protocol": "tcp", "ports": 80}]}}}})
    again = renewed(lab, {"regions": {"north": {"security_groups": {"web": [{"protocol": "tcp", "ports": 443}]}}}})
    [before], [after] = (
        [group for group in one.regions[0].security_groups if group.name == "web"] for one in (lab, again)
    )
    assert before.id == after.id
    assert [rule.ports for rule in after.rules] == ["443", ""]


def test_a_lab_from_before_vpcs_had_names_keeps_its_servers_network() -> None:
    lab = made({})
    [region] = lab.regions
    bare = replace(region, vpcs=(), security_groups=tuple(replace(group, rules=()) for group in region.security_groups))
    again = renewed(replace(lab, regions=(bare,), public_cidr=""), {})
    assert again == lab


def test_there_is_room_for_fifteen_vpcs() -> None:
    names = {f"vpc{n}": {} for n in range(15)}
    assert made({"regions": {"north": {"vpcs": names}}}).regions[0].vpcs[-1].cidr == "10.210.224.0/20"
    with pytest.raises(LabError, match="no room for the VPC vpc15: a lab has at most 15"):
        made({"regions": {"north": {"vpcs": {**names, "vpc15": {}}}}})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"regions": []}, "`regions` must be a mapping"),
        ({"regions": {"a b": {}}}, "the name a b must be letters"),
        ({"regions": {"north": {"colour": "red"}}}, r"RegionPlan has unknown members \['colour'\]"),
        ({"regions": {"north": {"zones": ["a", "a"]}}}, "`zones` of north must be different letters"),
        ({"regions": {"north": {"vpcs": {"main": {"privat": True}}}}}, r"VpcPlan has unknown members \['privat'\]"),
        ({"regions": {"north": {"security_groups": {"g": {}}}}}, "g must be a list"),
        ({"regions": {"north": {"security_groups": {"g": [{"protocol": "gre"}]}}}}, "the protocol gre"),
        ({"regions": {"north": {"security_groups": {"g": [{"ports": 22}]}}}}, "the ports 22 of any"),
        (
            {"regions": {"north": {"security_groups": {"g": [{"protocol": "tcp", "ports": "9-2"}]}}}},
            "the ports 9-2 of tcp",
        ),
        ({"routes": [["one"]]}, "a route must be two names"),
    ],
)
def test_a_wrong_topology_says_what_is_wrong(data: object, reason: str) -> None:
    with pytest.raises((TypeError, ValueError), match=reason):
        topology.parse(data)


@pytest.mark.parametrize(
    ("remote", "reason"),
    [("10.0.0.1/8", "has host bits set"), ("nobody", "names nobody, which is no group of its region")],
)
def test_a_rule_of_a_stranger_is_refused(remote: str, reason: str) -> None:
    with pytest.raises(LabError, match=reason):
        made({"regions": {"north": {"security_groups": {"g": [{"remote": remote}]}}}})


def test_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "t.yml"
    path.write_text("regions: []")
    with pytest.raises(LabError, match=r"The plan .*t\.yml is wrong: `regions` must be a mapping"):
        topology.load(path)


class TestRoutes:
    @pytest.fixture
    def lab(self) -> LabSettings:
        return made({"regions": {"north": {"vpcs": {"main": {}, "closed": {}}}, "south": {"vpcs": {"main": {}}}}})

    def test_a_pair_is_one_route_whichever_end_comes_first(self, lab: LabSettings) -> None:
        assert routes.between(lab, "north/main", "closed") == routes.between(lab, "closed", "north/main")

    def test_a_region_stands_for_all_its_vpcs(self, lab: LabSettings) -> None:
        named = sorted(routes.describe(lab, route) for route in routes.between(lab, "south", "north"))
        assert named == [
            "Cloud Connect  north/closed - south/main",
            "Cloud Connect  north/main - south/main",
        ]
        [peering] = routes.between(lab, "north/main", "north/closed")
        assert routes.describe(lab, peering) == "VPC Peering    north/main - north/closed"

    @pytest.mark.parametrize(
        ("one", "other", "reason"),
        [
            ("main", "closed", "2 regions have a VPC main: write north/main, for example"),
            ("nowhere", "closed", "no VPC or region nowhere: the lab has north/main, north/closed, south/main"),
            ("closed", "closed", "leads nowhere"),
        ],
    )
    def test_a_wrong_name_is_one_sentence(self, lab: LabSettings, one: str, other: str, reason: str) -> None:
        with pytest.raises(LabError, match=reason):
            routes.between(lab, one, other)

    def test_they_are_kept(self, tmp_path: Path) -> None:
        assert routes.load(tmp_path) == frozenset()
        routes.save(tmp_path, {Route("a", "b"), Route("a", "c")})
        assert routes.load(tmp_path) == {Route("a", "b"), Route("a", "c")}
        (tmp_path / routes.FILE_NAME).write_text("{}")
        with pytest.raises(LabError, match="is damaged"):
            routes.load(tmp_path)


class TestPlaces:
    def test_a_server_gets_the_subnet_of_its_vpc_and_zone(self) -> None:
        region = made(TWO_REGIONS).regions[0]
        plan = ServerPlan("s", "f", vpc="closed", availability_zone="northb")
        assert customer.subnet_for(region, plan).cidr == "10.210.17.0/24"
        assert customer.subnet_for(region, ServerPlan("s", "f")).cidr == "10.210.0.0/24"

    def test_and_its_groups(self) -> None:
        region = made(TWO_REGIONS).regions[0]
        ids = {group.name: group.id for group in region.security_groups}
        assert customer.groups_for(region, ServerPlan("s", "f")) == [ids["default"]]
        plan = ServerPlan("s", "f", security_groups=("bastion", "default"))
        assert customer.groups_for(region, plan) == [ids["bastion"], ids["default"]]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [({"vpc": "none"}, "north has no VPC none"), ({"vpc": "closed", "availability_zone": "x"}, "no subnet for x")],
    )
    def test_what_does_not_exist_is_named(self, changes: dict[str, str], reason: str) -> None:
        with pytest.raises(LabError, match=reason):
            customer.subnet_for(made(TWO_REGIONS).regions[0], ServerPlan("s", "f", **changes))
