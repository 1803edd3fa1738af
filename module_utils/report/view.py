"""The page's model: everything the template shows, decided and sorted here so that the template only lays it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from .compare import CheckLine, Problem
from .result import ClusterKey


class State(Enum):
    """A cluster's state: (the icon's and class's name, the words), the gravest first."""

    BROKEN = ("broken", "not whole")
    UNREADABLE = ("unreadable", "result unreadable")
    NEVER = ("never", "never verified")
    DIFFERS = ("differs", "differs from the plan")
    STALE = ("stale", "not in the inventory")
    WHOLE = ("whole", "whole")

    @property
    def icon(self) -> str:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


class SeatState(Enum):
    """A member's state on its host: (icon, words)."""

    OK = ("whole", "ok")
    FAILED = ("broken", "failed")
    SILENT = ("broken", "no answer")
    UNPLANNED = ("differs", "no longer planned")
    UNCHECKED = ("never", "not verified")

    @property
    def icon(self) -> str:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class Mark:
    """How a cluster is recognised: name, colour 1..12, pattern 0..3 (for more clusters than colours), anchor."""

    key: ClusterKey
    colour: int
    pattern: int
    anchor: str


@dataclass(frozen=True)
class MemberRow:
    """A member in its cluster's table. `missing`/`extra`: expected addresses it does not see, others that it does."""

    address: str
    host: str
    zone: str
    state: SeatState
    version: str = ""
    uuid: str = ""
    sees: int = 0
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterView:
    """A cluster's line and chapter. Without a result: no members, checks or times."""

    mark: Mark
    state: State
    hosts: int
    way_out: str = ""
    members: tuple[MemberRow, ...] = ()
    members_ok: int = 0
    expected: int = 0
    checks: tuple[CheckLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    differences: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    checked_at: datetime | None = None
    older: str = ""
    asked_from: str = ""
    duration_s: float = 0.0
    source: str = ""
    unreadable: BadFile | None = None


@dataclass(frozen=True)
class Seat:
    """A member where it runs. `port` for a member at its host's own address, else `address` says it in full."""

    mark: Mark
    state: SeatState
    address: str = ""
    port: str = ""


@dataclass(frozen=True)
class HostView:
    """A host with its members; `note` is what is odd about it (empty: nothing)."""

    name: str
    address: str
    seats: tuple[Seat, ...]
    note: str = ""


@dataclass(frozen=True)
class ZoneView:
    name: str
    hosts: tuple[HostView, ...]
    members: int


@dataclass(frozen=True)
class RegionView:
    name: str
    zones: tuple[ZoneView, ...]


@dataclass(frozen=True)
class OutsideHost:
    """A host without a system tag; `place` is region and zone, `tags` are `key=value`."""

    name: str
    address: str
    place: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class BadFile:
    """A result file that could not be used: its path below the results directory, and why, as a clause."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(frozen=True)
class Page:
    """The whole page. `verdict` is its one sentence, `summary` the terminal's line.

    `members` and `hosts` are those of the results of planned clusters, `span` their oldest and newest time.
    """

    verdict: str
    good: bool
    tallies: tuple[tuple[State, int], ...]
    summary: str
    clusters: tuple[ClusterView, ...]
    regions: tuple[RegionView, ...]
    outside: tuple[OutsideHost, ...]
    unreadable: tuple[BadFile, ...]
    members: int
    hosts: int
    span: tuple[datetime, datetime] | None

    @property
    def attention(self) -> tuple[ClusterView, ...]:
        """The clusters that are not simply whole, the gravest first."""
        order = list(State)
        return tuple(
            sorted((c for c in self.clusters if c.state is not State.WHOLE), key=lambda c: order.index(c.state))
        )

    @property
    def loose(self) -> tuple[BadFile, ...]:
        """The unreadable files that are told with no cluster."""
        told = {cluster.unreadable for cluster in self.clusters}
        return tuple(bad for bad in self.unreadable if bad not in told)
