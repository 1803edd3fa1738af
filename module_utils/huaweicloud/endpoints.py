"""Where the services live: defaults by region, overridden per service."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import ConfigurationError

ENVIRONMENT = {"ecs": "HW_ECS_ENDPOINT", "iam": "HW_IAM_ENDPOINT", "ims": "HW_IMS_ENDPOINT"}
METADATA_URL = "http://169.254.169.254"


@dataclass(frozen=True)
class Endpoints:
    """Service name (`ecs`, `iam`, `ims`, `metadata`) -> URL; `{region}` in an override stands for the region.

    The signature covers host and path, and Huawei's signer builds the path from the operation alone:
    an endpoint is scheme, host and port, nothing after them.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)

    def url(self, service: str, region: str) -> str:
        """The base URL of `service` for `region`, without a trailing slash. Raises ConfigurationError."""
        template = self.overrides.get(service) or _default(service, region)
        url = template.replace("{region}", region).rstrip("/")
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"The endpoint {template!r} of service {service} is not an http or https URL.")
        if parts.path or parts.query:
            raise ConfigurationError(
                f"The endpoint {template!r} of service {service} has a path; give scheme, host and port only."
            )
        return f"{parts.scheme}://{parts.netloc}"


def from_environment(overrides: Mapping[str, str], services: Collection[str] = ("ecs", "iam")) -> dict[str, str]:
    """`overrides` completed by the variables of these services (ENVIRONMENT); empty ones count as absent."""
    named = {service: os.environ.get(ENVIRONMENT[service], "") for service in services}
    return {service: str(url) for service, url in {**named, **overrides}.items() if url}


def _default(service: str, region: str) -> str:
    if service == "metadata":
        return METADATA_URL
    # Regions eu-west-101, -102 … belong to Huawei Cloud Europe: all services, IAM too, under a domain of their own.
    if region.startswith("eu-west-1"):
        return f"https://{service}.{region}.myhuaweicloud.eu"
    if service == "iam":
        return "https://iam.myhuaweicloud.com"  # one for all regions, so that one call finds every project
    return f"https://{service}.{region}.myhuaweicloud.com"
