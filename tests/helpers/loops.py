"""Running an async test, and refusing the tasks it forgot."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback
from collections.abc import Coroutine
from typing import Any


async def run_to_the_end(test: Coroutine[Any, Any, object], limit_s: float, *, patience_s: float = 2.0) -> None:
    """Await the test within its limit, then see that no task of its own goes on.

    Raises:
        AssertionError: It took longer than `limit_s`, or tasks were still there `patience_s` after its end.
    """
    before = asyncio.all_tasks()
    limit = asyncio.timeout(limit_s)
    waiting: list[str] = []
    # Before the limit cancels anything: afterwards nobody can tell what was waited for.
    look = asyncio.get_running_loop().call_later(0.95 * limit_s, lambda: waiting.append(_who_waits()))
    try:
        async with limit:
            await test
    except BaseException as error:
        await _cancelled(asyncio.all_tasks() - before)
        if isinstance(error, TimeoutError) and limit.expired():
            raise AssertionError("\n".join([f"the test was not done after {limit_s:g} s", *waiting])) from error
        raise
    finally:
        look.cancel()
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


def _who_waits() -> str:
    """Where every task and every thread stands."""
    out = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=out)
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        if ident != threading.get_ident():
            print(f"Thread {names.get(ident, ident)}:", file=out)
            traceback.print_stack(frame, file=out)
    return out.getvalue()
