"""Starts the worker ahead: it takes seconds, so it begins while the user reads, and the first run need not wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui_app.ui.pieces.once import once

if TYPE_CHECKING:
    from gui_app.worker.client import WorkerClient

# Not at once, so that it does not slow down what is shown first.
_AFTER_MS = 2_500


class Warming(QObject):
    """Once, some time after the first job is shown."""

    def __init__(self, worker: WorkerClient, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = worker
        self._task: asyncio.Task[None] | None = None
        self.timer = once(self, _AFTER_MS, self._start)

    def start_soon(self) -> None:
        """A job is shown."""
        self.timer.start()

    async def aclose(self) -> None:
        """Start nothing more."""
        self.timer.stop()
        if self._task is not None:
            # Half started it could not be ended.
            await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._task = loop.create_task(self._worker.start(), name="start the worker")
