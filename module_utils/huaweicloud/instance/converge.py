"""Look, plan, act, and look again until nothing is left to do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ApiError, HuaweiCloudError, UncertainError
from ..retry import Deadline, RetryPolicy
from . import predict, refusals
from .api import ServerApi
from .carry_out import JobError, Steps
from .ledger import Ledger, Order
from .observe import is_partial, observe
from .outcome import Outcome
from .plan import Create, Known, Plan, Seen, make_plan
from .wanted import Wanted

TROUBLES = 4
"""How often a run looks again after something nobody knows the outcome of."""

PLANS = 12
"""More than any entry needs (create, change, stop, resize, start): then something works against this run."""

UNLISTED = 60.0
"""Seconds in which the list of servers must show one that a job has made."""


@dataclass(frozen=True)
class Manner:
    """How to go about it: `wait` for jobs up to `timeout` seconds in all; `check` only says what would be done."""

    state_file: Path
    wait: bool = True
    timeout: float = 600.0
    check: bool = False


class Run:
    """One call of the module: all its entries together. `outcome` is told how far it came, before an error too."""

    def __init__(
        self,
        entries: Sequence[Wanted],
        apis: Mapping[str, ServerApi],
        manner: Manner,
        outcome: Outcome,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.outcome = outcome
        self._entries = entries
        self._apis = apis
        self._manner = manner
        self._sleep = sleep
        self._ledger = Ledger(manner.state_file)
        self._deadline = Deadline(manner.timeout)
        self._steps = Steps(apis, self._ledger, self.outcome, self._deadline, wait=manner.wait)
        self._pauses = RetryPolicy(first_wait=0.6, longest_wait=10.0)
        self._rng = random.Random()
        self._whole = False

    def go(self) -> None:
        """Bring the servers to what is wanted. Raises HuaweiCloudError."""
        if not self._manner.check:
            self._earlier_orders()
        plan = self._look()
        self.outcome.before = self.outcome.after = plan.matched
        self.outcome.differences = plan.differences
        self.outcome.warnings = plan.warnings
        if self._manner.check:
            self.outcome.predicted = True
            self.outcome.steps = predict.steps(plan)
            self.outcome.changed = [it.instance.id for it in plan.updates] + [it.instance.id for it in plan.powers]
            self.outcome.deleted = [it.id for step in plan.deletes for it in step.instances]
            self.outcome.after = predict.after(self._entries, plan)
            return
        plan = self._act(plan)
        self._tidy(plan)
        self._conclude(plan)

    def _act(self, plan: Plan) -> Plan:
        """Carry plans out until one is empty; returns it, or the one after the first when nothing is waited for."""
        plans = troubles = settling = 0
        while not plan.empty or (plan.awaited() and self._manner.wait):
            if plan.empty:
                settling += 1
                self._settle(plan, settling)
            else:
                plans, settling = plans + 1, 0
                if plans > PLANS:
                    raise HuaweiCloudError(f"Still to be done after {PLANS} attempts: {'; '.join(plan.words())}.")
                trouble = self._take(plan)
                if trouble:
                    troubles += 1
                    self._pause_or_raise(trouble, troubles)
                elif not self._manner.wait:
                    return self._look()
            plan = self._look()
            self.outcome.after = plan.matched
        return plan

    def _take(self, plan: Plan) -> HuaweiCloudError | None:
        """Carry a plan out; returns an error after which the next thing to do is to look at what is there."""
        try:
            self._tell(it.words() for it in plan.deletes)
            self._steps.delete(plan.deletes)
            if plan.creates:
                self._steps.create(self._missing)
            self._tell(it.words() for it in plan.updates)
            self._steps.update(plan.updates)
            self._tell(it.words() for it in plan.powers)
            self._steps.power(plan.powers)
        except UncertainError as error:
            return error
        except ApiError as error:
            if error.code not in refusals.LOOK_AGAIN:
                raise
            return error
        return None

    def _missing(self) -> list[Create]:
        """What is to be ordered as things are now: another run may have ordered it since the last look."""
        self._whole = True  # the names of new servers are chosen among all that are taken
        creates = self._look().creates
        self._tell(it.words() for it in creates)
        return creates

    def _tell(self, words: Iterable[str]) -> None:
        self.outcome.steps += [it for it in words if it not in self.outcome.steps]

    def _pause_or_raise(self, trouble: HuaweiCloudError, troubles: int) -> None:
        if troubles > TROUBLES:
            raise trouble
        if troubles == TROUBLES:
            self._give_up_tokens(trouble)
        self._sleep(self._pauses.wait(troubles, self._rng))

    def _look(self) -> Plan:
        """A plan for the servers as they are now."""
        patience = Deadline(UNLISTED)
        while True:
            seen = observe(self._entries, self._apis, whole=self._whole)
            unlisted = self._unlisted(seen) if self._manner.wait else []
            if not unlisted:
                break
            if not patience.remaining():
                self._give_up_servers(unlisted)
            self._sleep(self._pauses.wait(2, self._rng))
        here = [it for instances in seen.values() for it in instances]
        self._steps.confirm_deleted({it.id for it in here if not it.leaving})
        orders = [order for order, _ in self._own_orders()]
        accounted = {it.id for it in here}.union(self.outcome.deleted)
        coming = [(order.key, it) for order in orders for it in order.server_ids if it not in accounted]
        known = Known(
            frozenset(self._steps.restarted), frozenset(self._ledger.to_start()), tuple(orders), tuple(coming)
        )
        plan = make_plan(self._entries, seen, known)
        check, whole = self._manner.check, self._whole
        if check and not whole and any(is_partial(self._entries, it.wanted.region) for it in plan.creates):
            self._whole = True  # for the names, as in _missing
            return self._look()
        return plan

    def _unlisted(self, seen: Seen) -> list[str]:
        listed = {it.id for instances in seen.values() for it in instances}
        return [server_id for server_id in self._steps.made if server_id not in listed]

    def _give_up_servers(self, unlisted: Sequence[str]) -> None:
        """The list never showed them. An order sent again is answered with what it made once: that may be gone now."""
        fresh = [it for it in unlisted if self._steps.made[it].order is None]
        if fresh:
            raise HuaweiCloudError(
                f"The list of servers does not show {', '.join(fresh)}, which were made: run again later."
            )
        for server_id in unlisted:
            del self._steps.made[server_id]
            self.outcome.created.remove(server_id)

    def _settle(self, plan: Plan, times: int) -> None:
        """Wait a little for servers the cloud is at work on."""
        pause = min(self._pauses.wait(times, self._rng), self._deadline.remaining())
        if not pause:
            late = f"{self._deadline.seconds:.0f} s"
            raise JobError(f"The cloud is still at work on {', '.join(plan.awaited())} after {late}: run again later.")
        self._sleep(pause)

    def _earlier_orders(self) -> None:
        """Before anything else: what earlier runs have ordered and nobody has seen the end of."""
        orders = self._own_orders()
        self._steps.await_orders((it, create) for it, create in orders if _is_waited_for(create.wanted))
        self._steps.drop_ended(it for it, create in orders if not _is_waited_for(create.wanted))

    def _own_orders(self) -> list[tuple[Order, Create]]:
        """The unsettled orders of these entries."""
        by_key = {it.key: it for it in self._entries}
        orders = [it for api in self._apis.values() for it in self._ledger.orders(api.project_id)]
        return [(it, Create(by_key[it.key], it.zone, it.names, it)) for it in orders if it.key in by_key]

    def _give_up_tokens(self, error: HuaweiCloudError) -> None:
        """A token that keeps meaning another request is of no use: what it made would be listed by now."""
        if isinstance(error, ApiError) and error.code == refusals.TOKEN_OF_ANOTHER_BODY:
            for order, _ in self._own_orders():
                if not order.job_id:
                    self._ledger.settle(order)

    def _tidy(self, plan: Plan) -> None:
        """Drop from the state file what has come to its end."""
        if not plan.empty or plan.coming:
            return
        for order, create in self._own_orders():
            if not order.job_id or self._manner.wait or not _is_waited_for(create.wanted):
                self._ledger.settle(order)
        for server_id in self._ledger.to_start():
            if any(it.id == server_id and it.server.status == "ACTIVE" for entry in plan.matched for it in entry):
                self._ledger.forget_start(server_id)

    def _conclude(self, plan: Plan) -> None:
        """The servers there are now; those just ordered, and not waited for, as they will be."""
        gone = set(self.outcome.deleted)
        listed = {it.id for entry in plan.matched for it in entry}
        after = [[it for it in entry if it.id not in gone and not it.leaving] for entry in plan.matched]
        for number, wanted in enumerate(self._entries):
            ordered = [(key, it) for key, it in self._steps.made.items() if it.wanted is wanted and key not in listed]
            names = {id(it): iter(it.names) for _, it in ordered}
            after[number] += [predict.made(it, next(names[id(it)]), key, "BUILD") for key, it in ordered]
        self.outcome.after = after


def _is_waited_for(wanted: Wanted) -> bool:
    """False where no server is wanted: what is still being made goes away as soon as it is seen."""
    return wanted.state != "absent" and wanted.count != 0
