"""`lab status`, `lab env` and `lab logs`: looking at a lab. None of them needs root."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from lab import process, routes, vault
from lab import settings as lab_settings
from lab.commands.find import find, with_hosts
from lab.control import Control
from lab.customer import Customer, ServerView
from lab.errors import LabError
from lab.net import netns
from lab.settings import LabSettings, Rule, SettingsError
from lab.topology import ANYWHERE
from lab.workspace import Workspace

LINES = "200"


def settings_of(workspace: Workspace) -> LabSettings:
    """The settings of a lab that is up. Raises LabError when there is none."""
    try:
        return lab_settings.load(workspace.directory)
    except SettingsError as error:
        raise LabError(str(error)) from error


def status(workspace: Workspace) -> str:
    """The region and its servers as text. Raises LabError when the lab is down or its API does not answer."""
    settings = settings_of(workspace)
    if not process.answers(settings):
        raise LabError(f"The API at {settings.endpoint} does not answer: run `lab up`; `lab logs` shows why it ended.")
    lines = [f"lab {settings.lab_id}   network {settings.cidr}   API {settings.endpoint}"]
    found = with_hosts(settings)
    lost = netns.switched_off(settings.lab_id, [one.server.id for one in found])
    for index, region in enumerate(settings.regions):
        servers = sorted((one.server for one in found if one.region.id == region.id), key=lambda server: server.name)
        count = Customer(settings, index).count()
        lines += [f"region {region.id}   project {region.project_id}   {count} servers"]
        lines += [f"  VPC {vpc.name:<10} {vpc.cidr:<15} {vpc.id}{'  private' * vpc.private}" for vpc in region.vpcs]
        lines += [_server_line(server, server.id in lost) for server in servers]
        if canned := count - len(servers):
            lines.append(f"  and {canned} canned ones, without hosts (`lab seed --servers 0` removes them)")
    for left in Control(workspace.directory).remnants():
        lines.append(f"left   {left.kind} {left.what} of {left.server_name}, which is gone: it is still paid for")
    lines += [f"route  {routes.describe(settings, route)}" for route in sorted(routes.load(workspace.directory))]
    return "\n".join(lines)


def groups(workspace: Workspace) -> str:
    """The security groups of all regions and what they let pass, as text. Raises LabError when the lab is down."""
    lines = []
    settings = settings_of(workspace)
    for region in settings.regions:
        names = {group.id: group.name for group in region.security_groups}
        lines.append(f"region {region.id}")
        for group in region.security_groups:
            lines.append(f"  {group.name}")
            lines += [f"    {_rule(rule, names)}" for rule in group.rules]
    return "\n".join(lines)


def _rule(rule: Rule, names: Mapping[str, str]) -> str:
    way, end = ("in", "from") if rule.direction == "ingress" else ("out", "to")
    remote = names[rule.group_id] if rule.group_id else "anywhere" if rule.cidr == ANYWHERE else rule.cidr
    return f"{way:<4}{rule.protocol:<5}{rule.ports or 'all':<12}{end} {remote}"


def _server_line(server: ServerView, network_lost: bool) -> str:
    line = (
        f"  {server.name:<14} {server.status:<8} {server.address:<15} {server.availability_zone:<13} "
        f"{server.flavor:<12} {server.id}  {' '.join(server.tags)}".rstrip()
    )
    public = f"  public {server.public_address}" if server.public_address else ""
    return line + public + "  network off" * network_lost


def env(workspace: Workspace) -> str:
    """Shell exports of what a user of Huawei Cloud would export, and of the two root passwords."""
    settings, secrets = settings_of(workspace), vault.load(workspace)
    account = settings.accounts[0]
    values = {
        "HUAWEICLOUD_SDK_AK": account.access_key,
        "HUAWEICLOUD_SDK_SK": account.secret_key,
        "HW_REGION_NAME": ",".join(region.id for region in settings.regions),
        "HW_ECS_ENDPOINT": settings.endpoint,
        "HW_IAM_ENDPOINT": settings.endpoint,
        "HW_IMS_ENDPOINT": settings.endpoint,
        "ECS_BOOTSTRAP_PASSWORD": secrets.bootstrap_password,
        "ECS_ROOT_PASSWORD": secrets.root_password,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def keep_console(workspace: Workspace, settings: LabSettings, server: ServerView) -> Path | None:
    """Write a server's console log to the logs, which outlive the server; None when it cannot be had."""
    try:
        [owner] = [one for one in with_hosts(settings) if one.server.id == server.id]
        console = owner.customer.console(server.id)
    except (LabError, ValueError):
        return None
    log = workspace.logs / f"console-{server.name}.log"
    log.write_text(console, encoding="utf-8")
    return log


def logs(workspace: Workspace, what: str, follow: bool) -> str:
    """The console log of the server `what`, or the API's log. Follows the latter, replacing this process, if asked."""
    if what != "api":
        found = find(settings_of(workspace), what)
        return found.customer.console(found.server.id).rstrip("\n")
    log = process.log_file(workspace)
    if not log.exists():
        raise LabError(f"There is no {log}: the lab has not been up here.")
    if follow:
        os.execvp("tail", ["tail", "--lines", LINES, "--follow=name", str(log)])
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-int(LINES) :])
