"""The coroutines a widget has started: kept while they run, cancelled when it goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Starts coroutines on the loop that runs; one at a time under each name."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> bool:
        """Start `work` in place of what runs under `name`. False, and nothing happens, where no loop runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # qasync's loop counts as running only between run_forever's start and end.
            work.close()
            return False
        self.cancel(name)
        task = loop.create_task(work, name=name)
        self._running[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))
        return True

    def is_running(self, name: str) -> bool:
        """Whether something under that name goes on."""
        return name in self._running

    def forget(self, name: str) -> None:
        """Called by the work itself near its end: from now on it does not count as running."""
        self._running.pop(name, None)

    def cancel(self, name: str) -> None:
        """Stop what runs under that name, if anything."""
        task = self._running.pop(name, None)
        if task is not None:
            task.cancel()

    def cancel_all(self) -> None:
        """Stop everything; nothing is called back afterwards."""
        for name in list(self._running):
            self.cancel(name)

    async def aclose(self) -> None:
        """Cancel everything and wait until it has ended."""
        tasks = list(self._running.values())
        self.cancel_all()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        if self._running.get(name) is task:
            del self._running[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", name, exc_info=error)
