"""The runner as a library: any function over any inputs, in memory."""

from __future__ import annotations

import asyncio
import heapq
import inspect
import itertools
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, overload

from gui_app.engine.flow import Flow
from gui_app.engine.retry import delay

In = TypeVar("In")
Out = TypeVar("Out")

Progress = Callable[[int, int], None]

_rng = random.Random()


@dataclass(frozen=True, slots=True)
class _Task:
    index: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Result:
    index: int
    tries: int
    value: Any = None
    error: BaseException | None = None
    again_in_s: float | None = None
    unsent: bool = False


@dataclass(frozen=True, slots=True)
class _Retries:
    """Which errors are worth another attempt, how many there are in all, and how long the waits between them are."""

    most_attempts: int
    worth_again: tuple[type[Exception], ...]
    start_s: float
    cap_s: float

    def wait_s(self, error: BaseException, tries: int) -> float | None:
        """None: it is given up."""
        if tries >= self.most_attempts or not isinstance(error, self.worth_again):
            return None
        return delay(tries, None, _rng, start_s=self.start_s, cap_s=self.cap_s)


class _Calls:
    """Calls a function for items; a sync one in threads of its own."""

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any], at_once: int, retries: _Retries) -> None:
        self._function = function
        self._items = items
        self._retries = retries
        self._threads: ThreadPoolExecutor | None = None
        if not inspect.iscoroutinefunction(function) and not inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004
        ):
            self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="rowmill-batch")

    async def attempt(self, task: _Task) -> _Result:
        tries = task.tries + 1
        try:
            return _Result(task.index, tries, await self._call(self._items[task.index]))
        except (Exception, asyncio.CancelledError) as error:
            me = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and (me is None or me.cancelling()):
                raise
            # A function that cancels itself has failed like any other.
            return _Result(task.index, tries, error=error, again_in_s=self._retries.wait_s(error, tries))

    async def _call(self, item: Any) -> Any:
        if self._threads is None:
            return await self._function(item)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._function, item)
        # A lambda around a coroutine function looks sync until it is called.
        return await found if inspect.isawaitable(found) else found

    def close(self) -> None:
        """Begin nothing new; what a thread is at comes to its end by itself."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


class _Inputs:
    """Items in input order; those that failed wait in a heap and hold no slot."""

    def __init__(self, count: int, keep: Callable[[_Result], None]) -> None:
        self._fresh = deque(range(count))
        self._returned: deque[_Task] = deque()
        self._waiting: list[tuple[float, int, _Task]] = []
        self._order = itertools.count()
        self._keep = keep

    async def exchange(self, outcomes: Sequence[_Result], limit: int) -> list[_Task]:
        for result in outcomes:
            if result.unsent:
                self._returned.append(_Task(result.index, result.tries))
            elif result.again_in_s is not None:
                due = time.monotonic() + result.again_in_s
                heapq.heappush(self._waiting, (due, next(self._order), _Task(result.index, result.tries)))
            else:
                self._keep(result)
        taken: list[_Task] = []
        now = time.monotonic()
        while len(taken) < limit and self._waiting and self._waiting[0][0] <= now:
            taken.append(heapq.heappop(self._waiting)[2])
        while len(taken) < limit and self._returned:
            taken.append(self._returned.popleft())
        while len(taken) < limit and self._fresh:
            taken.append(_Task(self._fresh.popleft()))
        return taken

    async def due_in_s(self) -> float | None:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None

    async def look_again(self) -> bool:
        return bool(self._returned or self._fresh)


@overload
def abatch_as_completed(
    function: Callable[[In], Awaitable[Out]],
    inputs: Iterable[In],
    *,
    max_concurrency: int = ...,
    max_attempts: int = ...,
    retry_on: tuple[type[Exception], ...] = ...,
    backoff_start_s: float = ...,
    backoff_cap_s: float = ...,
    return_exceptions: bool = ...,
    on_progress: Progress | None = ...,
) -> AsyncGenerator[tuple[int, Out | Exception], None]: ...
@overload
def abatch_as_completed(
    function: Callable[[In], Out],
    inputs: Iterable[In],
    *,
    max_concurrency: int = ...,
    max_attempts: int = ...,
    retry_on: tuple[type[Exception], ...] = ...,
    backoff_start_s: float = ...,
    backoff_cap_s: float = ...,
    return_exceptions: bool = ...,
    on_progress: Progress | None = ...,
) -> AsyncGenerator[tuple[int, Out | Exception], None]: ...
async def abatch_as_completed(
    function: Callable[[Any], Any],
    inputs: Iterable[Any],
    *,
    max_concurrency: int = 16,
    max_attempts: int = 1,
    retry_on: tuple[type[Exception], ...] = (Exception,),
    backoff_start_s: float = 1.0,
    backoff_cap_s: float = 60.0,
    return_exceptions: bool = False,
    on_progress: Progress | None = None,
) -> AsyncGenerator[tuple[int, Any], None]:
    """Call a function once per input and yield (index, result) as each is ready.

    Args:
        function: Sync or async. A sync one runs in threads.
        max_concurrency: Calls at once.
        max_attempts: Attempts per input; those after the first wait with exponential backoff and full jitter,
            and hold no slot meanwhile.
        retry_on: Errors worth another attempt.
        return_exceptions: Yield the error of an input whose attempts are used up; otherwise it is raised,
            and what is out is cancelled.
        on_progress: Called with (finished, all) after each.

    Yields:
        The input's index and its own result, never another's. Leaving the loop early cancels the rest.

    Raises:
        ValueError: `max_concurrency` or `max_attempts` is below 1.
    """
    if max_concurrency < 1 or max_attempts < 1:
        raise ValueError("max_concurrency and max_attempts must be at least 1")
    items = list(inputs)
    if not items:
        return
    at_once = min(max_concurrency, len(items))
    ready: asyncio.Queue[_Result | None] = asyncio.Queue()
    calls = _Calls(function, items, at_once, _Retries(max_attempts, retry_on, backoff_start_s, backoff_cap_s))
    flow: Flow[_Task, _Result] = Flow(
        _Inputs(len(items), ready.put_nowait),
        admit=_let_all_go,
        attempt=calls.attempt,
        unsent=lambda task: _Result(task.index, task.tries, unsent=True),
        lost=lambda task: _Result(task.index, task.tries, unsent=True),
        workers=at_once,
        group_every_s=0.0,
        ahead=at_once,
    )
    running = asyncio.create_task(flow.run())
    running.add_done_callback(lambda _: ready.put_nowait(None))
    try:
        for finished in range(1, len(items) + 1):
            result = await ready.get()
            if result is None:
                await running
                raise RuntimeError("the run ended before all inputs had a result")
            if result.error is not None and not return_exceptions:
                raise result.error
            if on_progress is not None:
                on_progress(finished, len(items))
            yield result.index, result.value if result.error is None else result.error
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        calls.close()


async def _let_all_go(_task: _Task) -> None:
    """Nothing is held back: whoever wants a slower pace gives a smaller `max_concurrency`."""


@overload
async def abatch(
    function: Callable[[In], Awaitable[Out]],
    inputs: Iterable[In],
    *,
    return_exceptions: Literal[False] = ...,
    **options: Any,
) -> list[Out]: ...
@overload
async def abatch(
    function: Callable[[In], Awaitable[Out]], inputs: Iterable[In], *, return_exceptions: bool, **options: Any
) -> list[Out | Exception]: ...
@overload
async def abatch(
    function: Callable[[In], Out],
    inputs: Iterable[In],
    *,
    return_exceptions: Literal[False] = ...,
    **options: Any,
) -> list[Out]: ...
@overload
async def abatch(
    function: Callable[[In], Out], inputs: Iterable[In], *, return_exceptions: bool, **options: Any
) -> list[Out | Exception]: ...
async def abatch(
    function: Callable[..., Any], inputs: Iterable[Any], *, return_exceptions: bool = False, **options: Any
) -> list[Any]:
    """Call a function once per input; results in input order. Options as `abatch_as_completed`."""
    items = list(inputs)
    results: list[Any] = [None] * len(items)
    stream = abatch_as_completed(function, items, return_exceptions=return_exceptions, **options)
    try:
        async for index, result in stream:
            results[index] = result
    finally:
        await stream.aclose()
    return results


def batch(
    function: Callable[..., Any], inputs: Iterable[Any], *, return_exceptions: bool = False, **options: Any
) -> list[Any]:
    """`abatch` for code without an event loop. Options as `abatch_as_completed`.

    Raises:
        RuntimeError: An event loop is already running: await `abatch` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("batch() cannot be called from a running event loop: await abatch() there")
    return asyncio.run(abatch(function, inputs, return_exceptions=return_exceptions, **options))
