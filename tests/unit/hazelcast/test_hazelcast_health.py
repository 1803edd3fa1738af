"""What members say of themselves, asked over a real connection."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible.module_utils.hazelcast.health import Health, ask, ask_all, largest_size, parse, trouble, troubles_together

GOOD = {
    "nodeState": "ACTIVE",
    "clusterState": "ACTIVE",
    "clusterSafe": True,
    "migrationQueueSize": 0,
    "clusterSize": 3,
}


def said(address: str = "10.0.0.11:5701", **changes: object) -> Health:
    return parse(address, json.dumps({**GOOD, **changes}))


@pytest.fixture
def serve():
    servers = []

    def start(body: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/hazelcast/health" else 404)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_whole_cluster_has_no_trouble(serve):
    addresses = [serve(json.dumps(GOOD)) for _ in range(3)]
    answers = ask_all(addresses, 2)
    assert [answer.address for answer in answers] == addresses
    assert troubles_together(answers, 3) == []
    assert largest_size(answers) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodeState": "PASSIVE"}, "is PASSIVE"),
        ({"clusterState": "FROZEN"}, "in a cluster that is FROZEN"),
        ({"clusterSize": 2}, "in a cluster of 2, not of 3"),
        ({"clusterSafe": False, "migrationQueueSize": 4}, "4 migrations to go"),
        ({"clusterSafe": "true"}, "without their backups"),
        ({"migrationQueueSize": 1}, "1 migrations to go"),
    ],
)
def test_each_trouble_is_named(changes, words):
    assert words in trouble(said(**changes), 3)
    assert "10.0.0.11:5701" in trouble(said(**changes), 3)


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert "nothing listens there" in trouble(ask(address, 2), 1)


def test_somebody_listens_and_says_nothing():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        assert "no answer within 0.2 s" in ask(f"127.0.0.1:{mute.getsockname()[1]}", 0.2).silence


@pytest.mark.parametrize("body", ["<html>", "{}", "[]", json.dumps({**GOOD, "clusterSize": "three"})])
def test_somebody_else_answers(serve, body):
    assert "no Hazelcast member" in ask(serve(body), 2).silence


def test_members_that_have_not_joined_are_no_cluster():
    lone = [said(f"10.0.0.1{number}:5701", clusterSize=1) for number in (1, 2)]
    assert len(troubles_together(lone, 1)) == 2
    assert troubles_together(lone[:1], 1) == []


def test_the_largest_cluster_is_the_measure():
    split = [said("a:1"), said("b:1"), said("c:1", clusterSize=1)]
    assert [clause for clause in troubles_together(split, 1) if clause.startswith("c:1 ")]
    assert largest_size([Health("a:1", silence="gone")]) == 0
