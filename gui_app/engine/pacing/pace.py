"""How many calls go out at once, and how soon after one another: one pace a provider, host and key."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gui_app.engine.pacing.calls_at_once import CallsAtOnce
from gui_app.engine.pacing.learned_rate import LearnedRate
from gui_app.engine.pacing.told_credit import Predicted, ToldLimits
from gui_app.engine.retry import RETRY_AFTER_CAP_S
from gui_app.jobs import Cause, RateLimits, Usage

SLOWED_FOR_S = 15.0

LATE = 0.5
LATE_S = 0.15
"""A refusal that takes such a share of the time of the quickest answer, or so long before there is one, comes late."""

TOLD_SHARE = 0.5
"""Of what a provider says it still allows goes out at once: it may also be asked by others."""

CERTAIN = 3
"""So many refusals at the same number of calls at once leave no other reason."""

WAIT_FOR = 2.0
"""So many times the time of an answer after a late refusal, what was out with it has come back."""

STANDS_STILL_S = 2.0
"""After so long without a call, the time begins anew in which a provider shows what it answers."""

MADE_UP_S = 0.02
MADE_UP_CALLS = 5
"""A timer that comes late, as on a busy computer, is made up for within reason: calls that go out together are refused
together."""

OVERLOAD_PAUSE_S = 0.2
OVERLOAD_PAUSE_CAP_S = 20.0


@dataclass(slots=True)
class Ticket:
    """A call that may go out: what was so when it was let out.

    Attributes:
        at_once: Calls in flight, this one included.
        number: Calls let out so far, this one included.
        predicted: See `ToldLimits.take`.
    """

    sent_at: float
    at_once: int
    number: int
    predicted: Predicted


class Pace:
    """Admits calls: as many at once as a window allows, and as often as two token buckets do.

    The window starts where it is told, shrinks when the provider refuses more calls at once than it ever answered,
    and grows while it helps. One bucket follows the provider's rate-limit headers, the other one is learned from
    refusals. Where a refusal may mean the one or the other, both are heeded. A wish of the provider to wait holds
    everything back.

    Args:
        ceiling: Never more calls at once than this.
        start: Where the window begins, for a provider nothing is known of: its first calls are spread out, too, and
            it goes beyond while that helps. None: at the ceiling, at once, as a number set by the user asks for.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, ceiling: int, *, start: int | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._calls = CallsAtOnce(ceiling, start)
        self._in_flight = 0
        self._sent = 0
        self._held_until = -math.inf
        self._slowed_until = -math.inf
        self._learned = LearnedRate(now)
        self._told = ToldLimits()
        self._waiters: deque[asyncio.Future[Ticket]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._next_at = -math.inf
        self._last_at = -math.inf
        self._overloads = 0
        self._overloaded_until = 0
        """Calls up to this one went out before the last overload was known."""

    @property
    def ceiling(self) -> int:
        """Never more calls at once than this."""
        return self._calls.ceiling

    def widen(self, calls: int) -> None:
        """So many at once from now on, as a number set by the user asks for, unless the provider ever objected."""
        if self._slowed_until == -math.inf:
            self._calls.widen(calls)
        self._calls.ceiling = max(self._calls.ceiling, calls)
        if self._waiters:
            self._wake()

    def let_grow(self, ceiling: int) -> None:
        """From now on it may go up to `ceiling` by itself, while that helps."""
        self._calls.grows = True
        self._calls.ceiling = max(self._calls.ceiling, ceiling)

    @property
    def in_flight(self) -> int:
        """Calls that are out."""
        return self._in_flight

    @property
    def window(self) -> int:
        """Calls allowed at once."""
        return self._calls.allowed

    @property
    def waiting_s(self) -> float:
        """Seconds that all sending is still held back, as the provider asked."""
        return max(0.0, self._held_until - self._now())

    @property
    def slowed(self) -> bool:
        """The provider has lately objected."""
        return self._now() < self._slowed_until

    @property
    def rate(self) -> float | None:
        """Calls a second at present; None while no limit was met."""
        return self._learned.rate

    # -- sending ---------------------------------------------------------------------------------

    async def acquire(self) -> Ticket:
        """Wait until one more call may go out. Cancelling gives the place up."""
        if not self._waiters:
            now = self._now()
            if self._wait_s(now) <= 0.0:
                return self._let_out(now)
        waiter: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.give_back(waiter.result())
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
                if not self._waiters:
                    self._stop_timer()
            raise

    def give_back(self, ticket: Ticket) -> None:
        """A call that was let out never went out."""
        self._in_flight -= 1
        self._learned.back(ticket.number)
        self._wake()

    def _let_out(self, now: float) -> Ticket:
        self._in_flight += 1
        self._sent += 1
        if self._in_flight == 1 and now - self._last_at > STANDS_STILL_S:
            self._calls.begin(now)
        self._last_at = now
        self._learned.take(now)
        if spacing := self._calls.spacing_s:
            self._next_at = max(self._next_at, now - min(MADE_UP_S, MADE_UP_CALLS * spacing)) + spacing
        return Ticket(now, self._in_flight, self._sent, self._told.take())

    def _wait_s(self, now: float) -> float:
        """0: a call may go out. inf: not before another one comes back."""
        wait_s = self._calls.wait_s(self._in_flight, now)
        if wait_s == math.inf:
            return math.inf
        learned_s, told_s = self._learned.wait_s(now), self._told.wait_s(now)
        return max(0.0, wait_s, self._held_until - now, learned_s, told_s, self._next_at - now)

    def _wake(self) -> None:
        waiters = self._waiters
        while waiters:
            now = self._now()
            wait = self._wait_s(now)
            if wait > 0.0:
                if wait < math.inf:
                    self._set_timer(now, wait)
                return
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(self._let_out(now))
        self._stop_timer()

    def _set_timer(self, now: float, wait: float) -> None:
        at = now + wait
        if self._timer is not None:
            if abs(self._timer_at - at) < 0.0005:
                return
            self._timer.cancel()
        self._timer_at = at
        # Never 0: a clock that stands a hair before its moment must not make the loop spin.
        self._timer = asyncio.get_running_loop().call_later(max(wait, 0.0002), self._timer_fired)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timer_fired(self) -> None:
        self._timer = None
        self._wake()

    # -- learning --------------------------------------------------------------------------------

    def release(
        self,
        ticket: Ticket,
        cause: Cause | None,
        *,
        limits: RateLimits | None = None,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
    ) -> None:
        """A call came back.

        Args:
            ticket: What `acquire` gave.
            cause: None when it brought a reply.
            usage: What the reply says it used.
        """
        now = self._now()
        self._in_flight -= 1
        self._calls.unheard = False
        refused = cause is Cause.RATE_LIMIT
        if cause is None or refused:
            self._learned.eager(limits is not None)
            self._told.told(
                ticket.predicted,
                ticket.number,
                ticket.sent_at,
                limits,
                self._in_flight,
                now,
                refused=refused,
                usage=usage,
            )
        if cause is None:
            self._answered(ticket, now)
            self._calls.told(self._in_flight + TOLD_SHARE * self._told.room)
        elif refused:
            self._refused(ticket, limits, now)
        elif cause is Cause.OVERLOADED:
            self._overloaded(ticket, now)
        self._learned.back(ticket.number)
        if retry_after_s is not None and retry_after_s > 0 and (refused or cause is Cause.OVERLOADED):
            self._hold(now, min(retry_after_s, RETRY_AFTER_CAP_S))
        self._wake()

    def _hold(self, now: float, wait_s: float) -> None:
        until = now + wait_s
        if until > self._held_until:
            self._learned.held(until - max(now, self._held_until))
            self._held_until = until

    def _answered(self, ticket: Ticket, now: float) -> None:
        self._learned.accepted(ticket.number, ticket.sent_at)
        if ticket.number > self._overloaded_until:
            self._overloads = 0
        calls = self._calls
        # While the first calls are spread out, the window is not what holds them back.
        wanted = self._in_flight + 1 >= calls.allowed * (0.5 if calls.opening else 1.0)
        calls.answered(
            ticket.at_once,
            ticket.number,
            now - ticket.sent_at,
            sent=self._sent,
            sent_at=ticket.sent_at,
            wanted=wanted,
        )

    def _refused(self, ticket: Ticket, limits: RateLimits | None, now: float) -> None:
        self._slowed_until = now + SLOWED_FOR_S
        calls, took = self._calls, now - ticket.sent_at
        calls.opening = False
        known = self._told.explains(limits) or self._learned.is_noise(now)
        if not known and calls.unproven(ticket.at_once):
            times = calls.cut(ticket.at_once, ticket.number, sent=self._sent, took=took, now=now)
            if times >= CERTAIN:
                self._learned.forget()
            if times >= CERTAIN or (times > 1 and self._learned.sure):
                return
        late = took > min(LATE * calls.quickest_s, LATE_S)
        late_for_s = WAIT_FOR * max(calls.latency_s, took) if late else 0.0
        self._learned.refused(ticket.number, ticket.sent_at, self._in_flight, late_for_s=late_for_s)

    def _overloaded(self, ticket: Ticket, now: float) -> None:
        self._slowed_until = now + SLOWED_FOR_S
        if ticket.number <= self._overloaded_until:
            return
        self._overloaded_until = self._sent
        self._overloads += 1
        pause = min(OVERLOAD_PAUSE_CAP_S, OVERLOAD_PAUSE_S * 2.0 ** (self._overloads - 1))
        self._calls.overloaded(self._sent, now, pause)
        self._hold(now, pause)
