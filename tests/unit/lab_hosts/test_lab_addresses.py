"""Which network a lab takes and how its interfaces are called."""

import json
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import LabError
from lab.net import addresses
from lab.workspace import Workspace

lab_ids = st.integers(0, 0xFFFF).map(lambda number: f"{number:04x}")
octets = st.sets(st.integers(addresses.FIRST, addresses.LAST), max_size=50)


@given(lab_ids, octets)
def test_a_free_network_is_chosen_and_the_same_one_next_time(lab_id: str, octets: set[int]) -> None:
    taken = [IPv4Network(f"10.{octet}.7.0/24") for octet in octets]
    chosen = addresses.choose_network(lab_id, taken)
    assert not any(chosen.overlaps(other) for other in taken)
    assert chosen == addresses.choose_network(lab_id, taken)
    assert chosen.subnet_of(IPv4Network("10.0.0.0/8")) and chosen.prefixlen == 16


def test_no_free_network_is_said() -> None:
    with pytest.raises(LabError, match=r"No network between 10\.200\.0\.0/16 and 10\.250\.0\.0/16 is free"):
        addresses.choose_network("0000", [IPv4Network("10.192.0.0/10")])


def test_routes_of_others_count_and_our_own_do_not() -> None:
    routes = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
        {"dst": "10.201.0.0/24", "dev": "ekab12b0"},
        {"dst": "10.202.0.0/24", "dev": "ekcd34b0"},
        {"type": "local", "dst": "10.203.255.1", "dev": "ekcd34api"},
        {"type": "unreachable", "dst": "10.204.0.0/16"},
    ]
    taken = addresses.taken_networks(json.dumps(routes), "ekab12")
    assert [str(network) for network in taken] == ["10.202.0.0/24", "10.203.255.1/32", "10.204.0.0/16"]
    assert addresses.taken_networks("", "ekab12") == []


def test_subnets_and_the_api_are_apart() -> None:
    network = IPv4Network("10.210.0.0/16")
    assert str(addresses.subnet(network, 0)) == "10.210.0.0/24"
    assert str(addresses.subnet(network, 3)) == "10.210.3.0/24"
    assert addresses.gateway(addresses.subnet(network, 3)) == "10.210.3.1"
    assert addresses.api_address(network) == "10.210.255.1"


@given(lab_ids, st.uuids(), st.integers(0, 11))
def test_names_fit_the_kernel_and_name_the_lab(lab_id: str, server: object, index: int) -> None:
    names = [addresses.veth_name(lab_id, str(server), index), addresses.api_interface(lab_id)]
    names += [addresses.bridge_name(lab_id, 254), addresses.chain_name(lab_id, "POSTROUTING")]
    assert all(len(name) <= 15 for name in names[:3])
    assert all(name.startswith(addresses.interface_prefix(lab_id)) for name in names[:3])
    assert len(names[3]) <= 28  # iptables-extensions(8)


def test_cards_of_a_server_have_different_names() -> None:
    names = {addresses.veth_name("ab12", server, index) for server in ("one", "two") for index in range(12)}
    assert len(names) == 24


def test_every_checkout_is_another_lab(tmp_path) -> None:  # type: ignore[no-untyped-def]
    one, two = Workspace(tmp_path / "one"), Workspace(tmp_path / "two")
    assert one.id != two.id
    assert one.id == Workspace(tmp_path / "one").id
    assert len(one.id) == 4 and int(one.id, 16) >= 0
