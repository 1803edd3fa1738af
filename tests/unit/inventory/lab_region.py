"""A lab's API in a process of its own, no hosts behind it, and Ansible's commands run on it as a user runs them."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from huaweicloudsdkecs import v2 as sdk
from inventory_runner import ROOT, VARIABLES

sys.path.insert(0, str(ROOT / "tests" / "unit" / "lab"))

from region_world import ecs_client, make_settings
from test_state import free_ports, start, stop

from lab import settings
from lab.control import Control
from lab.region.seeds import SeedOrder

REGION = "lab-north-1"
EXAMPLES = ("cn-north-4", "cn-east-3")  # the regions that the examples for users name
REGIONS = (REGION, *(f"lab-{number:02}" for number in range(2, 9)), *EXAMPLES)
EXAMPLE_PROJECT = "0123456789abcdef0123456789abcdef"
LIST, PROJECTS = "ListServersDetails", "KeystoneListProjects"


def region_settings(name, number):
    """A region with a zone and nothing else; REGION has a subnet of loopback addresses, for the server we are."""
    network = "127.0.0" if name == REGION else f"10.0.{number}"
    subnet = settings.Subnet(f"{number:036}", f"v{number:035}", f"{network}.0/24", f"{network}.9", "br0")
    group = settings.SecurityGroup(f"{number:036}", "default")
    project = EXAMPLE_PROJECT if name == EXAMPLES[0] else f"{number:032x}"
    return settings.RegionSettings(name, project, (f"{name}a", f"{name}b"), (subnet,), (group,))


def lab_settings():
    """Ten regions; besides the usual account two whose keys tests may have locked."""
    api_port, metadata_port = free_ports(2)
    base = make_settings()
    lockable = tuple(
        dataclasses.replace(base.accounts[0], user=name, user_id=name * 8, access_key=f"LABACCESSKEYOF{name.upper()}")
        for name in ("eve", "mal")
    )
    regions = tuple(region_settings(name, number) for number, name in enumerate(REGIONS, 1))
    return dataclasses.replace(
        base, api_port=api_port, metadata_port=metadata_port, regions=regions, accounts=(*base.accounts, *lockable)
    )


class LabRegion:
    """The process and what can be asked of it."""

    def __init__(self, directory):
        settings.save(lab_settings(), directory)
        self.directory = directory
        self.settings = settings.load(directory)
        self.account = self.settings.accounts[0]
        self.control = Control(directory)
        self.fault = self.control.add_fault
        self._process = start(directory)
        self._seeded = set()
        self._made = []

    @property
    def url(self):
        return self.settings.endpoint

    @property
    def metadata_url(self):
        return f"http://{self.settings.api_address}:{self.settings.metadata_port}"

    def ecs(self, region=REGION):
        """Huawei's own client."""
        return ecs_client(self.url, self.account, self.project(region))

    def stop(self):
        assert stop(self._process)[0] == 0

    def reset(self):
        """No faults, no servers, an empty journal."""
        self.control.clear_faults()
        for region in self._seeded:
            self.control.seed(SeedOrder(0, region=region))
        for region, server_id in self._made:
            self.delete(server_id, region=region)
        self._seeded.clear()
        self._made.clear()
        self.control.clear_requests()

    def project(self, region):
        return self._region(region).project_id

    def _region(self, region):
        return next(it for it in self.settings.regions if it.id == region)

    def make(self, name, tags=None, region=REGION, address="", **metadata):
        """A server made over the API, in the region's subnet; waits for it and returns its id."""
        (subnet,) = self._region(region).subnets
        server = sdk.PrePaidServer(
            name=name,
            image_ref=self.settings.images[0].id,
            flavor_ref=self.settings.flavors[0].id,
            vpcid=subnet.vpc_id,
            nics=[sdk.PrePaidServerNic(subnet_id=subnet.id, ip_address=address)],
            root_volume=sdk.PrePaidServerRootVolume(volumetype="GPSSD", size=40),
            server_tags=[sdk.PrePaidServerTag(*tag) for tag in (tags or {}).items()],
            metadata=metadata or None,
        )
        body = sdk.CreateServersRequestBody(server=server)
        (server_id,) = self.ecs(region).create_servers(sdk.CreateServersRequest(body=body)).server_ids
        self._made.append((region, server_id))
        self._wait_for_statuses(region, [server_id], lambda status: status == "ACTIVE")
        self.control.clear_requests()
        return server_id

    def delete(self, *server_ids, region=REGION):
        """Delete servers, canned ones too, and wait until they are gone."""
        body = sdk.DeleteServersRequestBody(servers=[sdk.ServerId(it) for it in server_ids])
        self.ecs(region).delete_servers(sdk.DeleteServersRequest(body=body))
        self._wait_for_statuses(region, server_ids, lambda status: status is None)

    def seed(self, servers=1, region=REGION, **fields):
        """Canned servers (lab.region.seeds.SeedOrder), beside those there are."""
        self._seeded.add(region)
        self.control.seed(SeedOrder(servers, region=region, add=True, **{"name": "web-{n}", **fields}))

    def say(self, servers, announced=None, route=LIST, **when):
        """Have the list answer with these objects of the API in place of its own."""
        count = len(servers) if announced is None else announced
        body = json.dumps({"count": count, "servers": servers}, ensure_ascii=True)
        return self.fault(route, f"wrong-json={body}", **when)

    def asked(self, *routes):
        """How many requests came in, on these routes (none: all)."""
        return self.control.requests(*routes).total

    def ecs_shows_user_data(self):
        """Whether the API does what the plugin must not: show each server's user_data."""
        (server,) = self.ecs().list_servers_details(sdk.ListServersDetailsRequest()).servers
        return bool(server.os_ext_srv_att_ruser_data)

    def wait_for(self, number, *routes):
        """Until that many requests have come in: one that is answered late is counted late. No more may come."""
        end = time.monotonic() + 10
        while (found := self.asked(*routes)) < number:
            assert time.monotonic() < end, f"{found} requests of {number}"
            time.sleep(0.02)
        assert found == number

    def _wait_for_statuses(self, region, server_ids, wanted):
        end = time.monotonic() + 10
        request = sdk.ListServersDetailsRequest(server_id=",".join(server_ids[:100]))
        while not all(wanted(it.status) for it in self.ecs(region).list_servers_details(request).servers):
            assert time.monotonic() < end, "the servers' jobs do not end"
            time.sleep(0.02)

    def statuses(self, *routes):
        """HTTP status -> how often it was answered."""
        found = {}
        for count in self.control.requests(*routes).counts:
            found[count.status] = found.get(count.status, 0) + count.requests
        return found


@pytest.fixture(scope="session")
def lab_process(tmp_path_factory):
    """One process for all tests: it takes longer to start than most of them."""
    process = LabRegion(tmp_path_factory.mktemp("lab"))
    yield process
    process.stop()


@pytest.fixture
def lab(lab_process):
    """The lab's API as it is after a start."""
    lab_process.reset()
    return lab_process


class Ansible:
    """Ansible's commands in the project's folder, with its ansible.cfg and the lab's account in the environment."""

    def __init__(self, lab, folder):
        self._folder = folder
        account = lab.account
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        self.environment = {
            **inherited,
            "HOME": str(folder),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "1000",
            "XDG_CACHE_HOME": str(folder / "xdg"),
            "HUAWEICLOUD_SDK_AK": account.access_key,
            "HUAWEICLOUD_SDK_SK": account.secret_key,
            "HW_REGION_NAME": REGION,
            "HW_ECS_ENDPOINT": lab.url,
            "HW_IAM_ENDPOINT": lab.url,
        }

    def file(self, text=None, name="t.huaweicloud_ecs.yml", **options):
        """An inventory file: `text`, or these options."""
        path = self._folder / name
        path.write_text(text or yaml.safe_dump({"plugin": "huaweicloud_ecs", **options}, allow_unicode=True), "utf-8")
        return path

    def run(self, command, *arguments, path, **more):
        """One command on the inventory file `path`."""
        return self.command(command, "-i", path, *arguments, **more)

    def command(self, command, *arguments, cwd=ROOT, **environment):
        """One command; a variable of the environment that is None is not set."""
        given = {**self.environment, **environment}
        return subprocess.run(
            [Path(sys.executable).parent / command, *arguments],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={name: value for name, value in given.items() if value is not None},
            check=False,
        )

    def inventory(self, *arguments, environment=None, **options):
        """`ansible-inventory --list` with these options of the plugin."""
        return self.run("ansible-inventory", "--list", *arguments, path=self.file(**options), **(environment or {}))

    def listed(self, *arguments, environment=None, **options):
        """The inventory it lists: host -> variables."""
        result = self.inventory(*arguments, environment=environment, **options)
        assert result.returncode == 0, result.stderr
        assert "[WARNING]" not in result.stderr, result.stderr
        return loaded(result)["_meta"]["hostvars"]

    def failure(self, *arguments, environment=None, **options):
        """The one sentence of a run that fails as it must: not zero, no host, no traceback, no other plugin's word."""
        return sentence_of(self.inventory(*arguments, environment=environment, **options))


def loaded(result):
    """What a command printed as JSON, without Ansible's marks of what is no template."""
    return json.loads(result.stdout, object_hook=lambda it: it.get("__ansible_unsafe", it))


def sentence_of(result):
    """What the plugin says in a run that fails; everything around it is Ansible's form, which is checked here."""
    assert result.returncode != 0
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    begin = "[WARNING]: Failed to parse inventory with 'huaweicloud_ecs' plugin: "
    sentence = result.stderr.partition(begin)[2].partition("\n")[0]
    expected = (
        f"{begin}{sentence}\n\nFailed to parse inventory with 'huaweicloud_ecs' plugin.\n\n<<< caused by >>>\n\n"
        f"{sentence}\nOrigin: <inventory plugin 'huaweicloud_ecs' with source '"
    )
    assert result.stderr.startswith(expected), result.stderr
    rest = result.stderr[len(expected) :].splitlines()
    assert len(rest) == 3, result.stderr
    assert rest[2].startswith("[ERROR]: Completely failed to parse inventory source ")
    return sentence
