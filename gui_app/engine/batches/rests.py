"""The waits of an overnight run: by the clock on the wall, and over at once when something is wanted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

SLICE_S = 5.0
"""Waits are cut into these: a loop's own clock may stand still while the computer sleeps."""


class Rests:
    """Args: over: The run is to end, so nothing is waited for any more."""

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._wake = asyncio.Event()

    def end(self) -> None:
        """Whoever rests goes on."""
        self._wake.set()

    async def rest(self, seconds: float) -> None:
        """What was due while the computer slept is due when it wakes."""
        until, until_wall = time.monotonic() + seconds, time.time() + seconds
        self._wake.clear()
        while not self._over() and (left := min(until - time.monotonic(), until_wall - time.time())) > 0:
            try:
                async with asyncio.timeout(min(left, SLICE_S)):
                    await self._wake.wait()
                return
            except TimeoutError:
                continue
