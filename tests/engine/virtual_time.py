"""An event loop whose clock jumps: what takes minutes of waiting is over in milliseconds of work."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Instead of waiting, says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nothing will ever happen again: a deadlock")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only when everything waits."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def in_virtual_time(work: Coroutine[Any, Any, T], *, limit_s: float = 3600.0) -> T:
    """Run a coroutine to its end. `limit_s` is virtual, too."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(asyncio.wait_for(work, limit_s))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
