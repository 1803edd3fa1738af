"""Serves the fleet to all plugins, from memory: `python -m bench.inventory.canned COUNT LATENCY`, prints its port.

A process of its own, so that its CPU time is not counted. `LATENCY` seconds go before every answer.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bench.inventory import fleet


@cache
def ecs(region: str, count: int, marker: str | None, limit: int) -> bytes:
    return fleet.ecs_page(region, count, marker, limit)


@cache
def ec2(action: str, count: int) -> bytes:
    return fleet.ec2_zones() if action == "DescribeAvailabilityZones" else fleet.ec2_instances(count)


@cache
def hcloud(count: int, page: int, per_page: int) -> bytes:
    return fleet.hcloud_page(count, page, per_page)


class Handler(BaseHTTPRequestHandler):
    """One address for three clouds: their paths differ."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    count = 0
    latency = 0.0

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v3/projects":
            names = [query["name"]] if "name" in query else [f"test-{number}" for number in range(1, 11)]
            self._send(json.dumps({"projects": [{"id": fleet.project(it), "name": it} for it in names]}).encode())
        elif parts.path.endswith("/cloudservers/detail"):
            region = parts.path.split("/")[2].removeprefix("project-")
            self._send(ecs(region, self.count, query.get("marker"), int(query["limit"])))
        elif parts.path.endswith("/locations"):
            self._send(fleet.hcloud_locations())
        else:
            self._send(hcloud(self.count, int(query.get("page", 1)), int(query.get("per_page", 25))))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._send(ec2(form["Action"][0], self.count), "text/xml")

    def _send(self, body: bytes, kind: str = "application/json") -> None:
        time.sleep(self.latency)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    Handler.count, Handler.latency = int(sys.argv[1]), float(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
