"""The runner as a library: any function over any inputs."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from typing import Any

import pytest

from gui_app.engine import abatch, abatch_as_completed, batch
from tests.engine.virtual_time import in_virtual_time


async def slow_double(number: int) -> int:
    await asyncio.sleep(random.Random(number).uniform(0.0, 0.02))
    return 2 * number


async def test_results_come_in_the_order_of_the_inputs() -> None:
    assert await abatch(slow_double, range(200), max_concurrency=25) == [2 * n for n in range(200)]


async def test_as_completed_gives_each_result_with_its_own_index() -> None:
    seen: list[tuple[int, object]] = [
        pair async for pair in abatch_as_completed(slow_double, range(100), max_concurrency=30)
    ]
    assert dict(seen) == {n: 2 * n for n in range(100)}
    assert [index for index, _ in seen] != list(range(100))


async def test_no_inputs_give_no_results() -> None:
    assert await abatch(slow_double, []) == []


async def test_never_more_at_once_than_asked_for() -> None:
    inside = most = 0

    async def call(number: int) -> int:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.002)
        inside -= 1
        return number

    await abatch(call, range(60), max_concurrency=7)
    assert most == 7


async def test_errors_are_returned_in_their_own_places() -> None:
    async def call(number: int) -> int:
        await asyncio.sleep(0.001 * (number % 3))
        if number % 10 == 3:
            raise ValueError(str(number))
        return number

    found = await abatch(call, range(40), max_concurrency=8, return_exceptions=True)
    for number, result in enumerate(found):
        if number % 10 == 3:
            assert isinstance(result, ValueError) and str(result) == str(number)
        else:
            assert result == number


async def test_the_first_error_is_raised_and_the_rest_is_cancelled() -> None:
    started: list[int] = []

    async def call(number: int) -> int:
        started.append(number)
        if number == 4:
            raise ValueError("four")
        await asyncio.sleep(5)
        return number

    before = asyncio.all_tasks()
    with pytest.raises(ValueError, match="four"):
        await abatch(call, range(1000), max_concurrency=5)
    assert len(started) <= 6
    assert asyncio.all_tasks() == before


async def test_a_retry_gives_the_input_its_own_result_and_holds_no_slot() -> None:
    times: dict[int, int] = {}
    order: list[int] = []

    async def call(number: int) -> int:
        times[number] = times.get(number, 0) + 1
        order.append(number)
        if number % 7 == 0 and times[number] < 3:
            raise ConnectionError
        return number

    found = await abatch(call, range(50), max_concurrency=1, max_attempts=3, backoff_start_s=0.02)
    assert found == list(range(50))
    assert {n: count for n, count in times.items() if count > 1} == dict.fromkeys(range(0, 50, 7), 3)
    assert order[1] == 1, "the next one went out while the first one waited"


async def test_only_named_errors_are_worth_another_attempt() -> None:
    times = 0

    async def call(number: int) -> int:
        nonlocal times
        times += 1
        raise KeyError(number)

    found = await abatch(call, [1], max_attempts=4, retry_on=(ConnectionError,), return_exceptions=True)
    assert isinstance(found[0], KeyError) and times == 1


async def test_attempts_that_are_used_up_leave_the_last_error() -> None:
    async def call(number: int) -> int:
        raise ConnectionError(number)

    with pytest.raises(ConnectionError):
        await abatch(call, [1], max_attempts=3, backoff_start_s=0.001)


async def test_progress_is_told_after_each() -> None:
    told: list[tuple[int, int]] = []
    await abatch(slow_double, range(30), on_progress=lambda done, all_: told.append((done, all_)))
    assert told == [(n, 30) for n in range(1, 31)]


async def test_leaving_the_loop_early_cancels_the_rest() -> None:
    started: list[int] = []
    before = asyncio.all_tasks()

    async def call(number: int) -> int:
        started.append(number)
        await asyncio.sleep(0.001 if number == 0 else 5)
        return number

    stream = abatch_as_completed(call, range(100), max_concurrency=4)
    async with contextlib.aclosing(stream):
        async for index, _ in stream:
            assert index == 0
            break
    assert len(started) <= 5
    assert asyncio.all_tasks() == before


async def test_cancelling_cancels_what_is_out() -> None:
    cancelled = 0

    async def call(number: int) -> int:
        nonlocal cancelled
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return number

    before = asyncio.all_tasks()
    task = asyncio.create_task(abatch(call, range(50), max_concurrency=6))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled == 6
    assert asyncio.all_tasks() == before


async def test_a_function_that_cancels_itself_has_failed_and_nothing_hangs() -> None:
    async def call(number: int) -> int:
        if number == 3:
            raise asyncio.CancelledError
        return number

    async with asyncio.timeout(5):
        found = await abatch(call, range(10), max_concurrency=2, return_exceptions=True)
    assert isinstance(found[3], asyncio.CancelledError)
    assert [n for n in found if isinstance(n, int)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_a_sync_function_runs_in_threads() -> None:
    names: set[str] = set()

    def call(number: int) -> int:
        names.add(threading.current_thread().name)
        time.sleep(0.005)
        return number + 1

    assert batch(call, range(40), max_concurrency=8) == list(range(1, 41))
    assert 1 < len(names) <= 8 and threading.main_thread().name not in names


def test_a_lambda_around_an_async_function_is_awaited() -> None:
    assert batch(lambda number: slow_double(number), range(5)) == [0, 2, 4, 6, 8]


def test_an_object_that_is_called_is_a_function() -> None:
    class Caller:
        async def __call__(self, number: int) -> int:
            return number

    assert batch(Caller(), range(3)) == [0, 1, 2]


async def test_batch_within_a_running_loop_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="await abatch"):
        batch(slow_double, range(3))


@pytest.mark.parametrize("wrong", [{"max_concurrency": 0}, {"max_attempts": 0}])
async def test_numbers_below_one_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await abatch(slow_double, [1], return_exceptions=False, **wrong)


@pytest.mark.parametrize(("inputs", "at_once"), [(10, 10), (50, 25), (100, 34), (500, 30)])
def test_the_work_is_done_in_as_many_rounds_as_it_must(inputs: int, at_once: int) -> None:
    """In a clock that only moves when all wait: the flow itself adds no wait."""

    async def call(number: int) -> int:
        await asyncio.sleep(2.0)
        return number

    async def go() -> float:
        await abatch(call, range(inputs), max_concurrency=at_once)
        return asyncio.get_running_loop().time()

    assert in_virtual_time(go()) <= 2.0 * -(-inputs // at_once) * 1.02
