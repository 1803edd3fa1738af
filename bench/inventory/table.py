"""The table of docs/performance.md: every contender of a case in turn, round by round, then medians.

Peers (amazon.aws and hetzner.hcloud out of the PyPI package `ansible`) run in a virtual environment of their own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.inventory.measure import Cost, median, run
from bench.machine import describe, table

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("ansible==12.3.0", "boto3==1.44.5", "requests", "python-dateutil")
SLOW = 0.3
"""Seconds before each answer in the case of ten regions."""

FILES = {
    "empty.yml": "all: {{}}\n",
    "floor.yml": "plugin: floor\ncount: {count}\n",
    "live.huaweicloud_ecs.yml": "plugin: huaweicloud_ecs\nregions: [test-1]\n",
    "warm.huaweicloud_ecs.yml": "plugin: huaweicloud_ecs\nregions: [test-1]\ncache: true\n"
    "cache_timeout: 0\ncache_connection: {folder}\n",
    "regions.huaweicloud_ecs.yml": "plugin: huaweicloud_ecs\nregions: [{regions}]\n",
    "peer.aws_ec2.yml": "plugin: amazon.aws.aws_ec2\nregions: [us-east-1]\naccess_key: a\nsecret_key: b\n"
    "endpoint_url: {url}\nhostnames: ['tag:Name']\ncompose: {{ansible_host: private_ip_address}}\nkeyed_groups:\n"
    "  - {{key: tags, prefix: tag}}\n  - {{key: placement.availability_zone, prefix: az}}\n"
    "  - {{key: instance_type, prefix: type}}\n",
    "peer.hcloud.yml": "plugin: hetzner.hcloud.hcloud\napi_token: x\napi_endpoint: {url}/v1\nkeyed_groups:\n"
    "  - {{key: hcloud_labels, prefix: tag}}\n  - {{key: hcloud_location, prefix: az}}\n"
    "  - {{key: hcloud_type, prefix: type}}\ncompose: {{ansible_host: hcloud_ipv4}}\n",
}
CONTENDERS = {
    "empty.yml": ("yaml", "an empty inventory"),
    "floor.yml": ("floor", "floor"),
    "live.huaweicloud_ecs.yml": ("huaweicloud_ecs", "huaweicloud_ecs, live"),
    "warm.huaweicloud_ecs.yml": ("huaweicloud_ecs", "huaweicloud_ecs, warm cache"),
    "regions.huaweicloud_ecs.yml": ("huaweicloud_ecs", "huaweicloud_ecs, live"),
    "peer.aws_ec2.yml": ("amazon.aws.aws_ec2", "amazon.aws.aws_ec2, live"),
    "peer.hcloud.yml": ("hetzner.hcloud.hcloud", "hetzner.hcloud.hcloud, live"),
}
"""File -> the plugin that reads it, the only one enabled (Ansible loads all that are), and its name in the table."""
ROUNDS = 5
LIST = ("ansible-inventory", "--list")
HOSTS = ("ansible", "all", "--list-hosts")


@dataclass(frozen=True)
class Case:
    """`contenders` are files of FILES; costs are compared with the first one's."""

    what: str
    count: int
    command: tuple[str, ...]
    contenders: tuple[str, ...]
    latency: float = 0.0


CASES = (
    Case(
        "1,000 `--list`",
        1000,
        LIST,
        ("floor.yml", "live.huaweicloud_ecs.yml", "warm.huaweicloud_ecs.yml", "peer.hcloud.yml", "peer.aws_ec2.yml"),
    ),
    Case("1,000 `ansible all --list-hosts`", 1000, HOSTS, ("floor.yml", "warm.huaweicloud_ecs.yml")),
    Case("5,000 `--list`", 5000, LIST, ("floor.yml", "live.huaweicloud_ecs.yml")),
    Case("20,000 `--list`", 20000, LIST, ("floor.yml", "live.huaweicloud_ecs.yml")),
    Case(
        "ten empty regions, each answer after 0.3 s",
        0,
        LIST,
        ("empty.yml", "regions.huaweicloud_ecs.yml"),
        latency=SLOW,
    ),
)


def run_all() -> str:
    """All cases as Markdown. Raises RunFailedError when a command fails, AssertionError when the floor differs."""
    with tempfile.TemporaryDirectory(prefix="bench-inventory-") as name:
        folder = Path(name)
        peers = _peers(folder)
        rows = [row for case in CASES for row in _rows(case, folder, peers)]
    header = ("case", "plugin", "CPU s", "of the floor", "wall s", "memory MB")
    return f"{describe()}; medians of {ROUNDS}.\n\n{table(header, rows)}"


def _rows(case: Case, folder: Path, peers: Path) -> list[tuple[str, ...]]:
    with _canned(case.count, case.latency) as url:
        _write_files(case, folder, url)
        environments = {it: _environment(folder, url, it) for it in case.contenders}
        commands = {it: _command(case.command, folder / it, peers) for it in case.contenders}
        for it in case.contenders:  # once unmeasured: fills the cache, the page cache and the canned server's answers
            run(commands[it], environments[it])
        if case.command == LIST and "floor.yml" in case.contenders:
            pair = ("floor.yml", "live.huaweicloud_ecs.yml")
            floor, ours = (_digest(commands[it], environments[it]) for it in pair)
            assert floor == ours, "the floor and huaweicloud_ecs make different inventories"
        costs: dict[str, list[Cost]] = {it: [] for it in case.contenders}
        for _ in range(ROUNDS):
            for it in case.contenders:
                costs[it].append(run(commands[it], environments[it]))
    medians = {it: median(found) for it, found in costs.items()}
    first = medians[case.contenders[0]]
    return [
        (
            case.what,
            CONTENDERS[it][1],
            f"{cost.cpu:.2f}",
            f"{cost.cpu / first.cpu:.2f} x",
            f"{cost.wall:.2f}",
            f"{cost.memory:.0f}",
        )
        for it, cost in medians.items()
    ]


def _write_files(case: Case, folder: Path, url: str) -> None:
    regions = ", ".join(f"test-{number}" for number in range(1, 11))
    for name, text in FILES.items():
        (folder / name).write_text(text.format(count=case.count, folder=folder / "cache", regions=regions, url=url))
    plugins = f"{ROOT}/inventory_plugins:{ROOT}/bench/inventory/plugins"
    (folder / "ansible.cfg").write_text(
        f"[defaults]\ninventory_plugins = {plugins}\n[inventory]\nany_unparsed_is_failed = True\n"
    )


def _environment(folder: Path, url: str, file: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_INVENTORY_ENABLED": CONTENDERS[file][0],
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "HUAWEICLOUD_SDK_AK": "HPUABENCHBENCHBENCH0",
        "HUAWEICLOUD_SDK_SK": "bench",
        "HW_ECS_ENDPOINT": url,
        "HW_IAM_ENDPOINT": url,
        "NO_PROXY": "*",
    }


def _command(command: tuple[str, ...], file: Path, peers: Path) -> list[str]:
    """All contenders run with the Ansible of the same installation, so that only the plugins differ."""
    return [str(peers / "bin" / command[0]), *command[1:], "-i", str(file)]


def _digest(command: list[str], environment: dict[str, str]) -> str:
    """A digest of the inventory a command lists, less the names of the files.

    Lines only, no objects: memory this process holds would count as its children's.
    """
    digest = hashlib.sha256()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b'"inventory_file"' not in line:
                digest.update(line)
    return digest.hexdigest()


def _peers(folder: Path) -> Path:
    """A virtual environment with the peers; BENCH_PEERS names one made earlier."""
    if ready := os.environ.get("BENCH_PEERS"):
        return Path(ready)
    target = folder / "peers"
    venv.create(target, with_pip=True)
    sdk = subprocess.run(
        [sys.executable, "-m", "pip", "freeze"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    ours = [line for line in sdk if line.startswith("huaweicloudsdk")]
    subprocess.run([target / "bin" / "pip", "install", "-q", *PEERS, *ours], check=True)
    return target


@contextmanager
def _canned(count: int, latency: float) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.inventory.canned", str(count), str(latency)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
