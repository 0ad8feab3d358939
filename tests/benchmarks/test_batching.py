"""The speed-up that batching is sold with: a slow call, serially and through `gui_app.engine.batch` and `abatch`."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial

import pytest

from gui_app.engine import abatch, batch
from tests.benchmarks.reporting import REPEATS, Report, median, sized

pytestmark = pytest.mark.bench

# A 2-second call, scaled down in time: the ratios stay. The serial loop alone takes 1,660 calls with 500 inputs.
CALL_S = 2.0 / sized(20, 40)
TABLE = ((10, 10, 8), (50, 25, 20), (100, 34, 28), (500, 30, 28))


def test_the_speed_up_of_a_slow_call() -> None:
    report = Report("batching", f"Batching a call of 2 s (here {CALL_S * 1000:.0f} ms): speed-up over a serial loop")
    raw = []
    for inputs, at_once, goal in TABLE:
        runs: dict[str, list[float]] = {"serial": [], "batch": [], "abatch": []}
        for repeat in range(REPEATS):
            report.sample_noise()
            if repeat == 0 or inputs <= 50:  # The long serial loop is the same each time; its median needs no more.
                runs["serial"].append(_timed(partial(_serially, inputs)))
            runs["batch"].append(_timed(partial(batch, _slow, range(inputs), max_concurrency=at_once)))
            runs["abatch"].append(_timed(partial(_asynchronously, inputs, at_once)))
        serial_s = median(runs["serial"])
        best = inputs / math.ceil(inputs / at_once)
        threads, coroutines = serial_s / median(runs["batch"]), serial_s / median(runs["abatch"])
        report.add(
            inputs=inputs,
            at_once=at_once,
            serial_s=round(serial_s, 2),
            goal=goal,
            possible=round(best, 2),
            batch_sync=round(threads, 2),
            abatch_async=round(coroutines, 2),
            of_possible_sync=f"{threads / best:.1%}",
            of_possible_async=f"{coroutines / best:.1%}",
        )
        raw.append({"inputs": inputs, "at_once": at_once, **runs})
    report.note("possible: inputs / ceil(inputs / at once); ours should be within 10% of it")
    report.finish(raw)


def _slow(number: int) -> int:
    time.sleep(CALL_S)
    return number


def _serially(inputs: int) -> list[int]:
    return [_slow(number) for number in range(inputs)]


def _asynchronously(inputs: int, at_once: int) -> list[int]:
    return asyncio.run(abatch(_slow_async, range(inputs), max_concurrency=at_once))


async def _slow_async(number: int) -> int:
    await asyncio.sleep(CALL_S)
    return number


def _timed(work: Callable[[], list[int]]) -> float:
    began = time.perf_counter()
    results = work()
    wall_s = time.perf_counter() - began
    assert results == list(range(len(results)))
    return wall_s
