"""From what is wanted and what is there to what has to be done. Pure: the same input gives the same plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError
from . import spread
from .differences import Update, immutable, update_for
from .ledger import Order
from .seen import Instance
from .wanted import MOST_AT_ONCE, PLAN_TAG, Wanted

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
    """start, stop, reboot, or resize (to `flavor`). `return_to_work`: it is stopped only to be resized."""

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
    included. `unsettled`: servers the cloud is still at work on, to be waited for before they can be changed.
    """

    creates: list[Create] = field(default_factory=list)
    deletes: list[Delete] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    powers: list[Power] = field(default_factory=list)
    matched: list[list[Instance]] = field(default_factory=list)
    unsettled: list[Instance] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True when there is nothing to do but perhaps to wait."""
        return not (self.creates or self.deletes or self.updates or self.powers)

    def words(self) -> list[str]:
        """The steps as sentences without a full stop."""
        changes = [f"change {it.instance.label}: {', '.join(it.words())}" for it in self.updates]
        steps = [it.words() for it in (*self.deletes, *self.creates, *self.powers)]
        return [*steps, *changes]


@dataclass(frozen=True)
class Known:
    """What this run and the state file know besides the list: ids rebooted or made in this run (they count as
    restarted), ids to start again after a resize, unanswered orders.
    """

    restarted: frozenset[str] = frozenset()
    to_start: frozenset[str] = frozenset()
    orders: tuple[Order, ...] = ()


def make_plan(entries: Sequence[Wanted], seen: Seen, known: Known) -> Plan:
    """What to do. Raises ConfigurationError with everything that cannot be: ambiguous names, protected servers, servers
    that cannot be made or are broken. Then nothing at all should be done.
    """
    plan = Plan()
    problems: list[str] = []
    taken = {region: {it.name for it in instances} for region, instances in seen.items()}
    for wanted in entries:
        try:
            matched = match(wanted, seen.get(wanted.region, ()))
            plan.matched.append(matched)
            _plan_one(plan, wanted, matched, known, taken.setdefault(wanted.region, set()))
        except ConfigurationError as error:
            problems.append(error.message)
    _no_server_twice(entries, plan.matched, problems)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return plan


def match(wanted: Wanted, instances: Sequence[Instance]) -> list[Instance]:
    """The servers an entry means. Raises ConfigurationError when it means one and there are several."""
    if wanted.id:
        return [it for it in instances if it.id == wanted.id]
    if wanted.select:
        found = [it for it in instances if _has_tags(it, wanted.select)]
        if wanted.count is not None:
            return found
        if found or not wanted.name:
            return _only(wanted, found)
    found = [it for it in instances if it.name == wanted.name]
    if len(found) > 1 and wanted.vpc:
        found = [it for it in found if it.server.vpc_id == wanted.vpc]
    return _only(wanted, found)


def _only(wanted: Wanted, found: list[Instance]) -> list[Instance]:
    staying = [it for it in found if not it.leaving]
    if len(staying) > 1:
        ids = ", ".join(sorted(it.id for it in staying))
        raise ConfigurationError(f"{wanted.where}: {len(staying)} servers are meant ({ids}): say which by id.")
    return staying or found


def _has_tags(instance: Instance, tags: Mapping[str, str]) -> bool:
    return all(instance.server.tags.get(key) == value for key, value in tags.items())


def _no_server_twice(entries: Sequence[Wanted], matched: Sequence[Sequence[Instance]], problems: list[str]) -> None:
    owner: dict[str, str] = {}
    for wanted, instances in zip(entries, matched, strict=False):
        for instance in instances:
            other = owner.setdefault(instance.id, wanted.where)
            if other != wanted.where:
                problems.append(f"{instance.label} is meant by two entries: {other} and {wanted.where}.")


def _plan_one(plan: Plan, wanted: Wanted, matched: Sequence[Instance], known: Known, taken: set[str]) -> None:
    leaving = [it for it in matched if it.leaving]
    staying = [it for it in matched if not it.leaving]
    plan.unsettled += leaving
    if wanted.state == "absent":
        _delete(plan, wanted, staying)
        return
    half_made = [it for it in staying if it.half_made]
    if half_made:
        _clear(plan, wanted, half_made)
        staying = [it for it in staying if not it.half_made]
    target = 1 if wanted.count is None else wanted.count
    if len(staying) > target:
        victims = spread.shrink(staying, wanted.zones, len(staying) - target, wanted.scale_in)
        _delete(plan, wanted, victims)
        staying = [it for it in staying if it not in victims]
    elif len(staying) < target:
        # The place of one that is on its way out (name, address) is free only when it is gone.
        if not leaving or wanted.count is not None:
            _create(plan, wanted, staying, target - len(staying), known, taken)
    for instance in staying:
        _keep(plan, wanted, instance, known)


def _clear(plan: Plan, wanted: Wanted, broken: Sequence[Instance]) -> None:
    """Servers that never came up make place for new ones, or stop the run, as on_failure says."""
    if wanted.on_failure == "delete":
        plan.deletes.append(Delete(wanted, tuple(broken)))
        return
    which = ", ".join(f"{it.label}: {it.fault or 'no reason given'}" for it in broken)
    raise ConfigurationError(
        f"{wanted.where}: the creation of these servers failed ({which}). Delete them, or let on_failure=delete do it."
    )


def _delete(plan: Plan, wanted: Wanted, victims: Sequence[Instance]) -> None:
    if not victims:
        return
    guarded = [it for it in victims if not wanted.force and wanted.protection is not False
               and (it.protected or wanted.protection)]
    if guarded:
        which = ", ".join(it.label for it in guarded)
        raise ConfigurationError(
            f"{wanted.where}: {which} is protected from being deleted (delete_protection); force=true overrides it."
        )
    plan.unsettled += [it for it in victims if it.moving and not it.half_made]
    plan.deletes.append(Delete(wanted, tuple(victims)))


def _create(
    plan: Plan, wanted: Wanted, staying: Sequence[Instance], count: int, known: Known, taken: set[str]
) -> None:
    missing = wanted.missing()
    if wanted.id:
        raise ConfigurationError(f"{wanted.where}: there is no server {wanted.id} in region {wanted.region}.")
    if missing:
        raise ConfigurationError(f"{wanted.where}: it does not exist and cannot be made without {', '.join(missing)}.")
    present = Counter(it.server.availability_zone for it in staying)
    for zone, needed in spread.grow(wanted.zones, present, count).items():
        if not wanted.networks_in(zone):
            raise ConfigurationError(f"{wanted.where}: no entry of networks is for availability zone {zone}.")
        left = needed
        for order in known.orders:
            # Only an unanswered one may still have to be sent again; of the others the list tells.
            if order.key == wanted.key and order.zone == zone and not order.job_id and len(order.names) <= left:
                plan.creates.append(Create(wanted, zone, order.names, order))
                taken.update(order.names)
                left -= len(order.names)
        while left:
            batch = min(left, MOST_AT_ONCE)
            names = [wanted.name] if wanted.count is None else spread.numbered(wanted.name, batch, taken)
            plan.creates.append(Create(wanted, zone, tuple(names)))
            taken.update(names)
            left -= batch


def _keep(plan: Plan, wanted: Wanted, instance: Instance, known: Known) -> None:
    """Bring a server that stays to what is wanted of it."""
    if PLAN_TAG in wanted.select and wanted.count is None and not _has_tags(instance, wanted.select):
        plan.warnings.append(
            f"{wanted.where}: {instance.label} was not made by this plan: it is used, and will not be taken away with it."
        )
    plan.differences += immutable(wanted, instance)
    update = update_for(wanted, instance)
    power = _power(wanted, instance, known)
    if instance.moving:
        plan.unsettled.append(instance)
        return
    if instance.server.status == "ERROR":
        plan.warnings.append(f"{instance.label} is in ERROR: {instance.fault or 'no reason given'}.")
        if power and power.action in ("start", "stop"):
            raise ConfigurationError(f"{wanted.where}: {instance.label} is in ERROR and cannot be {wanted.state}.")
    if update:
        plan.updates.append(update)
    if power:
        plan.powers.append(power)


def _power(wanted: Wanted, instance: Instance, known: Known) -> Power | None:
    """The next power step of a server; each run of the plan takes one."""
    status = instance.server.status
    if wanted.flavor and wanted.force and wanted.flavor != instance.server.flavor:
        if status == "ACTIVE":
            return Power("stop", wanted, instance, return_to_work=wanted.state != "stopped")
        return Power("resize", wanted, instance, flavor=wanted.flavor)
    if wanted.state == "stopped":
        return Power("stop", wanted, instance) if status == "ACTIVE" else None
    if status == "SHUTOFF" and (wanted.state in ("started", "restarted") or instance.id in known.to_start):
        return Power("start", wanted, instance)
    if status == "ACTIVE" and wanted.state == "restarted" and instance.id not in known.restarted:
        return Power("reboot", wanted, instance)
    return None


def ids_of(instances: Collection[Instance]) -> list[str]:
    return [it.id for it in instances]
