"""What the actions of Huawei Cloud share: the inventory's files, and what they say for the modules."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.errors import AnsibleError
from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.inventory.settings import CREDENTIAL_NAMES, Settings
from ansible.module_utils.huaweicloud.redact import Redactor
from ansible.module_utils.huaweicloud.sources import CredentialOptions
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import inventory_loader

Json = dict[str, Any]

PLUGIN = "huaweicloud_ecs"
VARIABLES = ("group_vars", "host_vars")

NOT_TAKEN = {"huaweicloud_ecs_host_keys": ("region", "project_id")}
"""Module -> options of the others that it has not: each server brings its own."""


def files_in(sources: Iterable[str], ignored: Iterable[str]) -> Iterator[Path]:
    """Every file that Ansible reads for these sources, in its order; `ignored` are patterns of names in folders."""
    for source in map(Path, sources):
        if source.is_dir():
            inside = [it for it in sorted(source.iterdir()) if it.name not in VARIABLES]
            wanted = [str(it) for it in inside if not any(re.search(pattern, it.name) for pattern in ignored)]
            yield from files_in(wanted, ignored)
        elif source.is_file():
            yield source


def cloud_files(sources: Iterable[str]) -> tuple[Any, list[Path]]:
    """The inventory plugin, and those files of the inventory's sources that it reads."""
    plugin = inventory_loader.get(PLUGIN)
    return plugin, [it for it in files_in(sources, C.INVENTORY_IGNORE_PATTERNS) if plugin.verify_file(str(it))]


def module_options(settings: Settings, own: Collection[str], credentials: CredentialOptions | None) -> Json:
    """What a file itself says, as options of the modules; `own` are the names of the options that stand in it.

    Credentials are handed on together, the absent ones as empty texts: a module must not complete them by variables
    that belong to another key.
    """
    options: Json = {}
    if credentials:
        options = {name: getattr(credentials, name) for name in CREDENTIAL_NAMES}
        if not credentials.credentials_from:
            del options["credentials_from"]
    reach = {
        "endpoints": dict(settings.endpoints.overrides),
        "project_id": dict(settings.projects),
        "validate_certs": settings.http.validate_certs,
        "ca_path": settings.http.ca_path,
        "proxy": settings.http.proxy,
    }
    options |= {name: value for name, value in reach.items() if name in own and value not in (None, {})}
    if "regions" in own and not os.environ.get("HW_REGION_NAME"):
        options["region"] = ",".join(settings.regions)
    return options


def regions_of(arguments: Mapping[str, Any]) -> set[str]:
    """The regions a task is about, by its arguments or else by HW_REGION_NAME; empty when neither says."""
    servers = arguments.get("servers")
    each = [it.get("region") for it in servers if isinstance(it, Mapping)] if isinstance(servers, list) else []
    region = arguments.get("region") or ""
    named = [*each, *(arguments.get("regions") or ()), *str(region).split(",")]
    found = {text for it in named if it and (text := str(it).strip())}
    return found or {text for it in os.environ.get("HW_REGION_NAME", "").split(",") if (text := it.strip())}


def chosen(sources: Iterable[tuple[Collection[str], Json]], regions: Collection[str]) -> Json:
    """Of each file's regions and options the options that hold for these regions.

    The only file's; of several those of the one that lists all the regions, and none when different ones do.
    """
    found = list(sources)
    if len(found) > 1:
        found = [it for it in found if set(regions) <= set(it[0])]
    options = [it[1] for it in found]
    return options[0] if options and all(it == options[0] for it in options) else {}


def completed(arguments: Json, options: Json) -> Json:
    """The task's arguments, and the options where it gives none; of endpoints each service by itself."""
    merged = {**arguments, **{name: value for name, value in options.items() if arguments.get(name) is None}}
    if isinstance(arguments.get("endpoints"), Mapping):
        merged["endpoints"] = {**options.get("endpoints", {}), **arguments["endpoints"]}
    return merged


class CloudAction(ActionBase):  # type: ignore[misc] # Ansible ships no types
    """Runs the module of its name. One without credentials gets what the inventory file says.

    What is secret goes over the module's standard input, into no command line and no file; its result does not show it
    (no_log of the module).
    """

    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: Json = super().run(tmp, task_vars)
        redactor = Redactor()
        try:
            arguments = self._arguments(task_vars or {}, redactor)
        except (HuaweiCloudError, AnsibleError) as error:
            return {**result, "failed": True, "msg": redactor(str(error))}
        if arguments is not self._task.args and not self._connection.become:
            self._connection.set_option("pipelining", True)
        background = self._task.async_val and not self._connection.has_native_async
        result |= self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=background)
        if not background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _arguments(self, task_vars: Mapping[str, Any], redactor: Redactor) -> Json:
        arguments: Json = self._task.args
        own = any(arguments.get(name) is not None for name in CREDENTIAL_NAMES)
        # Keys of the control node are not for another host.
        if own or self._connection.transport != "local":
            return arguments
        plugin, paths = cloud_files(task_vars.get("ansible_inventory_sources") or ())
        sources: list[tuple[Collection[str], Json]] = []
        for path in paths:
            settings, names, credentials = plugin.read_own(self._loader, str(path), redactor)
            sources.append((settings.regions, module_options(settings, names, credentials)))
        refused = NOT_TAKEN.get(self._task.action.rpartition(".")[2], ())
        options = {name: it for name, it in chosen(sources, regions_of(arguments)).items() if name not in refused}
        return completed(arguments, options) if options else arguments
