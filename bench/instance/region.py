"""A region's API in a process of its own, and the environment a task reaches it by."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lab import settings
from lab.control import SOCKET, Control

REGION, PROJECT = "bench-1", "0123456789abcdef0123456789abcdef"
ZONES = ("bench-1a", "bench-1b")
IMAGE, VPC, SUBNET = (f"{number:08x}-0000-4000-8000-000000000000" for number in (1, 2, 3))
START_TIMEOUT = 20.0


@contextlib.contextmanager
def region(folder: Path) -> Iterator[tuple[dict[str, str], Control]]:
    """Yields what to set in the environment of ansible-playbook, and the region's control."""
    settings.save(_settings(), folder)
    argv = [sys.executable, "-m", "lab.api.serve", "--dir", str(folder), "--driver", "none"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + START_TIMEOUT
            while not (folder / SOCKET).exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"The region's API did not start: {process.stderr and process.stderr.read()}")
                time.sleep(0.05)
            yield _environment(settings.load(folder)), Control(folder)
        finally:
            process.terminate()


def _settings() -> settings.LabSettings:
    account = settings.Account(
        domain="bench",
        domain_id="d" * 32,
        user="operator",
        user_id="u" * 32,
        password=secrets.token_urlsafe(12),
        access_key="BENCHACCESSKEY000001",
        secret_key=secrets.token_urlsafe(30),
    )
    subnet = settings.Subnet(SUBNET, VPC, "10.0.0.0/16", "10.0.0.1", "br0")
    group = settings.SecurityGroup(f"{4:08x}-0000-4000-8000-000000000000", "default")
    return settings.LabSettings(
        lab_id="abcd",
        api_address="127.0.0.1",
        api_port=_free_port(),
        metadata_port=_free_port(),
        cidr="10.0.0.0/16",
        regions=(settings.RegionSettings(REGION, PROJECT, ZONES, (subnet,), (group,), max_instances=1000),),
        accounts=(account,),
        images=(settings.Image(IMAGE, "Debian 11", "Debian", "localhost/bench:1"),),
        flavors=(settings.Flavor("c7.large.2", 2, 4096),),
    )


def _environment(lab: settings.LabSettings) -> dict[str, str]:
    account = lab.accounts[0]
    return {
        **os.environ,
        "HUAWEICLOUD_SDK_AK": account.access_key,
        "HUAWEICLOUD_SDK_SK": account.secret_key,
        "HW_REGION_NAME": REGION,
        "HW_ECS_ENDPOINT": lab.endpoint,
        "HW_IAM_ENDPOINT": lab.endpoint,
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
