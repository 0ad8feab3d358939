"""The spending limit: what is out is reserved at its worst case before it is sent."""

from __future__ import annotations

import asyncio
from collections import deque


class SpendingLimitReached(Exception):
    """Not even one more call, with nothing else out, would fit."""


class Budget:
    """Money of one job.

    Args:
        limit_usd: None means no limit.
        spent_usd: What earlier runs of the job cost.
    """

    def __init__(self, limit_usd: float | None, spent_usd: float) -> None:
        self._limit_usd = limit_usd
        self.spent_usd = spent_usd
        self._reserved_usd = 0.0
        self._out = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def reserve(self, worst_usd: float | None) -> None:
        """Wait until a call of this worst case fits beside what is out.

        Raises:
            SpendingLimitReached: It cannot fit, whatever comes back.
        """
        worst = worst_usd or 0.0
        while not self._fits(worst):
            if self._out == 0:
                raise SpendingLimitReached
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            # One that is cancelled stays in line; it is passed over when its turn comes.
            await waiter
        self._reserved_usd += worst
        self._out += 1

    def _fits(self, worst_usd: float) -> bool:
        if self._limit_usd is None:
            return True
        return self.spent_usd + self._reserved_usd + worst_usd <= self._limit_usd + 1e-12

    def settle(self, worst_usd: float | None, cost_usd: float | None) -> None:
        """A call is over: give its reservation back and count what it cost."""
        self._out -= 1
        # Sums of many small amounts drift; with nothing out nothing is reserved.
        self._reserved_usd = self._reserved_usd - (worst_usd or 0.0) if self._out else 0.0
        self.spent_usd += cost_usd or 0.0
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
