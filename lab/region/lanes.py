"""Background work: tasks of one lane run in order, those of different lanes at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Task = Callable[[], None]


class Lanes:
    """Runs tasks on daemon threads; a lane is a server's id, so a delete waits for the boot before it."""

    def __init__(self, width: int) -> None:
        """`width`: how many lanes move at the same time."""
        self._slots = threading.Semaphore(width)
        self._idle = threading.Condition()
        self._lanes: dict[str, deque[Task]] = {}

    def submit(self, lane: str, task: Task) -> None:
        """Queue `task`, which must not raise, and return at once."""
        with self._idle:
            if lane in self._lanes:
                self._lanes[lane].append(task)
                return
            self._lanes[lane] = deque([task])
        threading.Thread(target=self._drain, args=(lane,), name=f"lane-{lane}", daemon=True).start()

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is queued or running; False after `timeout` seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._lanes, timeout)

    def _drain(self, lane: str) -> None:
        with self._slots:
            while True:
                with self._idle:
                    queue = self._lanes[lane]
                    if not queue:
                        del self._lanes[lane]
                        self._idle.notify_all()
                        return
                    task = queue.popleft()
                task()
