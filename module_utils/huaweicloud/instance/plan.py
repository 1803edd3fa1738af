"""From what is wanted and what is there to what has to be done. Pure: the same input gives the same plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError
from . import spread
from .differences import Update, groups_unknown, immutable, update_for
from .ledger import Order
from .match import is_borrowed, match, meant_twice
from .seen import Instance
from .wanted import MOST_AT_ONCE, Wanted

Seen = Mapping[str, Sequence[Instance]]
"""Region -> its servers."""


@dataclass(frozen=True)
class Create:
    """One request: servers of one zone. `order` is set when it was sent before and nobody knows what came of it."""

    wanted: Wanted
    zone: str
    names: tuple[str, ...]
    order: Order | None = None

    def words(self) -> str:
        return f"create {' '.join(self.names)}{f' in {self.zone}' if self.zone else ''}"


@dataclass(frozen=True)
class Delete:
    wanted: Wanted
    instances: tuple[Instance, ...]

    def words(self) -> str:
        return "delete " + ", ".join(it.label for it in self.instances)


@dataclass(frozen=True)
class Power:
    """start, stop, reboot, or resize (to `flavor`). `return_to_work`: it is to run again after its resize."""

    action: str
    wanted: Wanted
    instance: Instance
    flavor: str = ""
    return_to_work: bool = False

    def words(self) -> str:
        return f"{self.action} {self.instance.label}{f' to {self.flavor}' if self.flavor else ''}"


@dataclass
class Plan:
    """Steps in the order they are taken; `matched` are the servers of each entry as they are now, those that go
    included. `unsettled`: servers the cloud is still at work on, to be waited for before they can be changed; `coming`:
    ids of servers that are ordered and not listed yet.
    """

    creates: list[Create] = field(default_factory=list)
    deletes: list[Delete] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    powers: list[Power] = field(default_factory=list)
    matched: list[list[Instance]] = field(default_factory=list)
    unsettled: list[Instance] = field(default_factory=list)
    coming: list[str] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True when there is nothing to do but perhaps to wait."""
        return not (self.creates or self.deletes or self.updates or self.powers)

    def awaited(self) -> list[str]:
        """The servers the cloud is at work on, in words."""
        return [f"{it.label}: {it.server.status} {it.task}".strip() for it in self.unsettled] + self.coming

    def words(self) -> list[str]:
        """The steps as sentences without a full stop."""
        return [
            *(it.words() for it in self.deletes),
            *(it.words() for it in self.creates),
            *(it.words() for it in self.updates),
            *(it.words() for it in self.powers),
        ]


@dataclass(frozen=True)
class Known:
    """What this run and the state file know besides the list: ids that count as restarted, ids to start again after a
    resize, unsettled orders, and (key, id) of servers that were ordered and are not listed yet.
    """

    restarted: frozenset[str] = frozenset()
    to_start: frozenset[str] = frozenset()
    orders: tuple[Order, ...] = ()
    coming: tuple[tuple[str, str], ...] = ()


def make_plan(entries: Sequence[Wanted], seen: Seen, known: Known) -> Plan:
    """What to do. Raises ConfigurationError with everything that cannot be: ambiguous names, protected servers, servers
    that cannot be made or are broken. Then nothing at all should be done.
    """
    planner = _Planner(known, {region: {it.name for it in instances} for region, instances in seen.items()})
    plan, problems = planner.plan, []
    for wanted in entries:
        plan.matched.append([])
        try:
            plan.matched[-1] += match(wanted, seen.get(wanted.region, ()))
            planner.add(wanted, plan.matched[-1])
        except ConfigurationError as error:
            problems.append(error.message)
    problems += meant_twice(entries, plan.matched)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return plan


class _Planner:
    """Adds the steps of one entry after the other to a plan. `taken`: the names in use, by region."""

    def __init__(self, known: Known, taken: dict[str, set[str]]) -> None:
        self.plan = Plan()
        self._known = known
        self._taken = taken

    def add(self, wanted: Wanted, matched: Sequence[Instance]) -> None:
        """Raises ConfigurationError."""
        leaving = [it for it in matched if it.leaving]
        staying = [it for it in matched if not it.leaving]
        coming = [server_id for key, server_id in self._known.coming if key == wanted.key]
        self.plan.unsettled += leaving
        self.plan.coming += coming
        if wanted.state == "absent":
            self._delete(wanted, staying)
            return
        if any(is_borrowed(wanted, it) for it in staying):
            self._use(wanted, staying[0])
            return
        half_made = [it for it in staying if it.half_made]
        if half_made:
            self._clear(wanted, half_made)
            staying = [it for it in staying if not it.half_made]
        target = 1 if wanted.count is None else wanted.count
        if len(staying) > target:
            victims = spread.shrink(staying, wanted.zones, len(staying) - target, wanted.scale_in)
            self._delete(wanted, victims)
            staying = [it for it in staying if it not in victims]
        elif (missing := target - len(staying) - len(coming)) > 0 and (not leaving or wanted.count is not None):
            # The place of a single server on its way out (name, address) is free only when it is gone.
            self._create(wanted, staying, missing)
        for instance in staying:
            self._keep(wanted, instance)

    def _clear(self, wanted: Wanted, broken: Sequence[Instance]) -> None:
        """Servers that never came up make place for new ones, or stop the run, as on_failure says."""
        if wanted.on_failure == "delete":
            self.plan.deletes.append(Delete(wanted, tuple(broken)))
            self._taken[wanted.region] -= {it.name for it in broken}
            return
        which = ", ".join(f"{it.label}: {it.fault or 'no reason given'}" for it in broken)
        raise ConfigurationError(
            f"{wanted.where}: the creation of these servers failed ({which}): delete them, or say on_failure=delete."
        )

    def _delete(self, wanted: Wanted, victims: Sequence[Instance]) -> None:
        lifted = wanted.force or wanted.protection is False
        guarded = [it for it in victims if not lifted and (it.protected or wanted.protection)]
        if guarded:
            which = ", ".join(it.label for it in guarded)
            raise ConfigurationError(
                f"{wanted.where}: {which} is protected from being deleted (delete_protection); force=true overrides it."
            )
        if victims:
            self.plan.deletes.append(Delete(wanted, tuple(victims)))

    def _create(self, wanted: Wanted, staying: Sequence[Instance], count: int) -> None:
        if wanted.id:
            raise ConfigurationError(f"{wanted.where}: there is no server {wanted.id} in region {wanted.region}.")
        if missing := wanted.missing():
            which = ", ".join(missing)
            raise ConfigurationError(f"{wanted.where}: it does not exist and cannot be made without {which}.")
        present = Counter(it.server.availability_zone for it in staying)
        for zone, needed in spread.grow(wanted.zones, present, count).items():
            if not wanted.networks_in(zone):
                raise ConfigurationError(f"{wanted.where}: no entry of networks is for availability zone {zone}.")
            self._order(wanted, zone, needed)

    def _order(self, wanted: Wanted, zone: str, count: int) -> None:
        taken = self._taken.setdefault(wanted.region, set())
        for order in self._known.orders:
            # Only an unanswered one may have to be sent again; what became of the others the list tells.
            if order.key == wanted.key and order.zone == zone and not order.job_id and len(order.names) <= count:
                self.plan.creates.append(Create(wanted, zone, order.names, order))
                taken.update(order.names)
                count -= len(order.names)
        while count:
            batch = min(count, MOST_AT_ONCE)
            names = [wanted.name] if wanted.count is None else spread.numbered(wanted.name, batch, taken)
            self.plan.creates.append(Create(wanted, zone, tuple(names)))
            taken.update(names)
            count -= batch

    def _use(self, wanted: Wanted, instance: Instance) -> None:
        """Take somebody else's server as it is."""
        self.plan.warnings.append(
            f"{wanted.where}: {instance.label} was not made by this plan: it is used as it is, and does not go with it."
        )
        self.plan.differences += immutable(wanted, instance)

    def _keep(self, wanted: Wanted, instance: Instance) -> None:
        """Bring a server that stays to what is wanted of it."""
        self.plan.differences += immutable(wanted, instance)
        if instance.moving:
            self.plan.unsettled.append(instance)
            return
        power = _power(wanted, instance, self._known)
        status = instance.server.status
        if status not in ("ACTIVE", "SHUTOFF"):
            self.plan.warnings.append(f"{instance.label} is in {status}: {instance.fault or 'no reason given'}.")
            if wanted.state != "present" or power:
                asked = "resized" if wanted.state == "present" else wanted.state
                raise ConfigurationError(f"{wanted.where}: {instance.label} is in {status} and cannot be {asked}.")
        if groups_unknown(wanted, instance):
            names = ", ".join(it.name for it in instance.groups)
            self.plan.warnings.append(
                f"{instance.label}: its security groups ({names}) are listed without their ids: they are left alone."
            )
        if update := update_for(wanted, instance):
            self.plan.updates.append(update)
        if power:
            self.plan.powers.append(power)


def _power(wanted: Wanted, instance: Instance, known: Known) -> Power | None:
    """The next power step of a server; each run of the plan takes one."""
    status = instance.server.status
    if wanted.flavor and wanted.force and wanted.flavor != instance.server.flavor:
        if status == "ACTIVE":
            return Power("stop", wanted, instance, return_to_work=wanted.state != "stopped")
        again = instance.id in known.to_start if wanted.state == "present" else wanted.state != "stopped"
        return Power("resize", wanted, instance, flavor=wanted.flavor, return_to_work=again)
    if wanted.state == "stopped":
        return Power("stop", wanted, instance) if status == "ACTIVE" else None
    if status == "SHUTOFF" and (wanted.state in ("started", "restarted") or instance.id in known.to_start):
        return Power("start", wanted, instance)
    if status == "ACTIVE" and wanted.state == "restarted" and instance.id not in known.restarted:
        return Power("reboot", wanted, instance)
    return None
