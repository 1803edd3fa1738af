"""Chains of one lab by iptables: replaced as a whole, entered by one jump each, removed without any file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lab.net.addresses import chain_name
from lab.shell import run, succeeds

WAIT = ("--wait", "10")
TABLES = ("nat", "filter")  # in the order of removal


@dataclass(frozen=True)
class Hook:
    """A jump from a built-in chain: `iptables -t table -I chain -m comment … -j target`."""

    table: str
    chain: str
    target: str
    comment: str

    def rule(self) -> list[str]:
        return [self.chain, "-m", "comment", "--comment", self.comment, "-j", self.target]


def restore_text(table: str, chains: Iterable[str], rules: Iterable[str]) -> str:
    """iptables-restore(8) input. Naming a chain there empties it first."""
    lines = [f"*{table}", *(f":{chain} - [0:0]" for chain in chains), *rules, "COMMIT"]
    return "\n".join(lines) + "\n"


def restore(text: str) -> None:
    """Replace the chains that the text names, each table at one instant. Raises CommandError."""
    run(["iptables-restore", *WAIT, "--noflush"], text=text)


def ensure_chains(table: str, chains: Iterable[str]) -> None:
    """Have these chains, with the content they have."""
    present = set(_chains(table))
    for chain in chains:
        if chain not in present:
            run(["iptables", *WAIT, "-t", table, "-N", chain])


def enter(hook: Hook) -> None:
    """Have the jump, as the first rule when it is new."""
    if not succeeds(["iptables", *WAIT, "-t", hook.table, "-C", *hook.rule()]):
        chain, *rest = hook.rule()
        run(["iptables", *WAIT, "-t", hook.table, "-I", chain, "1", *rest])


def leave(hook: Hook) -> None:
    """Take the jump away, however often it is there."""
    while succeeds(["iptables", *WAIT, "-t", hook.table, "-C", *hook.rule()]):
        run(["iptables", *WAIT, "-t", hook.table, "-D", *hook.rule()])


def remove_chains(table: str, lab_id: str) -> None:
    """Remove all chains of a lab. They lead to one another, so all are emptied before the first is deleted."""
    ours = [chain for chain in _chains(table) if chain.startswith(chain_name(lab_id, ""))]
    if ours:
        deletions = (f"-X {chain}" for chain in ours)
        restore(restore_text(table, ours, deletions))


def _chains(table: str) -> list[str]:
    lines = run(["iptables", *WAIT, "-t", table, "-S"]).splitlines()
    return [line.split()[1] for line in lines if line.startswith("-N ")]
