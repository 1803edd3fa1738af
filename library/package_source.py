#!/usr/bin/python
"""Whether a host can get packages."""

from __future__ import annotations

import os
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.preflight import packages
from ansible.module_utils.preflight.checks import as_dicts
from ansible.module_utils.preflight.http import UnreachableError, ask

DOCUMENTATION = r"""
module: package_source
short_description: Asks a host's package sources for their indexes
description:
  - Makes a HEAD request for the index of each source that apt or dnf of this host is configured with, through the proxy
    they are configured with. Fetches and changes nothing, the package lists least of all.
  - A source that does not answer is a result, not a failure of this module.
options:
  have:
    type: list
    elements: str
    default: []
    description: Files for which packages are needed. When all are there, a silent source is no trouble.
  timeout: {type: float, default: 5, description: Seconds to wait for an answer. All are asked side by side.}
"""
RETURN = r"""
checks: {type: list, returned: success, description: 'One check, as docs/schemas/preflight-result.json has it.'}
"""
REPOSITORIES = Path("/etc/yum.repos.d")
WORKERS = 16


def configured(module: AnsibleModule) -> tuple[list[str], str]:
    """The indexes, and the proxy to them (empty: none)."""
    apt = module.get_bin_path("apt-get")
    if apt:
        # No lock is taken and nothing fetched: it only says what it would fetch.
        _, listed, _ = module.run_command([apt, "--print-uris", "-o", "Debug::NoLocking=1", "update"])
        _, settings, _ = module.run_command(["apt-config", "dump", "Acquire"])
        return packages.apt_indexes(listed), packages.apt_proxy(settings)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    machine = platform.machine()
    variables = {"releasever": release.get("VERSION_ID", "").strip('"'), "basearch": machine, "arch": machine}
    files = [path.read_text(errors="replace") for path in sorted(REPOSITORIES.glob("*.repo"))]
    return packages.dnf_indexes(files, variables), ""


def trouble(index: str, proxy: str, timeout: float) -> str:
    """Why this index cannot be had, empty when it can."""
    if urlsplit(index).scheme not in ("http", "https"):
        return ""  # a disk or a mirror list of its own: nothing to reach
    try:
        reply = ask(index, method="HEAD", timeout=timeout, proxy=proxy)
    except UnreachableError as error:
        return str(error)
    return "" if reply.status < 400 else f"answered {reply.status}"


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "have": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    wanted, timeout = module.params["have"], module.params["timeout"]
    indexes, proxy = configured(module)
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = dict(zip(indexes, pool.map(lambda index: trouble(index, proxy, timeout), indexes)))  # noqa: B905 - 3.9
    have = "all that needs packages is installed" if wanted and all(map(os.path.exists, wanted)) else None
    module.exit_json(changed=False, checks=as_dicts([packages.judge(answers, have)]))


if __name__ == "__main__":
    main()
