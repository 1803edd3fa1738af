"""What we send and read, held against Huawei's own SDK: the same requests, the same servers."""

import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.credentials import AccessKey, StaticKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.servers import parse_server
from fake_cloud import KEY, SECRET, server

ROOT = Path(__file__).resolve().parents[3]
QUERY = [("status", "ACTIVE"), ("tags", "a=b c"), ("tags", "env=é😀"), ("name", "web-1.x")]


@pytest.fixture
def sdk(cloud, tmp_path, monkeypatch):
    """The official client; its import writes into the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkecs.v2 import EcsClient

    credentials = BasicCredentials(KEY, SECRET, "project-test-1")
    return EcsClient.new_builder().with_credentials(credentials).with_endpoint(cloud.url).build()


@pytest.fixture
def ours(cloud):
    return CloudClient(StaticKey(AccessKey(KEY, SECRET)), Endpoints({"ecs": cloud.url, "iam": cloud.url}))


def test_the_same_list_request(cloud, sdk, ours):
    from huaweicloudsdkecs.v2 import ListServersDetailsRequest

    tags = [value for name, value in QUERY if name == "tags"]
    sdk.list_servers_details(ListServersDetailsRequest(status="ACTIVE", tags=tags, name="web-1.x", limit=1000))
    ours.list_servers("test-1", "project-test-1", QUERY)
    theirs, mine = cloud.seen
    assert (mine.method, mine.path) == (theirs.method, theirs.path)
    assert sorted(mine.query) == sorted(theirs.query)
    assert mine.headers["x-project-id"] == theirs.headers["x-project-id"]
    signed = [
        headers["authorization"].split("SignedHeaders=")[1].split(",")[0] for headers in (mine.headers, theirs.headers)
    ]
    assert signed[0] == signed[1] == "content-type;host;user-agent;x-project-id;x-sdk-date"


def test_the_same_console_request(cloud, sdk, ours):
    from huaweicloudsdkecs.v2 import ShowServerConsoleOutputRequest

    cloud.consoles["id-1"] = "log"
    theirs = sdk.show_server_console_output(ShowServerConsoleOutputRequest(server_id="id-1", length=-1))
    assert ours.console_output("test-1", "project-test-1", "id-1") == theirs.output == "log"
    assert (cloud.seen[0].path, cloud.seen[0].query) == (cloud.seen[1].path, cloud.seen[1].query)


def test_the_same_server(cloud, sdk, ours):
    from huaweicloudsdkecs.v2 import ListServersDetailsRequest

    cloud.servers["test-1"] = [server(7, tags=["hazelcast=prod-a", "alone"])]
    theirs = sdk.list_servers_details(ListServersDetailsRequest()).servers[0]
    mine = parse_server(ours.list_servers("test-1", "project-test-1").servers[0], "test-1", "project-test-1")
    (address,) = next(iter(theirs.addresses.values()))
    assert (mine.id, mine.name, mine.status) == (theirs.id, theirs.name, theirs.status)
    assert mine.availability_zone == theirs.os_ext_a_zavailability_zone
    assert mine.addresses[0].ip == address.addr
    assert mine.addresses[0].kind == address.os_ext_ip_stype
    assert [f"{key}={value}" if value else key for key, value in mine.tags.items()] == theirs.tags
    assert list(mine.security_groups) == [group.name for group in theirs.security_groups]


def test_no_import_touches_the_home_folder_or_brings_the_sdk(tmp_path):
    """Reading a warm cache must not pay for the SDK; sending must not write ~/.huaweicloud as the SDK's clients do."""
    code = (
        "import sys, ansible.module_utils as m; m.__path__.append(sys.argv[1])\n"
        "import ansible.module_utils.huaweicloud.inventory.load\n"
        "late = [name for name in sys.modules if name.startswith(('huaweicloudsdk', 'requests', 'urllib3'))]\n"
        "assert not late, late\n"
        "from huaweicloudsdkcore.signer.signer import Signer\n"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code, str(ROOT / "module_utils")], check=True, env=environment)
    assert not list(tmp_path.glob(".huaweicloud*"))
