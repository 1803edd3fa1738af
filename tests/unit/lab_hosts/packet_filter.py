"""Asks iptables-restore(8) text what becomes of a packet: the few matches that the lab's chains use, and no more."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

FINAL = {"ACCEPT", "DROP", "REJECT"}


@dataclass(frozen=True)
class Packet:
    """The first of a connection unless `known`; `floating` is the address it was sent to before DNAT."""

    source: str
    target: str
    into: str = "lo"
    out: str = "lo"
    protocol: str = "tcp"
    port: int = 0
    known: bool = False
    floating: str = ""


class PacketFilter:
    """The filter table of some texts; a chain that is named again is replaced, as iptables-restore does."""

    def __init__(self, *texts: str) -> None:
        self.chains: dict[str, list[list[str]]] = {}
        table = ""
        for line in "".join(texts).splitlines():
            if line.startswith("*"):
                table = line
            elif line.startswith(":") and table == "*filter":
                self.chains[line[1:].split()[0]] = []
            elif line.startswith("-A ") and table == "*filter":
                _, chain, *words = shlex.split(line)
                self.chains[chain].append(words)

    def verdict(self, chain: str, packet: Packet) -> str:
        """ACCEPT, DROP, REJECT, or "" for a packet that comes back out of the chain."""
        for words in self.chains[chain]:
            target = words[words.index("-j" if "-j" in words else "-g") + 1]
            if not _matches(words, packet):
                continue
            found = target if target in FINAL else self.verdict(target, packet)
            if found or "-g" in words:
                return found
        return ""


def _matches(words: list[str], packet: Packet) -> bool:
    index, wanted = 0, True
    while index < len(words):
        word, value = words[index], words[index + 1] if index + 1 < len(words) else ""
        if word in {"-j", "-g"}:
            return True
        if word == "!":
            wanted, index = False, index + 1
            continue
        if _matches_one(word, value, packet) != wanted:
            return False
        wanted, index = True, index + 2
    raise AssertionError(f"no target in {words}")


def _matches_one(word: str, value: str, packet: Packet) -> bool:
    states = {"ESTABLISHED,RELATED": packet.known, "DNAT": bool(packet.floating)}
    tests: dict[str, Callable[[], bool]] = {
        "-s": lambda: _within(packet.source, value),
        "-d": lambda: _within(packet.target, value),
        "-i": lambda: _is_interface(packet.into, value),
        "-o": lambda: _is_interface(packet.out, value),
        "-p": lambda: packet.protocol == value,
        "-m": lambda: True,
        "--dport": lambda: _in_range(packet.port, value),
        "--dports": lambda: packet.port in map(int, value.split(",")),
        "--ctstate": lambda: states[value],
        "--ctorigdst": lambda: bool(packet.floating) and _within(packet.floating, value),
        "--icmp-type": lambda: False,  # no packet of a test is an error message
    }
    return tests[word]()  # KeyError: the filter has a match that is new


def _in_range(port: int, ports: str) -> bool:
    low, _, high = ports.partition(":")
    return int(low) <= port <= int(high or low)


def _within(address: str, network: str) -> bool:
    return IPv4Address(address) in IPv4Network(network)


def _is_interface(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern
