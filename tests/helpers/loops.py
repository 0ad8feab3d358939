"""Running an async test, and refusing the tasks it forgot."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_to_the_end(test: Coroutine[Any, Any, object], limit_s: float, *, patience_s: float = 2.0) -> None:
    """Await the test within its limit, then see that no task of its own goes on.

    Raises:
        AssertionError: It took longer than `limit_s`, or tasks were still there `patience_s` after its end.
    """
    before = asyncio.all_tasks()
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            await test
    except BaseException as error:
        await _cancelled(asyncio.all_tasks() - before)
        if isinstance(error, TimeoutError) and limit.expired():
            raise AssertionError(f"the test was not done after {limit_s:g} s") from error
        raise
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    if left:
        # What was cancelled just now still needs a turn of the loop or two.
        _, left = await asyncio.wait(left, timeout=patience_s)
    names = sorted(repr(task.get_coro()) for task in left)
    await _cancelled(left)
    assert not names, "tasks left running: " + ", ".join(names)


async def _cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=5.0)
