"""The deadline of a call, which does not pass while the computer sleeps or the process stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LATE_S = 3.0
"""A deadline that fires so much late did so because the computer slept or the process was stopped."""

LOOK_S = 0.05
AFTER_SLEEP_S = 20.0
"""How long a call has on waking whose deadline passed meanwhile: its reply may lie there already, and is paid for."""


@asynccontextmanager
async def deadline(seconds: float, slept: Callable[[], bool]) -> AsyncIterator[None]:
    """As `asyncio.timeout`, but for time in which nothing ran.

    Args:
        slept: Whether it was noticed that nothing ran for a while since the call began.

    Raises:
        TimeoutError: On leaving, when the time is over.
    """
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    async with asyncio.timeout(None) as scope:
        timer = loop.call_at(due, lambda: passed())

        def passed() -> None:
            # On waking all deadlines fire in the same round of the loop in which the first bytes are read: one more
            # moment, and what came in meanwhile is a reply and no failure.
            nonlocal timer
            late = loop.time() - due > LATE_S
            timer = loop.call_later(LOOK_S, end, late)

        def end(late: bool) -> None:
            scope.reschedule(loop.time() + (min(seconds, AFTER_SLEEP_S) if late or slept() else 0.0))

        try:
            yield
        finally:
            timer.cancel()


def slept_s() -> float:
    """How long this computer has slept since it was started, where the monotonic clock leaves that out; else 0."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if clock is None else time.clock_gettime(clock) - time.monotonic()
