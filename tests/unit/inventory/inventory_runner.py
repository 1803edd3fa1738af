"""Runs the plugin inside this process, as Ansible would, against a cloud on loopback."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("ANSIBLE_CONFIG", str(ROOT / "ansible.cfg"))
sys.path.insert(0, str(ROOT / "tests" / "unit" / "huaweicloud"))

import ansible.module_utils  # noqa: E402 - reads the configuration named above

if (folder := str(ROOT / "module_utils")) not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(folder)

import pytest  # noqa: E402
import yaml  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.loader import init_plugin_loader, inventory_loader  # noqa: E402
from ansible.utils.display import Display  # noqa: E402
from fake_cloud import KEY, SECRET  # noqa: E402

init_plugin_loader()
inventory_loader.add_directory(str(ROOT / "inventory_plugins"))

VARIABLES = [
    *(
        f"HW_{name}"
        for name in ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN", "REGION_NAME", "ECS_ENDPOINT", "IAM_ENDPOINT")
    ),
    *(f"HUAWEICLOUD_SDK_{name}" for name in ("AK", "SK", "SECURITY_TOKEN", "CREDENTIALS_FILE")),
    *("ANSIBLE_INVENTORY_CACHE", "http_proxy", "https_proxy"),
]


class Runner:
    """Parses inventory files; `warnings` are those of the last run, `errors` the sentences of a failed one."""

    def __init__(self, folder, cloud, monkeypatch):
        self.folder = folder
        self.cloud = cloud
        self.monkeypatch = monkeypatch
        self.warnings = []
        self.defaults = {
            "plugin": "huaweicloud_ecs",
            "regions": ["test-1"],
            "access_key": KEY,
            "secret_key": SECRET,
            "endpoints": {"ecs": cloud.url, "iam": cloud.url},
            "retries": 0,
            "cache_connection": str(folder / "cache"),
        }

    def file(self, text=None, name="t.huaweicloud_ecs.yml", **options):
        """Write an inventory file; an option None is left out."""
        wanted = {name: value for name, value in {**self.defaults, **options}.items() if value is not None}
        path = self.folder / name
        path.write_text(yaml.safe_dump(wanted, allow_unicode=True) + (text or ""))
        return path

    def parse(self, *paths, cache=True):
        """An InventoryManager of the files. Raises AnsibleError as ansible-inventory would."""
        self.warnings = []
        self.monkeypatch.setattr(Display, "warning", lambda _, message, **__: self.warnings.append(str(message)))
        self.monkeypatch.setattr(
            Display, "error_as_warning", lambda _, msg=None, exception=None, **__: self.warnings.append(str(exception))
        )
        return InventoryManager(DataLoader(), [str(path) for path in paths], cache=cache)

    def run(self, **options):
        return self.parse(self.file(**options))

    def failure(self, **options):
        """The sentence a person reads when the inventory fails."""
        with pytest.raises(AnsibleError, match="Completely failed to parse inventory source"):
            self.run(**options)
        return self.warnings[0]


def picture(manager, prefix="ecs_"):
    """What a golden case compares: hosts with their variables less Ansible's own, groups with members and children."""
    hosts = {
        name: {key: value for key, value in host.vars.items() if key.startswith(("ansible_", prefix, "x_"))}
        for name, host in manager.hosts.items()
    }
    groups = {}
    for name, group in manager.groups.items():
        if name not in ("all", "ungrouped"):
            groups[name] = sorted(host.name for host in group.hosts)
            if group.child_groups:
                groups[name] = {"hosts": groups[name], "children": sorted(it.name for it in group.child_groups)}
    return hosts, groups
