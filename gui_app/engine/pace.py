"""How many calls go out at once, and how soon after one another: one pace a provider, host and key."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gui_app.engine.learned_rate import LearnedRate
from gui_app.engine.retry import RETRY_AFTER_CAP_S
from gui_app.engine.told_credit import Predicted, ToldLimits
from gui_app.jobs import Cause, RateLimits, Usage

OPENING_RATE = 75.0
"""Calls a second at first, when nothing is known of the provider; doubles with every round of answers."""

SLOWED_FOR_S = 15.0
FIRM = 3
"""So many calls answered at a level of concurrency prove that it is allowed."""

HELPS = 1.3
"""More at once is of use as long as a call takes no longer than so many times what it took with fewer."""

GROWTH = 0.7
"""Of the window in one round of answers. Faster would save seconds where there is no limit, and cost refusals by the
dozen where they come late."""

LATELY = 0.2
"""Weight of an answer in how long they take lately."""

ENOUGH = 10
"""So many answers tell how long they take at a level of concurrency. The first ones of a round are the quickest of
it: compared with those, all others would seem slow."""

EVEN = 0.7
CAREFUL = 4.0
"""After the first refusal of its kind, until a few answers tell whether it was the number at once or the rate."""

WINDOW_HOLD_CAP_S = 8.0
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
    refusals. A wish of the provider to wait holds everything back.

    Args:
        ceiling: Never more calls at once than this.
        start: Where the window begins, for a provider nothing is known of: its first calls are spread out, too, and
            it goes beyond while that helps. None: at the ceiling, at once, as a number set by the user asks for.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, ceiling: int, *, start: int | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._ceiling = max(1, ceiling)
        self._window = float(min(self._ceiling, start or self._ceiling))
        self._in_flight = 0
        self._sent = 0
        self._held_until = -math.inf
        self._slowed_until = -math.inf
        self._learned = LearnedRate(now)
        self._told = ToldLimits()
        self._waiters: deque[asyncio.Future[Ticket]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        # The window.
        self._grows = start is not None
        self._start = self._window
        self._quickest_log = math.inf
        self._lately_log = 0.0
        self._round_sum = 0.0
        self._round_count = 0
        self._round_ends = 0
        self._answered_at: list[int] = []
        self._cut_number = 0
        self._grow_at = math.inf
        self._window_hold_s = 0.0
        self._cut_at_once = 0
        self._window_before = 0.0
        self._doubts = 0
        self._since_cut = 0
        self._cut_by = Ticket(0.0, 0, 0, ())
        self._full = False
        self._overloads = 0
        self._latency_s = 0.0
        # Answers lately: when every 10th came.
        self._answers = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=64)
        # The opening.
        self._opening: float | None = None if start is None else OPENING_RATE
        self._next_at = -math.inf

    @property
    def ceiling(self) -> int:
        """Never more calls at once than this."""
        return self._ceiling

    def widen(self, calls: int) -> None:
        """So many at once from now on, as a number set by the user asks for, unless the provider ever objected."""
        if calls > self._window and self._slowed_until == -math.inf:
            self._window = float(calls)
            self._opening = None
        self._ceiling = max(self._ceiling, calls)
        if self._waiters:
            self._wake()

    def let_grow(self, ceiling: int) -> None:
        """From now on it may go up to `ceiling` by itself, while that helps."""
        self._grows = True
        self._ceiling = max(self._ceiling, ceiling)

    @property
    def in_flight(self) -> int:
        """Calls that are out."""
        return self._in_flight

    @property
    def window(self) -> int:
        """Calls allowed at once."""
        return max(1, min(int(self._window), self._ceiling))

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
        self._wake()

    def _let_out(self, now: float) -> Ticket:
        self._in_flight += 1
        self._sent += 1
        self._learned.take()
        if self._opening is not None:
            self._next_at = max(self._next_at, now - 0.02) + 1.0 / self._opening
        elif self._cut_at_once and self._learned.rate is None:
            # Spread over a round, so that a burst is not taken for too many at once.
            spread = EVEN if self._since_cut >= FIRM else CAREFUL
            self._next_at = max(self._next_at, now - 0.02) + spread * self._latency_s / self._window
        return Ticket(now, self._in_flight, self._sent, self._told.take())

    def _wait_s(self, now: float) -> float:
        """0: a call may go out. inf: not before another one comes back."""
        if now >= self._grow_at:
            self._grow(now)
        if self._in_flight >= self.window:
            self._full = True
            return math.inf
        return max(0.0, self._held_until - now, self._learned.wait_s(now), self._told.wait_s(now), self._next_at - now)

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
        refused = cause is Cause.RATE_LIMIT
        if cause is None or refused:
            self._learned.eager = limits is not None
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
        elif refused:
            self._refused(ticket, limits, now)
        elif cause is Cause.OVERLOADED:
            self._overloaded(ticket, now)
        if retry_after_s is not None and retry_after_s > 0 and (refused or cause is Cause.OVERLOADED):
            self._hold(now, min(retry_after_s, RETRY_AFTER_CAP_S))
        self._wake()

    def _hold(self, now: float, wait_s: float) -> None:
        until = now + wait_s
        if until > self._held_until:
            self._learned.held(until - max(now, self._held_until))
            self._held_until = until

    def _answered(self, ticket: Ticket, now: float) -> None:
        took = now - ticket.sent_at
        # Over a few rounds of answers: single ones scatter widely.
        self._latency_s += (took - self._latency_s) * (min(0.1, 2.0 / self._window) if self._latency_s else 1.0)
        self._answers += 1
        if not self._marks or now - self._marks[-1][0] >= 0.1:
            self._marks.append((now, self._answers))
        at = self._answered_at
        if ticket.at_once >= len(at):
            at.extend([0] * (ticket.at_once + 1 - len(at)))
        at[ticket.at_once] += 1
        self._learned.accepted(ticket.number, ticket.sent_at)
        if ticket.number > self._cut_number:
            self._overloads = 0
            self._since_cut += 1
        elif ticket.at_once > self._window and self._window_before:
            self._doubt(ticket, now)
        if self._opening is not None:
            self._opening += (GROWTH if self._window > self._start else 1.0) / max(took, 0.01)
            if self._opening > 2_000 or self._answers > 10 * self._ceiling:
                self._opening = None
        if self._grows:
            self._grow_while_it_helps(ticket, took)

    def _grow_while_it_helps(self, ticket: Ticket, took: float) -> None:
        """Calls that only wait longer for their answers, as at a model on one graphics card, are too many."""
        # Logarithms: a few answers that take ten times as long as the others say nothing about these.
        log_s = math.log(max(took, 1e-4))
        if ticket.number > self._round_ends:
            if self._round_count >= ENOUGH:
                self._quickest_log = min(self._quickest_log, self._round_sum / self._round_count)
                self._round_sum, self._round_count = 0.0, 0
            self._round_ends = self._sent
        self._round_sum += log_s
        self._round_count += 1
        self._lately_log += (log_s - self._lately_log) * (LATELY if self._lately_log else 1.0)
        if self._grow_at < math.inf:
            return  # It was cut, and grows by the clock.
        # While the first calls are spread out, the window is not what holds them back; that there are more is enough.
        full = self._in_flight + 1 >= self.window or (self._opening is not None and bool(self._waiters))
        if full and self._window < self._ceiling and self._more_helps:
            self._window += GROWTH

    @property
    def _more_helps(self) -> bool:
        return self._lately_log <= self._quickest_log + math.log(HELPS)

    def _doubt(self, ticket: Ticket, now: float) -> None:
        """More at once than the window now allows were answered after all: it was not that."""
        self._doubts += 1
        if self._doubts >= FIRM:
            self._window, self._window_before = self._window_before, 0.0
            self._learned.refused(self._cut_by.number, self._cut_by.sent_at, self._sent, self._throughput(now))

    def _throughput(self, now: float) -> float:
        """Calls answered a second, over the last second or the time there has been."""
        marks = self._marks
        if not marks:
            return self._in_flight / max(self._latency_s, 0.5)
        for at, count in marks:
            if now - at <= 1.2:
                span = max(now - at, 0.0)
                if span < 0.15:
                    break
                return (self._answers - count) / span
        return self._in_flight / max(self._latency_s, 0.05)

    def _refused(self, ticket: Ticket, limits: RateLimits | None, now: float) -> None:
        self._slowed_until = now + SLOWED_FOR_S
        if self._opening is not None and self._answers:
            self._opening = None
        if self._told.explains(limits) or self._learned.is_noise(now) or self._not_at_once(ticket):
            self._learned.refused(ticket.number, ticket.sent_at, self._sent, self._throughput(now))
        else:
            self._cut_window(ticket, now)

    def _not_at_once(self, ticket: Ticket) -> bool:
        """So many at once are allowed: the refusal must have another reason."""
        if ticket.at_once == 1 or sum(self._answered_at[ticket.at_once :]) >= FIRM:
            return True
        if self._cut_at_once and ticket.number > self._cut_number and ticket.at_once < self._cut_at_once - 1:
            # Once at this number, once at that.
            self._window, self._cut_at_once = max(self._window, self._window_before), 0
            return True
        return False

    def _cut_window(self, ticket: Ticket, now: float) -> None:
        """More at once than were ever answered: so many are not allowed."""
        allowed = max(1, ticket.at_once - 1)
        if ticket.number > self._cut_number:
            same = abs(ticket.at_once - self._cut_at_once) <= 1
            hold = max(0.1, self._latency_s)
            self._window_hold_s = min(WINDOW_HOLD_CAP_S, self._window_hold_s * 2 if same else hold)
            self._window_hold_s = max(self._window_hold_s, hold)
            self._cut_at_once, self._since_cut = ticket.at_once, 0 if not same else FIRM
            self._window_before, self._doubts, self._cut_by = self._window, 0, ticket
        self._cut_number = self._sent
        if allowed < self._window:
            self._window = float(allowed)
        del self._answered_at[ticket.at_once :]
        self._grow_at = now + self._window_hold_s

    def _overloaded(self, ticket: Ticket, now: float) -> None:
        self._slowed_until = now + SLOWED_FOR_S
        if ticket.number <= self._cut_number:
            return
        self._cut_number = self._sent
        self._window = max(1.0, min(self._window, float(self._ceiling)) * 0.7)
        self._window_before = 0.0
        self._overloads += 1
        pause = min(OVERLOAD_PAUSE_CAP_S, OVERLOAD_PAUSE_S * 2.0 ** (self._overloads - 1))
        self._hold(now, pause)
        self._window_hold_s = max(1.0, self._latency_s)
        self._grow_at = now + pause + self._window_hold_s

    def _grow(self, now: float) -> None:
        if self._window >= self._ceiling:
            self._grow_at = math.inf
            return
        if self._full and (self._more_helps or self._window < self._start):
            # Only when it is used up does the window hold anything back.
            self._window = min(float(self._ceiling), max(self._window + 1.0, self._window * 1.15))
            self._full = False
        self._grow_at = now + max(0.1, min(self._latency_s, 2.0))
