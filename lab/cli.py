"""`lab`: an ECS region on this machine."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import excerpt
from lab.commands import control, power, route, show, ssh
from lab.commands.down import down
from lab.commands.up import up
from lab.errors import LabError
from lab.hosts.driver import HostError
from lab.progress import Progress
from lab.workspace import Workspace

ROOTS_COMMANDS = {"up", "down", "route", "network"}
LOCKS = Path("/run/lock")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand. Returns 0, 1 after one line of error, 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    workspace = Workspace(options.root) if options.root else Workspace()
    try:
        return _run(options, workspace, words)
    except (LabError, HostError) as error:
        _show_log(error)
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; `lab up` goes on from here, `lab down` removes everything", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, workspace: Workspace, words: list[str]) -> int:
    if options.command == "ssh":
        argv = ssh.command(workspace, options.name, options.words)
        os.execvp(argv[0], argv)
    if options.command in ROOTS_COMMANDS:
        _need_root(words)
        with _alone(workspace):
            try:
                _say(_changed(options, workspace))
            finally:
                workspace.give_to_caller()
    else:
        _say(_shown(options, workspace))
    return 0


def _changed(options: argparse.Namespace, workspace: Workspace) -> str:
    """Run a command that changes the lab's networks or hosts; returns what it has to say."""
    match options.command:
        case "up":
            settings = up(workspace, options.plan, Progress())
            return f"lab {workspace.id} is up at {settings.endpoint}: `lab status`, `lab env`, `lab ssh NAME`"
        case "route":
            return route.change(workspace, options.action, options.one, options.other)
        case "network":
            return power.network(workspace, options.name, options.state)
        case _:
            down(workspace, Progress())
            return ""


def _shown(options: argparse.Namespace, workspace: Workspace) -> str:
    """Run a command that only speaks to the API or reads files; returns what it has to say."""
    match options.command:
        case "status":
            return show.status(workspace)
        case "groups":
            return show.groups(workspace)
        case "env":
            return show.env(workspace)
        case "logs":
            return show.logs(workspace, options.what, options.follow)
        case "stop" | "start" | "kill":
            return power.ACTS[options.command](workspace, options.name)
        case _:
            return control.run(workspace, options)


def _show_log(error: LabError | HostError) -> None:
    """The lines of the log that tell more than the sentence, if there is one."""
    log = error.log if isinstance(error, LabError) else None
    for line in excerpt.of_file(log) if log else []:
        print(f"    {line}", file=sys.stderr)


def _say(text: str) -> None:
    if text:
        print(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="An ECS region on this machine, with real hosts.")
    parser.add_argument("--root", type=Path, help="keep the lab in DIR/.lab (default: this checkout)", metavar="DIR")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    starting = commands.add_parser("up", help="start the region and the servers of a plan; keep what runs already")
    starting.add_argument("--plan", type=Path, metavar="FILE", help="servers to create, e.g. lab/plans/demo.yml")
    commands.add_parser("down", help="remove everything `up` made")
    commands.add_parser("status", help="the region and its servers")
    commands.add_parser("groups", help="the security groups and what they let pass")
    commands.add_parser("env", help='keys and endpoints as shell exports: eval "$(lab env)"')
    shell = commands.add_parser("ssh", help="a root shell, or one command, on a server")
    shell.add_argument("name", metavar="NAME")
    shell.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    logs = commands.add_parser("logs", help="the API's log, or the console log of a server")
    logs.add_argument("what", nargs="?", default="api", metavar="api|NAME")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as the API's log grows")
    power.register(commands)
    route.register(commands)
    control.register(commands)
    return parser


def _need_root(words: list[str]) -> None:
    """Networks and containers are root's: start again through sudo. Raises LabError where there is none."""
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise LabError("This needs root, and there is no sudo here: run it as root.")
    # Root's bytecode in the checkout would be in the way of whoever wants to remove it.
    os.execvp("sudo", ["sudo", "env", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "lab.cli", *words])


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Two `up` or `down` of one lab must not run at the same time. Raises LabError when another one does."""
    with (LOCKS / f"ecs-cluster-kit-{workspace.id}").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError("Another `lab up` or `lab down` of this checkout is running: wait for it.") from None
        yield


if __name__ == "__main__":
    sys.exit(main())
