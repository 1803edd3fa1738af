"""Which of the things asked for a refusal is about. Codes: ECS API reference, 'Error Codes'."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ApiError
from .wanted import Wanted

QUOTA = "Ecs.0001"
TOKEN_OF_ANOTHER_BODY = "Ecs.0122"
TOKEN_INVALID = frozenset({"Ecs.0123", "Ecs.0124"})
LOOK_AGAIN = frozenset({"Ecs.0100", "Ecs.0114", TOKEN_OF_ANOTHER_BODY, *TOKEN_INVALID})
"""The cloud is not as the list said: a server is in another state or gone, a token means another request."""

_QUOTAS = (
    ("servers", "totalInstancesUsed", "maxTotalInstances"),
    ("vCPUs", "totalCoresUsed", "maxTotalCores"),
    ("MB of memory", "totalRAMUsed", "maxTotalRAMSize"),
)


def subject(code: str, wanted: Wanted, zone: str, count: int) -> str:
    """What a refused or failed creation is about, in words; empty when the code does not say."""
    subnets = ", ".join(it.subnet for it in wanted.networks_in(zone))
    addresses = ", ".join(it.address for it in wanted.networks_in(zone) if it.address)
    groups = ", ".join(wanted.security_groups)
    where = f" in availability zone {zone}" if zone else ""
    subjects = {
        QUOTA: f"the quota of region {wanted.region} has no room for {count} more of flavor {wanted.flavor}",
        "Ecs.0010": f"the fixed address {addresses} is taken",
        "Ecs.0039": f"the fixed address {addresses} is not in subnet {subnets}",
        "Ecs.0011": "admin_password is too simple",
        "Ecs.0012": f"subnet {subnets} has no free address",
        "Ecs.0013": "the quota of public addresses (eip) is used up",
        "Ecs.0014": f"vpc_id {wanted.vpc}{f' or security group {groups}' if groups else ''} does not exist",
        "Ecs.0029": f"flavor {wanted.flavor} does not exist",
        "Ecs.0031": f"image {wanted.image} does not exist",
        "Ecs.0038": f"subnet {subnets} does not exist",
        "Ecs.0064": f"subnet {subnets} is not in vpc_id {wanted.vpc}",
        "Ecs.0043": "a disk's type does not exist",
        "Ecs.0067": "the account's balance does not suffice",
        "Ecs.0314": f"key pair {wanted.key_name} does not exist",
        "Ecs.0319": f"flavor {wanted.flavor} is sold out{where}",
    }
    return subjects.get(code, "")


def quotas(limits: Mapping[str, int]) -> str:
    """How much of each quota is used, by ShowServerLimits; -1 means no limit."""
    found = [
        f"{limits.get(used, 0)} of {limits[most]} {what} used"
        for what, used, most in _QUOTAS
        if limits.get(most, -1) >= 0
    ]
    return ", ".join(found)


def name_it(error: ApiError, wanted: Wanted, zone: str, count: int) -> None:
    """Put what a refused creation is about in front of the error's message."""
    about = subject(error.code, wanted, zone, count)
    error.message = f"{wanted.where}: {about + ': ' if about else ''}{error.message}"
