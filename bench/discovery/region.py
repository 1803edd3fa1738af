"""A canned region: the list of servers and one server's metadata service, from memory, on a free loopback port.

`python -m bench.discovery.region SERVERS USER_DATA_BYTES` prints its port. Server 0 is this machine, 127.0.0.1, and the
only one tagged `hazelcast=bench`; the others are those of bench/inventory. A process of its own, as the real cloud is.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.inventory import fleet

NAME = "test-1"
TAG = "hazelcast=bench"
LIST = f"/v1/{fleet.project(NAME)}/cloudservers/detail"
ROOT = Path(__file__).resolve().parents[2]


def server(number: int, user_data: int) -> dict[str, Any]:
    """One element of the list, with `user_data` bytes of user data (Base64 makes a third more of them)."""
    listed = fleet.ecs_server(number, NAME)
    if user_data:
        listed["OS-EXT-SRV-ATTR:user_data"] = base64.b64encode(b"#" * user_data).decode()
    if number == 0:
        listed["tags"] = [TAG]
        next(iter(listed["addresses"].values()))[0]["addr"] = "127.0.0.1"
    return listed


@lru_cache(maxsize=1)
def page(servers: int, user_data: int, marker: str | None, limit: int) -> bytes:
    first = int(marker.partition("-")[0], 16) + 1 if marker else 0
    listed = [server(number, user_data) for number in range(first, min(servers, first + limit))]
    return json.dumps({"count": servers, "servers": listed}).encode()


def metadata() -> bytes:
    mine = {"uuid": fleet.server_id(0), "availability_zone": f"{NAME}a", "region_id": NAME}
    return json.dumps({**mine, "project_id": fleet.project(NAME)}).encode()


def security_key() -> bytes:
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    key = {"access": "HSTABENCHBENCHBENCH0", "secret": "bench", "securitytoken": "bench", "expires_at": ends}
    return json.dumps({"credential": key}).encode()


class Handler(BaseHTTPRequestHandler):
    """ECS (any credentials will do) and the metadata service on one address."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    servers = 0
    user_data = 0
    lists = 0
    """How many lists have been asked for."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == LIST:
            Handler.lists += 1
            self._send(self._list(query))
        elif parts.path == "/openstack/latest/meta_data.json":
            self._send(metadata())
        elif parts.path == "/openstack/latest/securitykey":
            self._send(security_key())
        elif parts.path == "/lists":
            self._send(str(Handler.lists).encode())
        else:
            self.send_error(404)

    def _list(self, query: dict[str, str]) -> bytes:
        mine = query.get("server_id") == fleet.server_id(0) or query.get("tags") == TAG or "ip_eq" in query
        count = 1 if mine else self.servers
        return page(count, self.user_data, query.get("marker"), int(query.get("limit", 25)))

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    """Serves to programs that are killed in the middle, too."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def region(servers: int, user_data: int = 0) -> Iterator[str]:
    """Runs one and gives its URL."""
    command = [sys.executable, "-m", "bench.discovery.region", str(servers), str(user_data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def lists(url: str) -> int:
    """How many lists have been asked for at that URL so far."""
    with urllib.request.urlopen(f"{url}/lists") as answer:
        return int(answer.read())


def main() -> None:
    Handler.servers, Handler.user_data = int(sys.argv[1]), int(sys.argv[2])
    served = Server(("127.0.0.1", 0), Handler)
    print(served.server_port, flush=True)
    served.serve_forever()


if __name__ == "__main__":
    main()
