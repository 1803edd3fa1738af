"""The lab's fixed settings (`region.json`): what exists before the first request and stays while the API runs.

The file holds the accounts' keys, so it is written 0600. Everything that changes lives in `state.json`.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from lab.region import codec

FILE_NAME = "region.json"


class SettingsError(Exception):
    """region.json is missing or not what this version understands. The message is one sentence for a person."""


@dataclass(frozen=True)
class Subnet:
    """A subnet of a VPC; `bridge` is the control node's bridge that carries it. `az` None: usable from every zone."""

    id: str
    vpc_id: str
    cidr: str
    gateway: str
    bridge: str
    name: str = "subnet-default"
    az: str | None = None

    @property
    def network(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(self.cidr)


@dataclass(frozen=True)
class Vpc:
    """A virtual private cloud; its subnets are in `cidr`. A `private` one is hidden from the control node."""

    id: str
    name: str
    cidr: str
    private: bool = False


@dataclass(frozen=True)
class Rule:
    """What a security group lets pass. `ports` is "22", "5701-5703" or "" for all; `group_id` wins over `cidr`."""

    direction: str
    protocol: str = "any"
    ports: str = ""
    cidr: str = "0.0.0.0/0"
    group_id: str | None = None


@dataclass(frozen=True)
class SecurityGroup:
    """A group of servers and the connections it allows; what no rule of no group of a server allows is dropped."""

    id: str
    name: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class RegionSettings:
    """A region and the one project the accounts have in it (its IAM name is the region's id)."""

    id: str
    project_id: str
    azs: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    security_groups: tuple[SecurityGroup, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    max_instances: int = 32768


@dataclass(frozen=True)
class KeyPair:
    """A login key by name; `public_key` is one authorized_keys line."""

    name: str
    public_key: str


@dataclass(frozen=True)
class Account:
    """An IAM user with its permanent access key. `domain` is the account name of the login page."""

    domain: str
    domain_id: str
    user: str
    user_id: str
    password: str
    access_key: str
    secret_key: str
    key_pairs: tuple[KeyPair, ...] = ()


@dataclass(frozen=True)
class Image:
    """A public image; `ref` is what the host driver boots."""

    id: str
    name: str
    os: str
    ref: str


@dataclass(frozen=True)
class Flavor:
    """A server size; `ram` in MiB."""

    id: str
    vcpus: int
    ram: int


@dataclass(frozen=True)
class LabSettings:
    """The whole of region.json. All accounts see the same regions and projects.

    `public_cidr` is where floating addresses come from, "" for a lab that has none.
    """

    lab_id: str
    api_address: str
    api_port: int
    metadata_port: int
    cidr: str
    regions: tuple[RegionSettings, ...]
    accounts: tuple[Account, ...]
    images: tuple[Image, ...]
    flavors: tuple[Flavor, ...]
    public_cidr: str = ""

    @property
    def endpoint(self) -> str:
        """The one URL of ECS and IAM."""
        return f"http://{self.api_address}:{self.api_port}"


def load(directory: Path) -> LabSettings:
    """Read `<directory>/region.json`. Raises SettingsError naming the file and what is wrong with it."""
    path = directory / FILE_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist: run `lab up` first.") from None
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON ({error}): run `lab down` and `lab up`.") from error
    try:
        return codec.from_json(LabSettings, data)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{path} does not fit this version ({error}): run `lab down` and `lab up`.") from error


def save(settings: LabSettings, directory: Path) -> None:
    """Write `<directory>/region.json` atomically with mode 0600."""
    codec.write_private(directory / FILE_NAME, (json.dumps(dataclasses.asdict(settings), indent=2) + "\n").encode())
