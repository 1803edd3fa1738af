"""The faults in force, which requests they fitted, and which they hit. Kept in the state: a restart loses none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from lab.faults import grammar
from lab.faults.grammar import Fault


class Faults:
    """Every method may be called from any thread."""

    def __init__(
        self, records: dict[int, Fault], lock: threading.RLock, regions: Iterable[str], changed: Callable[[], None]
    ) -> None:
        """`records` belong to the state and are guarded by `lock`; `changed` is called after they changed."""
        self._records = records
        self._lock = lock
        self._regions = frozenset(regions)
        self._changed = changed

    def add(self, route: str, kind: str, *, times: int | None = None, after: int = 0) -> Fault:
        """`route`: an operation, a pattern of them or `*`, then perhaps `@region`; `kind`: KIND or KIND=VALUE.

        The first `after` requests that fit pass unharmed, the next `times` are hit (None: all). Raises FaultError.
        """
        with self._lock:
            fault = grammar.parse(
                max(self._records, default=0) + 1, route, kind, times=times, after=after, regions=self._regions
            )
            self._records[fault.id] = fault
            self._changed()
            return fault

    def listed(self) -> list[Fault]:
        """In the order they were added."""
        with self._lock:
            return list(self._records.values())

    def clear(self, *fault_ids: int) -> int:
        """Remove these faults, or all. Returns how many there were. Raises FaultError when one does not exist."""
        with self._lock:
            unknown = [fault_id for fault_id in fault_ids if fault_id not in self._records]
            if unknown:
                raise grammar.FaultError(f"There is no fault {unknown[0]}: see `lab fault list`.")
            doomed = fault_ids or tuple(self._records)
            for fault_id in doomed:
                del self._records[fault_id]
            self._changed()
            return len(doomed)

    def meet(self, operation: str, region: str) -> Met:
        """Count a request with every fault that fits it."""
        if not self._records:
            return Met(self, ())
        with self._lock:
            fitting = [fault.id for fault in self._records.values() if grammar.fits(fault.route, operation, region)]
            for fault_id in fitting:
                fault = self._records[fault_id]
                self._records[fault_id] = replace(fault, seen=fault.seen + 1)
            if fitting:
                self._changed()
            return Met(self, tuple(fault_id for fault_id in fitting if self._records[fault_id].active))

    def hit(self, fault_ids: Iterable[int], kinds: tuple[str, ...]) -> Fault | None:
        """Note that the first of these faults that is of one of `kinds` has its effect now; None when there is none."""
        with self._lock:
            for fault_id in fault_ids:
                fault = self._records.get(fault_id)
                if fault is not None and fault.active and fault.kind in kinds:
                    self._records[fault_id] = replace(fault, hits=fault.hits + 1)
                    self._changed()
                    return fault
            return None


class Met:
    """The faults one request met. Whoever brings about the effect of a kind takes it."""

    def __init__(self, faults: Faults, fault_ids: tuple[int, ...]) -> None:
        self._faults = faults
        self._left = fault_ids
        self.taken: list[str] = []

    def take(self, *kinds: str) -> Fault | None:
        """The fault of one of these kinds that was added first, and each only once."""
        if not self._left:
            return None
        fault = self._faults.hit(self._left, kinds)
        if fault is not None:
            self._left = tuple(left for left in self._left if left != fault.id)
            self.taken.append(fault.kind)
        return fault
