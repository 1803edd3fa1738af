"""Identifiers in the shapes Huawei Cloud uses."""

from __future__ import annotations

import ipaddress
import secrets
import string
import uuid


def resource_id() -> str:
    """A server, port or volume: a UUID with hyphens."""
    return str(uuid.uuid4())


def job_id() -> str:
    """A job: 32 hex digits."""
    return uuid.uuid4().hex


def access_key() -> str:
    """An access key: 20 capital letters and digits."""
    return _random(string.ascii_uppercase + string.digits, 20)


def secret_key() -> str:
    """A secret key: 40 letters and digits."""
    return _random(string.ascii_letters + string.digits, 40)


def opaque_token() -> str:
    """An IAM token or a security token: url-safe, in the hundreds of characters as the real ones."""
    return secrets.token_urlsafe(300)


def reservation_id() -> str:
    return "r-" + _random(string.ascii_lowercase + string.digits, 8)


def mac_address(address: str) -> str:
    """OpenStack's prefix and the last three bytes of the IPv4 address: unique in a lab, the same on every boot."""
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in ipaddress.IPv4Address(address).packed[1:])


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
