"""The deadline of a call, which does not pass while the computer sleeps or the process stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType

LATE_S = 3.0
"""A deadline that fires so much late did so because the computer slept or the process was stopped."""

LOOK_S = 0.05
AFTER_SLEEP_S = 20.0
"""How long a call has on waking whose deadline passed meanwhile: its reply may lie there already, and is paid for."""


class Deadline:
    """As `asyncio.timeout`, but for time in which nothing ran.

    Args:
        slept: Whether it was noticed that nothing ran for a while since the call began.

    Raises:
        TimeoutError: On leaving, when the time is over.
    """

    __slots__ = ("_asked_before", "_due", "_is_over", "_loop", "_seconds", "_slept", "_task", "_timer")

    def __init__(self, seconds: float, slept: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._slept = slept
        self._is_over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._asked_before = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._due, self._passed)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        # Somebody else may have asked the task to end in the same moment: that is no deadline, and goes on.
        if self._is_over and self._task.uncancel() <= self._asked_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _passed(self) -> None:
        # On waking all deadlines fire in the same round of the loop in which the first bytes are read: one more
        # moment, and what came in meanwhile is a reply and no failure.
        late = self._loop.time() - self._due > LATE_S
        self._timer = self._loop.call_later(LOOK_S, self._look, late)

    def _look(self, late: bool) -> None:
        more_s = min(self._seconds, AFTER_SLEEP_S) if late or self._slept() else 0.0
        self._timer = self._loop.call_later(more_s, self._end)

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()


def slept_s() -> float:
    """How long this computer has slept since it was started, where the monotonic clock leaves that out; else 0."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if clock is None else time.clock_gettime(clock) - time.monotonic()
