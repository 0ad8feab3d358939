"""Waiting until something has come to pass. The limits end a test that waits in vain; they judge nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], limit_s: float = 60.0) -> None:
    """Wait on the loop, which turns Qt's events too where it is Qt's."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


def wait_until(condition: Callable[[], object], limit_s: float = 60.0) -> None:
    """Wait without a loop, for what another process or thread brings about."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit_s:g} s in vain"
        time.sleep(0.01)
