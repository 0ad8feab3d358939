"""Providers with limits, in virtual time, and a run of rows against them."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gui_app.engine import retry
from gui_app.engine.pacing.pace import Pace, Ticket
from gui_app.jobs import Cause, RateLimits, Usage
from tests.engine.virtual_time import in_virtual_time

Clock = Callable[[], float]


class Limit(Protocol):
    """What a provider allows."""

    def enter(self, now: float) -> bool: ...
    def leave(self, now: float) -> None: ...
    def wait_s(self, now: float) -> float: ...
    def headers(self, now: float) -> RateLimits | None: ...
    def usage(self) -> Usage | None: ...


class NoLimit:
    def enter(self, now: float) -> bool:
        return True

    def leave(self, now: float) -> None:
        return None

    def wait_s(self, now: float) -> float:
        return 0.0

    def headers(self, now: float) -> RateLimits | None:
        return None

    def usage(self) -> Usage | None:
        """Of the call that entered last."""
        return None


class Bucket(NoLimit):
    """A token bucket.

    Args:
        rates: (from when, calls a second), in order of time.
        refusals_count: A refused call takes a token, too.
    """

    def __init__(self, *rates: tuple[float, float], cap: float = 50.0, refusals_count: bool = False) -> None:
        self.rates = rates
        self.cap = cap
        self.refusals_count = refusals_count
        self.level = cap
        self.filled_at = 0.0

    def rate(self, now: float) -> float:
        return [rate for since, rate in self.rates if now >= since][-1]

    def _fill(self, now: float) -> None:
        self.level = min(self.cap, self.level + (now - self.filled_at) * self.rate(now))
        self.filled_at = now

    def enter(self, now: float) -> bool:
        self._fill(now)
        if self.level >= 1.0:
            self.level -= 1.0
            return True
        if self.refusals_count:
            self.level = max(-self.cap, self.level - 1.0)
        return False

    def wait_s(self, now: float) -> float:
        return max(0.0, 1.0 - self.level) / self.rate(now)

    def headers(self, now: float) -> RateLimits | None:
        self._fill(now)
        return RateLimits(int(self.cap), max(0, int(self.level)), (self.cap - self.level) / self.rate(now))


class Tokens(NoLimit):
    """A bucket of tokens, told in the headers; a call takes about `taken` of them.

    Args:
        rate: Tokens a second.
        used: What the reply says it used, about: providers may take what a reply may at most be long.
        spread: How much calls differ.
        output: The headers tell it as output tokens.
    """

    def __init__(
        self, rate: float, cap: float, *, taken: float, used: float, spread: float = 0.3, output: bool = False
    ) -> None:
        self.rate, self.cap, self.taken, self.used, self.spread, self.output = rate, cap, taken, used, spread, output
        self.level, self.filled_at = cap, 0.0
        self.rng = random.Random(7)
        self.size = 1.0

    def _fill(self, now: float) -> None:
        self.level = min(self.cap, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now

    def enter(self, now: float) -> bool:
        self._fill(now)
        self.size = self.rng.uniform(1.0 - self.spread, 1.0 + self.spread)
        if self.level < self.taken * self.size:
            return False
        self.level -= self.taken * self.size
        return True

    def wait_s(self, now: float) -> float:
        return max(0.0, self.taken - self.level) / self.rate

    def usage(self) -> Usage | None:
        return Usage(0, int(self.used * self.size))

    def headers(self, now: float) -> RateLimits | None:
        self._fill(now)
        said = int(self.cap), int(self.level), (self.cap - self.level) / self.rate
        return RateLimits(500, 499, 0.1, None, None, None, *said) if self.output else RateLimits(500, 499, 0.1, *said)


class Windowed(NoLimit):
    """So many calls in each stretch of time, or in the last one before any moment."""

    def __init__(self, calls: int, over_s: float = 1.0, *, sliding: bool = False) -> None:
        self.calls, self.over_s, self.sliding = calls, over_s, sliding
        self.times: deque[float] = deque()

    def _forget(self, now: float) -> None:
        begin = now - self.over_s if self.sliding else now - now % self.over_s
        while self.times and self.times[0] < begin + (1e-9 if self.sliding else 0.0):
            self.times.popleft()

    def enter(self, now: float) -> bool:
        self._forget(now)
        if len(self.times) >= self.calls:
            return False
        self.times.append(now)
        return True

    def wait_s(self, now: float) -> float:
        return self.times[0] + self.over_s - now if self.sliding else self.over_s - now % self.over_s

    def headers(self, now: float) -> RateLimits | None:
        self._forget(now)
        return RateLimits(self.calls, self.calls - len(self.times), self.wait_s(now) if self.times else self.over_s)


class AtOnce(NoLimit):
    """So many calls at the same time."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.inside = 0

    def enter(self, now: float) -> bool:
        if self.inside >= self.calls:
            return False
        self.inside += 1
        return True

    def leave(self, now: float) -> None:
        self.inside -= 1


class Chance(NoLimit):
    """Refuses some calls for no reason."""

    def __init__(self, share: float, *, seed: int = 5) -> None:
        self.share = share
        self.rng = random.Random(seed)

    def enter(self, now: float) -> bool:
        return self.rng.random() >= self.share

    def wait_s(self, now: float) -> float:
        return 1.0

    def headers(self, now: float) -> RateLimits | None:
        return RateLimits(60, 0, 1.0, 150_000, 0, 360.0)


class Once(NoLimit):
    """Refuses the calls after the first few, asks for a wait each time, and then never again."""

    def __init__(self, after: int, refusals: int, asked_s: float) -> None:
        self.after, self.refusals, self.asked_s = after, refusals, asked_s
        self.entered = 0

    def enter(self, now: float) -> bool:
        self.entered += 1
        if self.entered > self.after and self.refusals:
            self.refusals -= 1
            return False
        return True

    def wait_s(self, now: float) -> float:
        return self.asked_s


@dataclass
class Way:
    """How a provider answers.

    Attributes:
        spread: Of a lognormal latency, whose median `latency_s` then is.
        refusal_s: How long a refusal takes. None: as long as an answer.
        told: None, "arrival" or "response": when the remaining calls of the headers are counted. "refusal": only
            refusals have such headers.
        retry_after: None, "exact" or "seconds" (whole ones).
    """

    latency_s: float = 0.3
    spread: float = 0.0
    refusal_s: float | None = 0.002
    told: str | None = None
    retry_after: str | None = None

    def draw(self, rng: random.Random) -> float:
        """How long the next answer takes."""
        return self.latency_s * (rng.lognormvariate(0.0, self.spread) if self.spread else 1.0)


@dataclass
class Run:
    """What a run came to."""

    seconds: float
    sent: int
    refused: int
    latency_s: float
    most_at_once: int
    refused_at: list[float] = field(default_factory=list)

    def ratio(self, ideal_s: float) -> float:
        return (self.seconds - self.latency_s) / ideal_s

    @property
    def refused_share(self) -> float:
        return self.refused / self.sent


class _Rows:
    """Sends rows as the runner would: as many at once as the pace allows, refused ones again after a moment."""

    def __init__(self, limit: Limit, pace: Pace, rows: int, way: Way, seed: int) -> None:
        self.limit, self.pace, self.way = limit, pace, way
        self.loop = asyncio.get_running_loop()
        self.rng = random.Random(seed)
        self.fresh = rows
        self.left = rows
        self.again: list[tuple[float, int]] = []
        self.run = Run(0.0, 0, 0, way.latency_s, 0)
        self.turn = asyncio.Event()

    async def all(self) -> Run:
        while self.left:
            tries = self._next()
            if tries is None:
                self.turn.clear()
                timer = self.loop.call_at(self.again[0][0], self.turn.set) if self.again else None
                await self.turn.wait()
                if timer is not None:
                    timer.cancel()
                continue
            self._send(await self.pace.acquire(), tries)
        self.run.seconds = self.loop.time()
        return self.run

    def _next(self) -> int | None:
        """How often the next row was refused before; None when no row can go out just now."""
        if self.again and self.again[0][0] <= self.loop.time():
            return heapq.heappop(self.again)[1]
        if self.fresh:
            self.fresh -= 1
            return 0
        return None

    def _send(self, ticket: Ticket, tries: int) -> None:
        now, run, way = self.loop.time(), self.run, self.way
        run.sent += 1
        run.most_at_once = max(run.most_at_once, self.pace.in_flight)
        took = way.draw(self.rng)
        if not self.limit.enter(now):
            run.refused += 1
            run.refused_at.append(now)
            asked = {None: None, "exact": (wait := self.limit.wait_s(now)), "seconds": float(int(wait) + 1)}
            headers = self.limit.headers(now) if way.told else None
            late = took if way.refusal_s is None else way.refusal_s
            self.loop.call_later(late, self._refused, ticket, tries, headers, asked[way.retry_after])
            return
        headers = self.limit.headers(now) if way.told == "arrival" else None
        self.loop.call_later(took, self._answered, ticket, headers, self.limit.usage())

    def _refused(self, ticket: Ticket, tries: int, headers: RateLimits | None, asked: float | None) -> None:
        self.pace.release(ticket, Cause.RATE_LIMIT, limits=headers, retry_after_s=asked)
        heapq.heappush(self.again, (self.loop.time() + retry.refused_delay(tries + 1, None), tries + 1))
        self.turn.set()

    def _answered(self, ticket: Ticket, headers: RateLimits | None, usage: Usage | None) -> None:
        self.limit.leave(self.loop.time())
        if self.way.told == "response":
            headers = self.limit.headers(self.loop.time())
        self.pace.release(ticket, None, limits=headers, usage=usage)
        self.left -= 1
        self.turn.set()


def run_rows(
    limit: Limit,
    *,
    rows: int = 1000,
    way: Way | None = None,
    ceiling: int = 20,
    start: int | None = 20,
    seed: int = 1,
) -> Run:
    """1,000 rows, as the runner would send them. `start=None`: a number set by the user."""

    async def go() -> Run:
        pace = Pace(ceiling, start=start, now=asyncio.get_running_loop().time)
        return await _Rows(limit, pace, rows, way or Way(), seed).all()

    random.seed(seed + 2)
    return in_virtual_time(go())
