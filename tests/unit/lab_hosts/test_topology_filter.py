"""Who reaches whom: VPCs, routes, security groups, floating addresses, private VPCs - decided by the chains' text."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import blueprint, routes, topology
from lab.hosts.driver import HostSpec, Nic
from lab.net import firewall, groups
from lab.net.groups import Card
from lab.settings import LabSettings
from tests.unit.lab_hosts.packet_filter import Packet, PacketFilter

PLAN = {
    "regions": {
        "north": {
            "vpcs": {"main": {}, "second": {}, "closed": {"private": True}},
            "security_groups": {
                "bastion": [{"protocol": "tcp", "ports": 22}],
                "members": [{"protocol": "tcp", "ports": "5701-5703", "remote": "south/main"}, {"remote": "bastion"}],
                "mute": [{}, {"direction": "egress", "protocol": "udp", "ports": 53}],
            },
        },
        "south": {"vpcs": {"main": {}}},
    },
}
MAIN, SECOND, CLOSED, SOUTH = "10.210.0.9", "10.210.16.9", "10.210.32.9", "10.210.48.9"
OUTSIDE = "192.0.2.1"
CONTROL = "10.210.254.1"


@pytest.fixture(scope="module")
def lab() -> LabSettings:
    wanted = topology.parse(PLAN)
    return blueprint.new("ab12", IPv4Network("10.210.0.0/16"), "image", "ssh-ed25519 AAAA", 8080, wanted=wanted)


def group(lab: LabSettings, region: int, *names: str) -> tuple[str, ...]:
    ids = {known.name: known.id for known in lab.regions[region].security_groups}
    return tuple(ids[name] for name in names)


def packets(lab: LabSettings, cards: list[Card], *pairs: tuple[str, str]) -> PacketFilter:
    present = frozenset().union(*(routes.between(lab, *pair) for pair in pairs))
    return PacketFilter(firewall.filter_table(lab), firewall.routes_table(lab, present), groups.table(lab, cards))


def everywhere(lab: LabSettings, cards: list[Card], *pairs: tuple[str, str]):
    """A function that says what becomes of a connection between two hosts."""
    table = packets(lab, cards, *pairs)

    def ask(source: str, target: str, port: int = 5701, **more: object) -> str:
        bridge = "ekab12b0" if target != OUTSIDE else "eth0"
        packet = Packet(source, target, "ekab12b0", bridge, port=port, **more)
        return table.verdict("EK-ab12-FORWARD", packet)

    return ask


def in_default(lab: LabSettings) -> list[Card]:
    north, south = group(lab, 0, "default"), group(lab, 1, "default")
    return [Card(MAIN, north), Card("10.210.0.10", north), Card(SECOND, north), Card(CLOSED, north), Card(SOUTH, south)]


def test_the_default_group_lets_its_members_talk_and_get_out(lab: LabSettings) -> None:
    ask = everywhere(lab, in_default(lab))
    assert ask(MAIN, "10.210.0.10") == "ACCEPT"
    assert ask(MAIN, OUTSIDE) == "ACCEPT"
    assert ask(OUTSIDE, MAIN) == "DROP"


def test_vpcs_meet_by_a_route_only(lab: LabSettings) -> None:
    assert everywhere(lab, in_default(lab))(MAIN, SECOND) == "DROP"
    peered = everywhere(lab, in_default(lab), ("north/main", "second"))
    assert peered(MAIN, SECOND) == peered(SECOND, MAIN) == "ACCEPT"
    assert peered(MAIN, CLOSED) == peered(SECOND, CLOSED) == "DROP"


def test_a_peering_leads_no_further(lab: LabSettings) -> None:
    ask = everywhere(lab, in_default(lab), ("north/main", "second"), ("second", "closed"))
    assert ask(MAIN, SECOND) == ask(SECOND, CLOSED) == "ACCEPT"
    assert ask(MAIN, CLOSED) == "DROP"


def test_a_cut_route_cuts_what_is_open(lab: LabSettings) -> None:
    assert everywhere(lab, in_default(lab), ("north/main", "second"))(SECOND, MAIN, known=True) == "ACCEPT"
    assert everywhere(lab, in_default(lab))(SECOND, MAIN, known=True) == "DROP"


def test_groups_of_two_regions_are_strangers(lab: LabSettings) -> None:
    ask = everywhere(lab, in_default(lab), ("north", "south"))
    assert ask(MAIN, SOUTH) == "DROP"
    members = everywhere(lab, [Card(MAIN, group(lab, 0, "members")), *in_default(lab)[4:]], ("north", "south"))
    assert [members(SOUTH, MAIN, port) for port in (5700, 5701, 5703, 5704)] == ["DROP", "ACCEPT", "ACCEPT", "DROP"]
    assert members(SOUTH, MAIN, 5701, protocol="udp") == "DROP"
    assert members(MAIN, SOUTH, known=True) == "ACCEPT"  # the answers


def test_a_group_as_remote_means_its_members_of_today(lab: LabSettings) -> None:
    bastion, member = Card("10.210.0.2", group(lab, 0, "bastion")), Card(MAIN, group(lab, 0, "members"))
    stranger = Card("10.210.0.3", group(lab, 0, "default"))
    ask = everywhere(lab, [bastion, member, stranger])
    assert ask(bastion.address, MAIN, 22) == "ACCEPT"
    assert ask(stranger.address, MAIN, 22) == "DROP"


def test_several_groups_add_up(lab: LabSettings) -> None:
    both = Card(MAIN, group(lab, 0, "default", "bastion"))
    neighbour, stranger = Card("10.210.0.3", group(lab, 0, "default")), Card("10.210.0.4", group(lab, 0, "members"))
    ask = everywhere(lab, [both, neighbour, stranger])
    assert ask(neighbour.address, MAIN, 5701) == ask(stranger.address, MAIN, 22) == "ACCEPT"
    assert ask(stranger.address, MAIN, 5701) == "DROP"


def test_egress_rules_hold_inside_and_outside(lab: LabSettings) -> None:
    mute, open_to_all = Card(MAIN, group(lab, 0, "mute")), Card("10.210.0.3", group(lab, 0, "mute"))
    ask = everywhere(lab, [mute, open_to_all])
    for target in (open_to_all.address, OUTSIDE):
        assert ask(MAIN, target, 53, protocol="udp") == "ACCEPT"
        assert ask(MAIN, target, 53) == ask(MAIN, target, 5701) == "DROP"


def test_an_unknown_host_reaches_nobody(lab: LabSettings) -> None:
    ask = everywhere(lab, in_default(lab))
    assert ask("10.210.0.77", MAIN) == ask(MAIN, "10.210.0.77") == ask("10.210.0.77", OUTSIDE) == "DROP"


def test_nothing_is_allowed_before_the_groups_are_known(lab: LabSettings) -> None:
    empty = "*filter\n:EK-ab12-SGOUT - [0:0]\n:EK-ab12-SGIN - [0:0]\nCOMMIT\n"
    table = PacketFilter(empty, firewall.filter_table(lab), firewall.routes_table(lab, []))
    for target in (MAIN, SECOND, OUTSIDE):
        out = "eth0" if target == OUTSIDE else "ekab12b0"
        assert table.verdict("EK-ab12-FORWARD", Packet("10.210.0.2", target, "ekab12b0", out)) == "DROP"


@pytest.mark.parametrize(
    ("target", "port", "floating", "verdict"),
    [
        (MAIN, 5701, "", ""),  # the control node is at home in a VPC that is not private
        (CLOSED, 22, "", "REJECT"),
        (CLOSED, 22, "10.210.254.2", "ACCEPT"),
        (CLOSED, 5701, "10.210.254.2", "DROP"),
        ("10.210.254.9", 22, "", "REJECT"),  # a floating address that nobody has
    ],
)
def test_what_the_control_node_reaches(lab: LabSettings, target: str, port: int, floating: str, verdict: str) -> None:
    table = packets(lab, [Card(CLOSED, group(lab, 0, "bastion"), "10.210.254.2"), *in_default(lab)[:1]])
    # A packet that was led elsewhere in nat's OUTPUT still has its old interface in filter's OUTPUT.
    out = "ekab12pub" if floating or target.startswith("10.210.254.") else "ekab12b0"
    packet = Packet(CONTROL, target, out=out, port=port, floating=floating)
    assert table.verdict("EK-ab12-OUTPUT", packet) == verdict


def test_answers_to_a_private_vpc_may_leave(lab: LabSettings) -> None:
    answer = Packet("10.210.255.1", CLOSED, out="ekab12b32", known=True)
    assert packets(lab, in_default(lab)).verdict("EK-ab12-OUTPUT", answer) == "ACCEPT"


def test_floating_addresses_are_led_to_their_card(lab: LabSettings) -> None:
    text = groups.table(lab, [Card(CLOSED, (), "10.210.254.2"), Card(MAIN, ())])
    assert [line for line in text.splitlines() if "PUBLIC" in line] == [
        ":EK-ab12-PUBLIC - [0:0]",
        "-A EK-ab12-PUBLIC -d 10.210.254.2 -j DNAT --to-destination 10.210.32.9",
    ]


def test_a_host_from_before_groups_is_in_the_first_one(lab: LabSettings) -> None:
    subnet = lab.regions[1].subnets[0]
    nic = Nic("fa:16:3e:00:00:01", SOUTH, 24, subnet.gateway, subnet.id, subnet.bridge)
    [card] = groups.cards(lab, [HostSpec("id", "old", "image", 1024, 1, (nic,))])
    assert card == Card(SOUTH, group(lab, 1, "default"))


@given(
    st.lists(
        st.tuples(st.sampled_from([MAIN, SECOND, CLOSED, SOUTH]), st.integers(0, 3)), unique_by=lambda card: card[0]
    ),
    st.lists(st.sampled_from([("north/main", "second"), ("second", "closed"), ("north", "south")]), unique=True),
)
def test_without_a_route_no_groups_help(
    lab: LabSettings, hosts: list[tuple[str, int]], pairs: list[tuple[str, str]]
) -> None:
    names = ("default", "bastion", "members", "mute")
    cards = [Card(host, group(lab, 1, "default") if host == SOUTH else group(lab, 0, names[n])) for host, n in hosts]
    table = everywhere(lab, cards, *pairs)
    joined = frozenset().union(*(routes.between(lab, *pair) for pair in pairs))
    ids = [vpc.id for region in lab.regions for vpc in region.vpcs]
    vpc_of = dict(zip((MAIN, SECOND, CLOSED, SOUTH), ids, strict=True))
    for one, other in permutations(vpc_of, 2):
        if routes.Route(*sorted((vpc_of[one], vpc_of[other]))) not in joined:
            assert table(one, other, 22) == "DROP"
