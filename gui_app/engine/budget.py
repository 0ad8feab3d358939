"""The spending limit: what is out is reserved at its worst case before it is sent."""

from __future__ import annotations

import asyncio


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
        self._changed = asyncio.Condition()

    async def reserve(self, worst_usd: float | None) -> None:
        """Wait until a call of this worst case fits beside what is out.

        Raises:
            SpendingLimitReached: It cannot fit, whatever comes back.
        """
        if self._limit_usd is not None:
            async with self._changed:
                while not self._fits(worst_usd or 0.0):
                    if self._out == 0:
                        raise SpendingLimitReached
                    await self._changed.wait()
                self._add(worst_usd)
            return
        self._add(worst_usd)

    def _add(self, worst_usd: float | None) -> None:
        self._reserved_usd += worst_usd or 0.0
        self._out += 1

    def _fits(self, worst_usd: float) -> bool:
        assert self._limit_usd is not None
        return self.spent_usd + self._reserved_usd + worst_usd <= self._limit_usd + 1e-12

    async def settle(self, worst_usd: float | None, cost_usd: float | None) -> None:
        """A call is over: give its reservation back and count what it cost."""
        self._reserved_usd -= worst_usd or 0.0
        self._out -= 1
        self.spent_usd += cost_usd or 0.0
        if self._limit_usd is not None:
            async with self._changed:
                self._changed.notify_all()
