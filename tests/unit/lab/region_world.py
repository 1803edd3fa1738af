"""A region for tests: settings, hosts without containers, a socket, and Huawei's own client."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import uvicorn

from lab import settings
from lab.api import app, metadata, serve
from lab.api.journal import Journal
from lab.hosts.driver import HostError, NoHosts
from lab.region.cloud import Cloud
from lab.region.jobs import Jobs
from lab.region.lifecycle import Lifecycle
from lab.region.orders import NicOrder, ServerOrder, VolumeOrder

PROJECT = "4fa444895b0c4442a763b17fee7b2dcc"
SECOND_PROJECT = "5fa444895b0c4442a763b17fee7b2dcd"
IMAGE = "1ce5800a-e487-4c1b-b264-3353a39e2b4b"
VPC = "140fd038-c4ae-4c32-ac07-34b525eb6b95"
SUBNET = "7b5d615c-186d-4646-9cb8-444addfe9b92"
GROUP = "71846bf6-1cda-4515-8590-3707be295e76"
OTHER_SUBNET = "3a9f8f1e-7a0d-4b8e-9d06-1f0a0f9f2a11"
OTHER_VPC = "9b1d6c1e-2f0b-4a3c-8d6e-5f7a8b9c0d1e"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ4c2V0 user@example"
PASSWORD = "Correct-Horse-7"


def make_settings(first="10.201.0"):
    """`first`: the first three bytes of the subnet that servers are made in."""
    account = settings.Account(
        domain="example-account",
        domain_id="d" * 32,
        user="operator",
        user_id="u" * 32,
        password=PASSWORD,
        access_key="LABACCESSKEY00000001",
        secret_key="lab-secret-key-of-the-test-account-00001",
        key_pairs=(settings.KeyPair("ops", PUBLIC_KEY),),
    )
    region = settings.RegionSettings(
        id="lab-north-1",
        project_id=PROJECT,
        azs=("lab-north-1a", "lab-north-1b", "lab-north-1c"),
        subnets=(
            settings.Subnet(SUBNET, VPC, f"{first}.0/24", f"{first}.1", "br0"),
            settings.Subnet(OTHER_SUBNET, OTHER_VPC, "10.201.9.0/28", "10.201.9.1", "br1"),
        ),
        security_groups=(settings.SecurityGroup(GROUP, "default"),),
        max_instances=200,
    )
    second = settings.RegionSettings(
        id="lab-south-1",
        project_id=SECOND_PROJECT,
        azs=("lab-south-1a",),
        subnets=(settings.Subnet("s" * 36, "v" * 36, "10.201.16.0/24", "10.201.16.1", "br2"),),
    )
    return settings.LabSettings(
        lab_id="abcd",
        api_address="127.0.0.1",
        api_port=0,
        metadata_port=0,
        cidr="10.201.0.0/16",
        regions=(region, second),
        accounts=(account,),
        images=(settings.Image(IMAGE, "Debian 11", "Debian", "localhost/lab:1"),),
        flavors=(settings.Flavor("c7.large.2", 2, 4096), settings.Flavor("s6.small.1", 1, 1024)),
    )


class SlowHosts(NoHosts):
    """Hosts whose boot waits for `gate` and fails when `broken` says why: what containers do, without containers."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.broken = ""
        self.booted = []

    def boot(self, spec):
        self.gate.wait(10)
        if self.broken:
            raise HostError(self.broken)
        self.booted.append(spec)
        super().boot(spec)


class World:
    """A cloud, its jobs and the URL its API listens on."""

    def __init__(self, driver, state=None, now=None, first="10.201.0"):
        self.settings = make_settings(first)
        self.driver = driver
        self.cloud = Cloud(self.settings, driver, state, **({"now": now} if now else {}))
        self.jobs = Jobs(self.cloud)
        self.journal = Journal()
        self.lifecycle = Lifecycle(self.cloud, self.jobs)
        self.region = self.settings.regions[0]
        self.account = self.settings.accounts[0]

    def order(self, **changes):
        """A valid order; `changes` replace members."""
        members = {
            "name": "hz",
            "image_id": IMAGE,
            "flavor_id": "c7.large.2",
            "vpc_id": VPC,
            "nics": (NicOrder(SUBNET),),
            "root_volume": VolumeOrder("GPSSD", 40),
        }
        return ServerOrder(**{**members, **changes})

    def make(self, **changes):
        """Create servers past the API and wait for them; returns the records."""
        _, server_ids = self.lifecycle.create(self.region, self.account, self.order(**changes))
        assert self.jobs.wait(10)
        return [self.cloud.server(PROJECT, server_id) for server_id in server_ids]

    @property
    def api(self):
        return app.create_app(self.cloud, self.jobs, self.journal)

    @property
    def metadata(self):
        return metadata.create_app(self.cloud, self.journal)


class Switch:
    """An ASGI application that hands over to the one a test puts in."""

    application = None

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)


@contextlib.contextmanager
def listening(application):
    """Serve an ASGI application on a free loopback port; yields its URL."""
    listener = serve.listen("127.0.0.1", 0)
    server = uvicorn.Server(serve.uvicorn_config(application))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)


def ecs_client(url, account, project=PROJECT, security_token=None, config=None):
    """Huawei's ECS client for an account or a temporary key (anything with access_key and secret_key)."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkecs.v2 import EcsClient

    credentials = BasicCredentials(account.access_key, account.secret_key, project)
    if security_token:
        credentials = credentials.with_security_token(security_token)
    builder = EcsClient.new_builder().with_credentials(credentials).with_endpoint(url)
    return (builder.with_http_config(config) if config else builder).build()


class Clock:
    """A clock that tests move."""

    def __init__(self):
        self.moment = datetime.now(UTC)

    def __call__(self):
        return self.moment

    def advance(self, **duration):
        self.moment += timedelta(**duration)


@dataclass
class Raw:
    """A request before it is signed or sent; `send` puts exactly these bytes on the wire."""

    method: str = "GET"
    path: str = f"/v1/{PROJECT}/cloudservers/detail"
    query: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self):
        query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in self.query)
        return self.path + (f"?{query}" if query else "")

    def signed(self, host, access, secret, moment=None):
        """Sign with the SDK's own signer; returns self."""
        from huaweicloudsdkcore.auth.credentials import BasicCredentials
        from huaweicloudsdkcore.sdk_request import SdkRequest
        from huaweicloudsdkcore.signer.signer import Signer

        self.headers.setdefault("X-Sdk-Date", f"{moment or datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        self.headers["Host"] = host
        request = SdkRequest(
            method=self.method,
            schema="http",
            host=host,
            resource_path=self.path,
            query_params=list(self.query),
            header_params=dict(self.headers),
            body=self.body,
        )
        self.headers = Signer(BasicCredentials(access, secret, PROJECT)).sign(request).header_params
        return self

    def send(self, url, source=None):
        """Returns (status, headers, body)."""
        parts = urlsplit(url)
        address = (source, 0) if source else None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10, source_address=address)
        with contextlib.closing(connection):
            connection.putrequest(self.method, self.target, skip_host=True, skip_accept_encoding=True)
            headers = {"Host": parts.netloc, **self.headers}
            if self.body:
                headers["Content-Length"] = str(len(self.body))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.body or None)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


def host_of(url):
    return urlsplit(url).netloc
