"""The measuring side of a contender. Imports nothing that is not in the standard library: peers have no Rowmill."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_STATUS = "/proc/self/status"


@dataclass(frozen=True)
class Order:
    """What to run: rows first to first + rows - 1 through the server at `base_url`."""

    base_url: str
    rows: int
    at_once: int
    first: int = 0
    chunk: int | None = None
    extra: Any = None

    def prompts(self) -> list[str]:
        """The prompts, of the kind that a person would write for a label."""
        return [prompt_of(number) for number in range(self.first, self.first + self.rows)]


def text_of(number: int) -> str:
    """The cell of a row. Its number tells the server which latency to take."""
    return f"row #{number}: the parcel came two days late, but the thing itself works well and looks as in the picture"


PROMPT = "Is this review good or bad? Answer with one word.\n\nReview: {text}"


def prompt_of(number: int) -> str:
    """The prompt of a row, as the template makes it."""
    return PROMPT.replace("{text}", text_of(number))


class Meter:
    """Wall time, CPU of this thread and of the process, and the peak of memory."""

    def __init__(self) -> None:
        self.found: dict[str, float | None] = {}

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Around the run itself."""
        gc.collect()
        _forget_peak()
        before_mb = memory_mb("VmRSS")
        wall, thread, process = time.perf_counter(), time.thread_time(), time.process_time()
        yield
        self.found = {
            "wall_s": time.perf_counter() - wall,
            "loop_cpu_s": time.thread_time() - thread,
            "cpu_s": time.process_time() - process,
            "before_mb": before_mb,
            "peak_mb": memory_mb("VmHWM"),
        }


def _forget_peak() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass  # Not on this system: the peak is then of the whole process so far.


def memory_mb(what: str) -> float | None:
    """A line of the process' status: VmRSS (now) or VmHWM (peak). None where the system does not tell."""
    try:
        with open(_STATUS) as file:
            line = next(line for line in file if line.startswith(what))
    except (OSError, StopIteration):
        return None
    return int(line.split()[1]) / 1024


Run = Callable[[Order, Meter], Awaitable[int]]
"""Runs an order, its measured part inside `meter.measure()`, and returns how many answers came."""


def serve(run: Run) -> None:
    """Carry out orders from standard input until it ends, all on one event loop as a program would."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    async def main() -> None:
        # Reading blocks the loop on purpose: between two orders nothing of ours should run.
        for line in sys.stdin:
            meter = Meter()
            try:
                answers = await run(Order(**json.loads(line)), meter)
                found: dict[str, Any] = {**meter.found, "answers": answers}
            except Exception as error:
                traceback.print_exc()
                found = {"error": f"{type(error).__name__}: {error}"[:300]}
            out.write(json.dumps(found) + "\n")
            out.flush()

    asyncio.run(main())
