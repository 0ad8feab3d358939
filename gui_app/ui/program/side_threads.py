"""Threads for what the window has looked up beside its jobs: a key, a name, a file. One that hangs keeps nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

GIVE_UP_S = 6.0
"""So long what is still being done is waited for at the end: a file that is being written, say."""


class SideThreads:
    """The loop's default executor, for `asyncio.to_thread`: each call has a thread of its own.

    qasync's waits at the end for every thread, and a folder of another computer may never answer.
    """

    def __init__(self) -> None:
        self._running: set[threading.Thread] = set()
        self._over = False

    def submit(self, call: Callable[..., T], *given: Any, **named: Any) -> Future[T]:
        """As `concurrent.futures.Executor.submit`. On the loop's thread."""
        if self._over:
            raise RuntimeError("the window is closing")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                future.set_result(call(*given, **named))
            except BaseException as error:  # handed over to whoever asked
                future.set_exception(error)
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, name="side", daemon=True)
        self._running.add(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Take nothing more, and wait a moment for what is under way."""
        self._over = True
        until = time.monotonic() + (GIVE_UP_S if wait else 0.0)
        for thread in list(self._running):
            thread.join(max(0.0, until - time.monotonic()))
