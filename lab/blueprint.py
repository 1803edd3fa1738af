"""The region that `lab up` makes: ids, accounts, flavors, subnets. Kept in region.json from then on."""

from __future__ import annotations

import secrets
import string
import uuid
from dataclasses import replace
from ipaddress import IPv4Network

from lab import passwords
from lab.net import addresses
from lab.settings import (
    Account,
    Flavor,
    Image,
    KeyPair,
    LabSettings,
    RegionSettings,
    SecurityGroup,
    Subnet,
)

REGION = "lab-north-1"
KEY_PAIR = "lab"
API_PORTS = tuple(range(8080, 8980, 100))

# Names and sizes of Huawei's general purpose flavors: RAM in MiB.
FLAVORS = (
    Flavor("s6.small.1", 1, 1024),
    Flavor("s6.medium.2", 1, 2048),
    Flavor("s6.medium.4", 1, 4096),
    Flavor("s6.large.2", 2, 4096),
    Flavor("s6.large.4", 2, 8192),
    Flavor("s6.xlarge.2", 4, 8192),
    Flavor("c7.large.2", 2, 4096),
    Flavor("c7.xlarge.2", 4, 8192),
)


def new(lab_id: str, network: IPv4Network, image_ref: str, public_key: str, api_port: int) -> LabSettings:
    """One region with three zones, one VPC and one subnet in it, and one IAM user with fresh keys."""
    subnet = addresses.subnet(network, 0)
    return LabSettings(
        lab_id=lab_id,
        api_address=addresses.api_address(network),
        api_port=api_port,
        metadata_port=api_port + 1,
        cidr=str(network),
        regions=(
            RegionSettings(
                id=REGION,
                project_id=_hex_id(),
                azs=tuple(f"{REGION}{zone}" for zone in "abc"),
                subnets=(
                    Subnet(
                        id=str(uuid.uuid4()),
                        vpc_id=str(uuid.uuid4()),
                        cidr=str(subnet),
                        gateway=addresses.gateway(subnet),
                        bridge=addresses.bridge_name(lab_id, 0),
                    ),
                ),
                security_groups=(SecurityGroup(str(uuid.uuid4()), "default"),),
            ),
        ),
        accounts=(_account(public_key),),
        images=(Image(str(uuid.uuid4()), "Debian 11.0.0 64bit", "Debian", image_ref),),
        flavors=FLAVORS,
    )


def renewed(settings: LabSettings, image_ref: str, public_key: str) -> LabSettings:
    """The same region with the image, flavors and login key of today: what a later `lab up` may change."""
    keys = (KeyPair(KEY_PAIR, public_key),)
    return replace(
        settings,
        accounts=tuple(replace(account, key_pairs=keys) for account in settings.accounts),
        images=tuple(replace(image, ref=image_ref) for image in settings.images),
        flavors=FLAVORS,
    )


def _account(public_key: str) -> Account:
    return Account(
        domain="ecs-lab",
        domain_id=_hex_id(),
        user="operator",
        user_id=_hex_id(),
        password=passwords.generate(),
        access_key=_word(string.ascii_uppercase + string.digits, 20),
        secret_key=_word(string.ascii_letters + string.digits, 40),
        key_pairs=(KeyPair(KEY_PAIR, public_key),),
    )


def _hex_id() -> str:
    return secrets.token_hex(16)


def _word(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
