"""Who listens, with real sockets."""

from __future__ import annotations

import os
import socket

import pytest
from ansible.module_utils.hazelcast.ports import Listener, listeners_on, parse_listeners, uid_of, who
from ansible.module_utils.preflight.checks import ok

from library import hazelcast_preflight

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 355036 1 0 100 0 0 10 0
   1: 0200D70A:1645 00000000:0000 0A 00000000:00000000 00:00000000 00000000   997        0 439443 1 0 100 0 0 10 0
   2: 0200D70A:1645 0300D70A:D431 01 00000000:00000000 00:00000000 00000000   997        0 439999 1 0 100 0 0 10 0
"""


@pytest.fixture
def port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_only_listening_sockets_count():
    assert parse_listeners(TABLE, 5701) == {Listener(inode="439443", uid=997)}
    assert parse_listeners(TABLE, 5702) == set()


def test_our_own_socket_is_found_and_named(port):
    assert {each.uid for each in listeners_on(port)} == {os.getuid()}
    assert f"(process {os.getpid()})" in who(listeners_on(port))


def test_whose_process_cannot_be_found_is_named_by_user():
    assert who({Listener(inode="0", uid=0)}) == "a process of user root"
    assert who({Listener(inode="0", uid=4294967)}) == "a process of user 4294967"


def test_a_port_of_somebody_else_is_trouble_and_the_members_own_is_not(port):
    assert f"port {port} is taken by " in hazelcast_preflight.port_check(port, 0).said
    assert hazelcast_preflight.port_check(port, os.getpid()) == ok("port", f"{port}: its member runs")


def test_a_free_port_is_no_trouble():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert hazelcast_preflight.port_check(port, 0) == ok("port", f"{port} is free")


def test_a_process_that_is_gone_has_no_user():
    assert uid_of(2**22 + 1) == -1
