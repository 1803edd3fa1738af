"""A cloud for tests, on loopback: it speaks the shapes of ECS and IAM and answers whatever a test asks for.

Most tests run against the lab's API, which checks signatures. This one is for what the lab does not do: show the
headers and the query as they arrived, TLS, proxies, redirects, other statuses (403, 502, 504), compressed, chunked or
dripping bodies, pages of another size, and servers with chosen ids and addresses (golden cases).
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "HPUATESTTESTTESTWXYZ", "a-secret-nobody-may-see-0123456789"

Json = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def first(self, name: str) -> str | None:
        return dict(self.query).get(name)


@dataclass(frozen=True)
class Reply:
    """An answer to send; `cut` closes the connection after that many bytes of the body, `wait` sleeps before it and
    `drip` between its bytes; `chunked` sends it in chunks without a length.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    wait: float = 0.0
    drip: float = 0.0
    chunked: bool = False

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def throttled(retry_after: str | None = None) -> Reply:
    message = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute"
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Reply(429, {"error_msg": message, "error_code": "APIGW.0308", "request_id": "r1"}, headers)


def refused(text: str = "verify aksk signature fail") -> Reply:
    message = f"Incorrect IAM authentication information: {text}"
    return Reply(401, {"error_msg": message, "error_code": "APIGW.0301", "request_id": "r2"})


def server(number: int, name: str | None = None, **fields: Any) -> Json:
    """A server in the API's shape; its id and address come from `number`."""
    vpc = "11111111-0000-0000-0000-000000000001"
    port = f"port-{number}"
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    made = {
        "id": f"{number:08x}-aaaa-bbbb-cccc-0123456789ab",
        "name": f"web-{number}" if name is None else name,
        "status": "ACTIVE",
        "addresses": {vpc: [{"version": "4", "addr": address, "OS-EXT-IPS:port_id": port, "OS-EXT-IPS:type": "fixed"}]},
        "flavor": {"id": "c7.large.2", "name": "c7.large.2", "vcpus": "2", "ram": "4096", "disk": "0"},
        "image": {"id": "1ce5800a-e487-4c1b-b264-3353a39e2b4b"},
        "metadata": {"vpc_id": vpc, "os_type": "Linux"},
        "tags": ["env=test"],
        "OS-EXT-AZ:availability_zone": "test-1a",
        "OS-EXT-SRV-ATTR:user_data": "IyEvYmluL2Jhc2gKZWNobyAncm9vdDpzM2NyM3QnIHwgY2hwYXNzd2QK",
        "security_groups": [{"id": "sg", "name": "default"}],
        "enterprise_project_id": "0",
    }
    return {**made, **fields}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that hang up in the middle of an answer are part of the tests."""


class FakeCloud:
    """Regions with servers. `trouble(seen)` may answer instead; None lets the cloud answer itself."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.servers: dict[str, list[Json]] = {"test-1": []}
        self.keys = {KEY}
        self.consoles: dict[str, str] = {}
        self.seen: list[Seen] = []
        self.trouble: Callable[[Seen], Reply | None] = lambda seen: None
        self.page_cap = 1000
        self.latency = 0.0
        self.skew = 0.0  # seconds its clock is ahead
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> FakeCloud:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def reply(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
        if self.latency:
            time.sleep(self.latency)
        trouble = self.trouble(seen)
        return trouble if trouble is not None else self._answer(seen)

    def _answer(self, seen: Seen) -> Reply:
        signed = seen.headers.get("authorization", "")
        if seen.path == "/v3/auth/tokens":
            return self._token(seen)
        if not any(f"Access={key}," in signed for key in self.keys) and "x-auth-token" not in seen.headers:
            return refused()
        if seen.path == "/v3/projects":
            name = seen.first("name")
            projects = [{"id": f"project-{it}", "name": it} for it in self.servers if name in (None, it)]
            return Reply(200, {"projects": projects, "links": {}})
        _, _, project, rest = seen.path.split("/", 3)
        region = project.removeprefix("project-")
        if rest == "cloudservers/detail" and region in self.servers:
            return self._page(self.servers[region], seen)
        if rest.endswith("/console-output"):
            return Reply(200, {"output": self.consoles.get(rest.split("/")[1], "")})
        return Reply(404, {"error": {"code": "Ecs.0114", "message": "not found"}})

    def _page(self, servers: list[Json], seen: Seen) -> Reply:
        wanted = [value for name, value in seen.query if name == "tags"]
        matching = [it for it in servers if all(tag in (it.get("tags") or []) for tag in wanted)]
        ids = [it["id"] for it in matching]
        marker = seen.first("marker")
        if marker is not None and marker not in ids:
            return Reply(400, {"error": {"code": "Ecs.0005", "message": f"marker [{marker}] not found"}})
        start = ids.index(marker) + 1 if marker else 0
        limit = min(int(seen.first("limit") or 25), self.page_cap)
        return Reply(200, {"count": len(matching), "servers": matching[start : start + limit]})

    def _token(self, seen: Seen) -> Reply:
        auth = json.loads(seen.body)["auth"]
        user, project = auth["identity"]["password"]["user"], auth["scope"]["project"]
        if user["password"] != SECRET:
            return Reply(401, {"error": {"code": 401, "message": "The username or password is wrong.", "title": "x"}})
        region = project.get("name") or project["id"].removeprefix("project-")
        token = {"token": {"project": {"id": f"project-{region}", "name": region}}}
        return Reply(201, token, {"X-Subject-Token": f"token-of-{region}-0123456789"})


def _handler(cloud: FakeCloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: no delayed acknowledgement to wait for

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = parse_qsl(parts.query, keep_blank_values=True)
            reply = cloud.reply(Seen(self.command, parts.path, query, headers, body))
            time.sleep(reply.wait)
            content = reply.content()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                content = b"%x\r\n%b\r\n" % (len(content), content) + b"0\r\n\r\n"
            else:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            pieces = [content[: reply.cut]] if not reply.drip else [bytes([byte]) for byte in content]
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(reply.drip)
            self.close_connection = self.close_connection or reply.cut is not None

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp if timestamp is not None else time.time() + cloud.skew)

    return Handler
