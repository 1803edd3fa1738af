"""Ports that are held open for others to try, with real sockets and processes."""

from __future__ import annotations

import socket
import time

import pytest
from ansible.module_utils.preflight import listener
from ansible.module_utils.preflight.seats import OPEN, REFUSED, SILENT, Seat, wall_check

from library import peer_ports

HERE = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port: int = probe.getsockname()[1]
        return port


def ends_within(seconds: float, held: list[int]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all(listener.call(HERE, port, "", 1) == REFUSED for port in held):
            return True
        time.sleep(0.02)
    return False


def test_a_port_is_held_until_every_caller_has_called():
    ports = [free_port(), free_port()]
    assert listener.hold_open(HERE, ports, ["a", "b"], 10) == sorted(ports)
    for port in ports:
        assert listener.call(HERE, port, "a", 1) == OPEN
        assert listener.call(HERE, port, "", 1) == OPEN  # no caller of ours
    for port in ports:
        assert listener.call(HERE, port, "b", 1) == OPEN
    assert ends_within(3, ports)


def test_a_port_is_let_go_after_its_time():
    port = free_port()
    listener.hold_open(HERE, [port], ["nobody"], 0.2)
    assert ends_within(3, [port])


def test_a_port_of_somebody_else_is_left_alone_and_without_callers_none_is_held():
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        taken.listen()
        assert listener.hold_open(HERE, [taken.getsockname()[1]], ["a"], 1) == []
    assert listener.hold_open(HERE, [free_port()], [], 1) == []


def test_what_an_earlier_run_left_is_ended():
    port = free_port()
    listener.hold_open(HERE, [port], ["never"], 30)
    assert listener.call(HERE, port, "", 1) == OPEN
    listener.stop_leftovers()
    assert listener.call(HERE, port, "", 1) == REFUSED


def test_walls_are_what_did_not_open():
    closed, port = free_port(), free_port()
    listener.hold_open(HERE, [port], ["a"], 5)
    me = Seat("a", "10.0.0.1")
    peers = [Seat("b", HERE, listening=[port]), Seat("c", HERE, running=[closed], security_groups=["sg"])]
    found = peer_ports.walls(me, peers, 1)
    assert [(wall.target, wall.port, wall.how) for wall in found] == [("c", closed, REFUSED)]
    assert f"TCP {closed} of c ({HERE}) does not open from a" in peer_ports.sentences(me, peers, found)


NEAR = {"network": "vpc-1", "security_groups": ["members"]}


@pytest.mark.parametrize(
    ("sources", "how", "expected"),
    [
        (
            [Seat("a", "10.0.0.1", **NEAR)],
            SILENT,
            "Security group `db` of t lacks an ingress rule: TCP 5701 from security group `members` (or 10.0.0.1/32).",
        ),
        (
            [Seat("a", "10.0.0.1", **NEAR), Seat("b", "10.0.0.2", **NEAR)],
            SILENT,
            "from security group `members` (or 10.0.0.1/32 and 10.0.0.2/32). Add it; if it is there, look at the "
            "egress rules of a and b.",
        ),
        (
            [Seat("f", "10.9.0.1", "vpc-2", ["members"])],
            SILENT,
            "Between VPC vpc-2 and VPC vpc-1 a route is needed (VPC Peering, Cloud Connect). Security group `db` of t "
            "lacks an ingress rule: TCP 5701 from 10.9.0.1/32.",
        ),
        ([Seat("a", "10.0.0.1", **NEAR)], REFUSED, "A packet filter on t refuses it: allow TCP 5701 there"),
        ([Seat("a", "10.0.0.1")], "No route to host", "TCP 5701 from 10.0.0.1/32."),
    ],
)
def test_a_wall_names_what_is_missing(sources, how, expected):
    check = wall_check(Seat("t", "10.0.0.9", "vpc-1", ["db"]), sources, [5701, 5701], how)
    assert expected in check.way_out
