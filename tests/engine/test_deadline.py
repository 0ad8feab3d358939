"""A deadline ends what takes too long, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from gui_app.engine.deadline import Deadline


def never() -> bool:
    return False


async def test_what_is_in_time_is_left_alone() -> None:
    async with Deadline(30.0, never):
        await asyncio.sleep(0)
    with pytest.raises(KeyError):
        async with Deadline(30.0, never):
            raise KeyError


async def test_what_takes_too_long_times_out_and_its_task_goes_on() -> None:
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with Deadline(0.0, never):
                await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    await asyncio.sleep(0)


async def test_who_is_cancelled_is_not_told_of_a_deadline() -> None:
    async def call() -> None:
        async with Deadline(30.0, never):
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_at_the_very_moment_of_the_deadline_stays_cancelled() -> None:
    deadline = Deadline(30.0, never)

    async def call() -> None:
        async with deadline:
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    deadline._end()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_after_a_sleep_there_is_more_time() -> None:
    async with Deadline(0.2, lambda: True):
        # Over the time, and the moment in which it is looked at.
        await asyncio.sleep(0.3)
