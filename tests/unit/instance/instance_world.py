"""A region and the modules pointed at it, as a task would point them."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest import mock

from ansible.module_utils import _internal
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from region_world import GROUP, IMAGE, PROJECT, SUBNET, VPC, SlowHosts, World

from lab.api import app
from lab.region.cloud import Cloud
from lab.region.jobs import Jobs
from lab.region.lifecycle import Lifecycle
from lab.settings import SecurityGroup

OTHER_GROUP = "82b57cf7-2dcb-4696-9601-4818cf406f87"
ROOT = Path(__file__).resolve().parents[3]

NEW = {
    "flavor": "c7.large.2",
    "image": IMAGE,
    "vpc_id": VPC,
    "networks": [{"subnet_id": SUBNET}],
    "security_groups": [GROUP],
}
"""What a new server needs besides a name."""

ZONES = ["lab-north-1a", "lab-north-1b"]


@cache
def load(name):
    """A module of library/ as a Python module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "library" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Hosts(SlowHosts):
    """Hosts whose deletion waits for `end`."""

    def __init__(self):
        super().__init__()
        self.end = threading.Event()
        self.end.set()

    def delete(self, server_id):
        self.end.wait(10)
        super().delete(server_id)


class InstanceWorld(World):
    """`run` calls a module; `requests` counts what the region was asked since the last `forget`."""

    def __init__(self, url, folder):
        self.hosts = Hosts()
        super().__init__(self.hosts)
        region = replace(
            self.settings.regions[0],
            security_groups=(SecurityGroup(GROUP, "default"), SecurityGroup(OTHER_GROUP, "members")),
        )
        regions = (region, *self.settings.regions[1:])
        self.settings = replace(self.settings, regions=regions, public_cidr="10.201.254.0/24")
        self.cloud = Cloud(self.settings, self.hosts)
        self.jobs = Jobs(self.cloud)
        self.lifecycle = Lifecycle(self.cloud, self.jobs)
        self.region = region
        self.url = url
        self.folder = folder
        self.application = app.create_app(self.cloud, self.jobs, self.journal)

    @property
    def api(self):
        return self.application

    @property
    def state_file(self):
        return self.folder / "state" / "ecs_orders.json"

    def connection(self):
        return {
            "access_key": self.account.access_key,
            "secret_key": self.account.secret_key,
            "region": "lab-north-1",
            "project_id": PROJECT,
            "endpoints": {"ecs": self.url, "iam": self.url, "ims": self.url},
        }

    def run(self, module="huaweicloud_ecs_instance", *, check=False, diff=False, **params):
        """The module's result; a failure is a result with `failed`."""
        arguments = {**self.connection(), **params, "_ansible_check_mode": check, "_ansible_diff": diff}
        if module == "huaweicloud_ecs_instance":
            arguments.setdefault("state_file", str(self.state_file))
        warnings._global_warnings.clear()  # a module is a process of its own: here they are one
        said = io.StringIO()
        with (
            patch_module_args(arguments),
            contextlib.redirect_stdout(said),
            contextlib.suppress(SystemExit),
            # Where other tests have brought the controller in, Ansible would show warnings instead of returning them.
            mock.patch.object(_internal, "is_controller", False),
        ):
            load(module).main()
        result = json.loads(said.getvalue())
        result["warnings"] = [it["event"]["msg"] for it in result.get("warnings", ())]
        return result

    def servers(self):
        """The region's records, oldest first."""
        return self.cloud.servers(PROJECT)[::-1]

    def names(self):
        return sorted(it.name for it in self.servers())

    def zones(self):
        return sorted(it.availability_zone for it in self.servers())

    def forget(self):
        self.journal.clear()

    def requests(self, *operations):
        """How many requests of these operations (none: all) came in."""
        counts = self.journal.report().counts
        return sum(it.requests for it in counts if not operations or it.operation in operations)

    def writes(self):
        """Requests that change something."""
        return [it.operation for it in self.journal.entries() if it.method != "GET"]

    def fault(self, route, kind, *, times=1, after=0):
        return self.cloud.faults.add(route, kind, times=times, after=after)
