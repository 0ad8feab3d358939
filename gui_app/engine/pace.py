"""How many calls go out at once, and how soon after one another: one pace a provider, host and key."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from gui_app.engine.retry import RETRY_AFTER_CAP_S
from gui_app.jobs import Cause, RateLimits


class Pace:
    """Admits calls. A window of calls in flight that grows while it helps and shrinks when the provider objects.

    Args:
        ceiling: Never more calls at once than this.
        start: Where the window begins; None means at the ceiling.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, ceiling: int, *, start: int | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.ceiling = max(1, ceiling)
        self._window = float(min(self.ceiling, start or self.ceiling))
        self._in_flight = 0
        self._held_until = 0.0
        self._slowed_until = 0.0
        self._last_cut = -1e9
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """Calls that are out."""
        return self._in_flight

    @property
    def window(self) -> int:
        """Calls allowed at once."""
        return max(1, int(self._window))

    @property
    def waiting_s(self) -> float:
        """Seconds that all sending is still held back."""
        return max(0.0, self._held_until - self._now())

    @property
    def slowed(self) -> bool:
        """The provider has lately objected."""
        return self._now() < self._slowed_until

    async def acquire(self) -> None:
        """Wait until one more call may go out. Cancelling gives the place up."""
        if not self._waiters and self._free():
            self._in_flight += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._in_flight -= 1
                self._wake()
            else:
                self._waiters.remove(waiter)
            raise

    def release(
        self,
        cause: Cause | None,
        *,
        limits: RateLimits | None = None,
        retry_after_s: float | None = None,
        sent_at: float = 0.0,
    ) -> None:
        """A call came back.

        Args:
            cause: None when it brought a reply.
            sent_at: When it went out, on the same clock as `now`.
        """
        self._in_flight -= 1
        now = self._now()
        if cause in (Cause.RATE_LIMIT, Cause.OVERLOADED):
            self._slowed_until = now + 15.0
            if retry_after_s is not None and retry_after_s > 0:
                self._held_until = max(self._held_until, now + min(retry_after_s, RETRY_AFTER_CAP_S))
            if sent_at > self._last_cut:
                # One cut for all the calls that went out before it: they tell of the same moment.
                self._window = max(1.0, self._window * 0.7)
                self._last_cut = now
        elif cause is None and self._in_flight + 1 >= self._window - 1:
            self._window = min(float(self.ceiling), self._window + 1.0 / max(1.0, self._window))
        self._wake()

    def _free(self) -> bool:
        return self._in_flight < self.window and self._now() >= self._held_until

    def _wake(self) -> None:
        while self._waiters and self._free():
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._in_flight += 1
                waiter.set_result(None)
        if self._waiters and self._timer is None and self.waiting_s > 0:
            self._timer = asyncio.get_running_loop().call_later(self.waiting_s + 0.001, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        self._wake()
