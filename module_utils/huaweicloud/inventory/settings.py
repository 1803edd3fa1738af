"""The plugin's options, checked and typed. What cannot work is refused here, before anything is sent."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..endpoints import Endpoints
from ..errors import ConfigurationError
from ..filters import Filter, Query, parse_filter
from ..retry import Limits, RetryPolicy
from ..sources import CredentialOptions
from ..transport import HttpOptions
from .addresses import CONNECT_CHOICES, Bastion, parse_network
from .groups import SYSTEMS
from .hosts import HostRules, check_hostnames

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """Everything a run needs but the credentials, which a warm cache never asks for."""

    regions: tuple[str, ...]
    projects: Mapping[str, str]
    endpoints: Endpoints
    include: tuple[Filter, ...]
    exclude: tuple[Filter, ...]
    rules: HostRules
    systems: tuple[str, ...]
    full_hostvars: bool
    warn_on_region_error: bool
    limits: Limits
    http: HttpOptions
    cache: bool
    cache_timeout: float
    cache_folder: Path | None

    @property
    def queries(self) -> tuple[Query, ...]:
        """What each region is asked: once for each member of the union, and just once when one of them asks for all."""
        queries = tuple(dict.fromkeys(it.query() for it in self.include))
        return ((),) if () in queries else queries

    def cache_parts(self) -> dict[str, Any]:
        """What changes the answers of the API."""
        return {
            "regions": self.regions,
            "projects": dict(self.projects),
            "endpoints": [self.endpoints.url(it, region) for region in self.regions for it in ("ecs", "iam")],
            "queries": self.queries,
        }


def read_settings(options: Options) -> Settings:
    """Settings from native values of the options. Raises ConfigurationError."""
    regions = tuple(dict.fromkeys(text for it in options.get("regions") or () if (text := str(it).strip())))
    if not regions:
        raise ConfigurationError("No region: set HW_REGION_NAME, or regions in the inventory file.")
    filters = [("filters", options["filters"])] if options.get("filters") else []
    filters += [(f"include_filters[{index}]", it) for index, it in enumerate(options.get("include_filters") or ())]
    excludes = [(f"exclude_filters[{index}]", it) for index, it in enumerate(options.get("exclude_filters") or ())]
    if options.get("ca_path") and not Path(str(options["ca_path"])).expanduser().exists():
        raise ConfigurationError(f"ca_path {options['ca_path']} does not exist.")
    return Settings(
        regions=regions,
        projects=_projects(options.get("project_id"), regions),
        endpoints=_endpoints(options.get("endpoints") or {}, regions),
        include=tuple(parse_filter(raw, where) for where, raw in filters) or (Filter(),),
        exclude=tuple(parse_filter(raw, where) for where, raw in excludes),
        rules=_rules(options),
        systems=tuple(str(it) for it in options.get("systems") or SYSTEMS),
        full_hostvars=bool(options.get("full_hostvars")),
        warn_on_region_error=options.get("on_region_error") == "warn",
        limits=Limits(RetryPolicy(_number(options, "retries", 5, 0)), _number(options, "deadline", 120, 1)),
        http=HttpOptions(
            timeout=_number(options, "timeout", 30, 1),
            validate_certs=options.get("validate_certs", True) is not False,
            ca_path=str(Path(str(options["ca_path"])).expanduser()) if options.get("ca_path") else None,
            proxy=str(options["proxy"]) if options.get("proxy") else None,
        ),
        cache=bool(options.get("cache")),
        cache_timeout=_number(options, "cache_timeout", 3600, 0),
        cache_folder=Path(str(options["cache_connection"])).expanduser() if options.get("cache_connection") else None,
    )


def read_credentials(options: Options) -> CredentialOptions:
    """The credential options as texts."""
    return CredentialOptions(**{name: str(options.get(name) or "").strip() for name in CREDENTIAL_NAMES})


CREDENTIAL_NAMES = tuple(CredentialOptions.__dataclass_fields__)
SECRET_NAMES = tuple(name for name in CREDENTIAL_NAMES if name not in ("credentials_from", "credentials_file"))
PUBLIC_NAMES = ("iam_domain", "iam_user")
"""Of these the values may be shown."""


def secrets_in(options: Options) -> tuple[list[str], list[str]]:
    """Secrets and access keys that stand in the file itself, before anything is known to be right about it."""
    secrets = [it for name in SECRET_NAMES if name not in PUBLIC_NAMES for it in _texts_in(options.get(name))]
    keys = _texts_in(options.get("access_key"))
    with contextlib.suppress(ValueError):
        secrets.append(urlsplit(str(options.get("proxy") or "")).password or "")
    return [it for it in secrets if it not in keys], keys


def _texts_in(value: object) -> list[str]:
    """Every text in a value of any shape but an encrypted one, which only its reader decrypts."""
    if isinstance(value, Mapping):
        return [text for pair in value.items() for it in pair for text in _texts_in(it)]
    if isinstance(value, list):
        return [text for it in value for text in _texts_in(it)]
    return [str(value)] if isinstance(value, (str, int, float)) else []


def check_names(given: Collection[str], known: Collection[str]) -> None:
    """Raises ConfigurationError for an option that does not exist: a misspelt filter must not list every server."""
    for name in given:
        if name not in known:
            import difflib  # noqa: PLC0415 - for a mistake only

            close = difflib.get_close_matches(name, known, 1)
            raise ConfigurationError(
                f"There is no option {name!r}{f'; did you mean {close[0]!r}?' if close else ''} "
                "(all options: ansible-doc -t inventory huaweicloud_ecs)."
            )


def _projects(value: object, regions: Collection[str]) -> dict[str, str]:
    if not value:
        return {}
    if isinstance(value, Mapping):
        strange = sorted(set(value) - set(regions))
        if strange:
            raise ConfigurationError(f"project_id names regions that are not listed: {', '.join(strange)}.")
        return {str(region): str(project) for region, project in value.items() if project}
    if len(regions) > 1:
        raise ConfigurationError("project_id must be a map of region to id when there are several regions.")
    return dict.fromkeys(regions, str(value))


def _endpoints(value: object, regions: Collection[str]) -> Endpoints:
    if not isinstance(value, Mapping) or set(value) - {"ecs", "iam", "metadata"}:
        raise ConfigurationError("endpoints must be a map with some of the keys ecs, iam and metadata.")
    endpoints = Endpoints({str(service): str(url) for service, url in value.items() if url})
    for region in regions:
        for service in ("ecs", "iam", "metadata"):
            endpoints.url(service, region)
    return endpoints


def _rules(options: Options) -> HostRules:
    hostnames = _list(options.get("hostnames") or "name")
    check_hostnames(hostnames)
    connect_with = _list(options.get("connect_with") or "private_ipv4")
    for choice in connect_with:
        if choice not in CONNECT_CHOICES:
            raise ConfigurationError(f"connect_with: {choice!r} is none of {', '.join(CONNECT_CHOICES)}.")
    prefix, suffix = str(options.get("hostvars_prefix", "ecs_") or ""), str(options.get("hostvars_suffix") or "")
    if not f"{prefix}id{suffix}".isidentifier():
        raise ConfigurationError("hostvars_prefix and hostvars_suffix do not make variable names.")
    return HostRules(
        hostnames=hostnames,
        connect_with=connect_with,
        network=parse_network(str(options["network"])) if options.get("network") else None,
        bastion=_bastion(options["bastion"]) if options.get("bastion") else None,
        prefix=prefix,
        suffix=suffix,
    )


def _bastion(value: object) -> Bastion:
    if not isinstance(value, Mapping) or set(value) - {"host", "user", "port"} or not value.get("host"):
        raise ConfigurationError("bastion must be a map with host and, if wanted, user and port.")
    port = value.get("port")
    try:
        return Bastion(
            str(value["host"]), str(value["user"]) if value.get("user") else None, int(port) if port else None
        )
    except (TypeError, ValueError):
        raise ConfigurationError(f"bastion.port {port!r} is not a port.") from None


def _list(value: object) -> tuple[str, ...]:
    return tuple(str(it) for it in value) if isinstance(value, list) else (str(value),)


def _number(options: Options, name: str, default: int, least: int) -> int:
    value = options.get(name)
    number = default if value is None else int(value)
    if number < least:
        raise ConfigurationError(f"{name} must be at least {least}.")
    return number
