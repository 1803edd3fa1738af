"""`lab fault`, `lab requests` and `lab seed`: the control of a running lab from the shell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lab.control import Control
from lab.errors import LabError
from lab.faults.grammar import KINDS
from lab.region.seeds import SeedOrder
from lab.workspace import Workspace

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

COMMANDS = frozenset({"fault", "requests", "seed"})


def register(commands: Commands) -> None:
    """Add the three commands to the parser of `lab`."""
    _register_fault(commands)
    requests = commands.add_parser("requests", help="which requests came in: a count by operation, caller and status")
    requests.add_argument(
        "--route", metavar="ROUTE", action="append", default=[], help="an operation or pattern, perhaps @REGION"
    )
    requests.add_argument("--since", type=int, default=0, metavar="N", help="only those after request number N")
    requests.add_argument("--clear", action="store_true", help="count from zero after this")
    _register_seed(commands)


def _register_fault(commands: Commands) -> None:
    fault = commands.add_parser("fault", help="faults of the region: add, list, clear")
    actions = fault.add_subparsers(dest="action", required=True, metavar="ACTION")
    kinds = "\n".join(f"  {_form(name):<26}{kind.does}" for name, kind in KINDS.items())
    add = actions.add_parser(
        "add",
        help="put a fault in force",
        epilog=f"kinds:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add.add_argument("route", metavar="ROUTE", help="an operation, a pattern of them or *, perhaps @REGION")
    add.add_argument("kind", metavar="KIND[=VALUE]", help="what happens: see below")
    add.add_argument("--times", type=int, metavar="N", help="to how many requests (default: all)")
    add.add_argument("--after", type=int, default=0, metavar="N", help="how many pass unharmed before (default: 0)")
    actions.add_parser("list", help="the faults in force, with how many requests fitted and were hit")
    clear = actions.add_parser("clear", help="end faults")
    clear.add_argument("ids", nargs="*", type=int, metavar="ID", help="which (default: all)")


def _register_seed(commands: Commands) -> None:
    seed = commands.add_parser("seed", help="canned servers: shown by the API, without hosts")
    seed.add_argument("--servers", type=int, required=True, metavar="N", help="how many the region has then; 0: none")
    seed.add_argument("--add", action="store_true", help="keep those it has already")
    seed.add_argument("--region", default="", help="default: the first one")
    seed.add_argument("--name", default=SeedOrder.name, metavar="PATTERN", help="default: %(default)s ({n}: from 1)")
    example = "e.g. hazelcast=c-{n%%10}; may be repeated"
    seed.add_argument("--tag", action="append", default=[], metavar="KEY=PATTERN", dest="tags", help=example)
    seed.add_argument("--az", action="append", default=[], dest="zones", help="default: all in turn; may be repeated")
    seed.add_argument("--flavor", default="", help="default: the first one")
    seed.add_argument("--status", default=SeedOrder.status, help="ACTIVE, SHUTOFF, BUILD or ERROR")
    seed.add_argument("--user-data", type=int, default=0, metavar="KB", help="size of each one's user-data (0 to 32)")
    seed.add_argument("--public", action="store_true", help="with a public address each")


def run(workspace: Workspace, options: argparse.Namespace) -> str:
    """Carry one of the commands out; returns what to print. Raises LabError."""
    control = Control(workspace.directory)
    if options.command == "requests":
        return _requests(control, options)
    if options.command == "seed":
        return f"{control.seed(_seed_order(options))} canned servers"
    if options.action == "add":
        return str(control.add_fault(options.route, options.kind, times=options.times, after=options.after))
    if options.action == "clear":
        return f"{control.clear_faults(*options.ids)} faults cleared"
    return "\n".join(map(str, control.faults())) or "no faults"


def _form(name: str) -> str:
    kind = KINDS[name]
    if not kind.value:
        return name
    return f"{name}={kind.value}" if kind.needed else f"{name}[={kind.value}]"


def _requests(control: Control, options: argparse.Namespace) -> str:
    report = control.requests(*options.route, since=options.since)
    if options.clear:
        control.clear_requests()
    lines = [f"{'requests':>8}  {'status':<6}  {'operation':<34}{'region':<14}caller"]
    for count in report.counts:
        status, region, who = count.status or "-", count.region or "-", count.who or "-"
        lines.append(f"{count.requests:>8}  {status:<6}  {count.operation:<34}{region:<14}{who}")
    lines.append(f"{report.total:>8}  in all; the last request has number {report.last}")
    return "\n".join(lines)


def _seed_order(options: argparse.Namespace) -> SeedOrder:
    tags = {}
    for tag in options.tags:
        key, _, value = tag.partition("=")
        if not key:
            raise LabError(f"--tag {tag}: a tag is KEY=VALUE, or KEY alone.")
        tags[key] = value
    return SeedOrder(
        servers=options.servers,
        region=options.region,
        name=options.name,
        tags=tags,
        zones=tuple(options.zones),
        flavor=options.flavor,
        status=options.status,
        user_data=options.user_data,
        public=options.public,
        add=options.add,
    )
