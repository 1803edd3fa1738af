"""What the modules of Huawei Cloud share: the options by which it is reached, and a client made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.endpoints import ENVIRONMENT, Endpoints, from_environment
from ansible.module_utils.huaweicloud.errors import ConfigurationError
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.retry import Limits, RetryPolicy
from ansible.module_utils.huaweicloud.sources import CredentialOptions, make_source
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport

Json = dict[str, Any]


def _key(*names: str) -> Json:
    return {"type": "str", "no_log": True, "fallback": (env_fallback, list(names))}


CREDENTIALS: Json = {
    "access_key": _key("HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"),
    "secret_key": _key("HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"),
    "security_token": _key("HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"),
    "iam_domain": {"type": "str"},
    "iam_user": {"type": "str"},
    "iam_password": {"type": "str", "no_log": True},
    "credentials_from": {"type": "str", "choices": ["metadata"]},
    "credentials_file": {"type": "path", "fallback": (env_fallback, ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"])},
}

ACCESS: Json = {
    **CREDENTIALS,
    "endpoints": {"type": "dict", "default": {}},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    # Its URL may hold a password.
    "proxy": {"type": "str", "no_log": True},
}
"""Documented as huaweicloud.access in doc_fragments/huaweicloud.py."""

ARGUMENTS: Json = {
    **ACCESS,
    "region": {"type": "str", "fallback": (env_fallback, ["HW_REGION_NAME"])},
    "project_id": {"type": "raw"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 5},
}
"""Documented as huaweicloud.access and huaweicloud."""


@dataclass(frozen=True)
class Connection:
    """A client, where it finds the services, and the projects whose ids were given."""

    client: CloudClient
    endpoints: Endpoints
    projects: Mapping[str, str]

    def project(self, region: str) -> str:
        """The id of the region's project, asked for when it was not given. Raises HuaweiCloudError."""
        return self.projects.get(region) or self.client.project_id(region)


def connect(params: Mapping[str, Any], redactor: Redactor) -> Connection:
    """A connection by the options of ARGUMENTS. Raises ConfigurationError; nothing is sent yet."""
    endpoints = Endpoints(from_environment(params["endpoints"], ENVIRONMENT))
    transport = Transport(HttpOptions(params["timeout"], params["validate_certs"], params["ca_path"], params["proxy"]))
    limits = Limits(RetryPolicy(params["retries"]))
    projects = _projects(params["project_id"], (params["region"] or "").strip())
    options = CredentialOptions(**{name: params[name] or "" for name in CREDENTIALS})
    source = make_source(options, endpoints, transport, redactor, projects=projects, limits=limits)
    return Connection(CloudClient(source, endpoints, transport, limits, redactor), endpoints, projects)


def one_region(params: Mapping[str, Any]) -> str:
    """The option `region`, empty when it is not set. The inventory's variable may name several: then none is meant."""
    region = params["region"] or ""
    return "" if "," in region else region.strip()


def _projects(given: Any, region: str) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(name): str(it) for name, it in given.items()}
    if given and ("," in region or not region):
        raise ConfigurationError("project_id is one region's: set region, or make project_id a map of region to id.")
    return {region: str(given)} if given else {}
