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

    __slots__ = ("_due", "_loop", "_scope", "_seconds", "_slept", "_timer")

    def __init__(self, seconds: float, slept: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._slept = slept

    async def __aenter__(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._due = loop.time() + self._seconds
        self._scope = asyncio.timeout(None)
        self._timer = loop.call_at(self._due, self._passed)
        await self._scope.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        await self._scope.__aexit__(kind, error, traceback)

    def _passed(self) -> None:
        # On waking all deadlines fire in the same round of the loop in which the first bytes are read: one more
        # moment, and what came in meanwhile is a reply and no failure.
        late = self._loop.time() - self._due > LATE_S
        self._timer = self._loop.call_later(LOOK_S, self._end, late)

    def _end(self, late: bool) -> None:
        more_s = min(self._seconds, AFTER_SLEEP_S) if late or self._slept() else 0.0
        self._scope.reschedule(self._loop.time() + more_s)


def slept_s() -> float:
    """How long this computer has slept since it was started, where the monotonic clock leaves that out; else 0."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if clock is None else time.clock_gettime(clock) - time.monotonic()
