"""Tables being read into job files, each in a process of its own; here only how far they are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from gui_app.errors import Cancelled, RowmillError
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.tables.table import ImportSettings
    from gui_app.worker.client import TaskHandle, WorkerClient

log = logging.getLogger(__name__)


class Importing(QObject):
    """Signals: progressed: the job's path and a share of 0 to 1. finished, cancelled: the job's path.
    failed: the job's path and the error.
    """

    progressed = Signal(object, float)
    finished = Signal(object)
    cancelled = Signal(object)
    failed = Signal(object, object)

    def __init__(self, worker: WorkerClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._tasks = Tasks()
        self._handles: dict[Path, TaskHandle] = {}

    def start(self, source: Path, job: Path, settings: Mapping[str, Any], former: Path | None = None) -> None:
        """Read a table into an empty job, or read it again otherwise. A reading that goes on is cancelled first.

        Args:
            former: The job of a former version of this table, whose answers the same rows keep.
        """
        from gui_app.tables.table import ImportSettings

        self._tasks.start(f"import {job}", self._read(source, job, ImportSettings.from_dict(settings), former))

    def is_reading(self, job: Path) -> bool:
        """Whether a job is being filled."""
        return job in self._handles

    def cancel(self, job: Path) -> None:
        """Stop reading; `cancelled` follows."""
        handle = self._handles.get(job)
        if handle is not None:
            handle.cancel()

    async def aclose(self) -> None:
        """Stop everything that is being read."""
        for handle in list(self._handles.values()):
            handle.cancel()
        await self._tasks.aclose()

    async def _read(self, source: Path, job: Path, settings: ImportSettings, former: Path | None) -> None:
        before = self._handles.pop(job, None)
        if before is not None:
            before.cancel()
        handle = self._handles[job] = self._worker.import_table(source, job, settings, former)
        self.progressed.emit(job, 0.0)
        try:
            async for progress in handle:
                share = progress.done / progress.total if progress.total else 0.0
                self.progressed.emit(job, min(1.0, share))
            await handle.result()
        except Cancelled:
            self._end(job, handle)
            self.cancelled.emit(job)
        except RowmillError as error:
            self._end(job, handle)
            self.failed.emit(job, error)
        except BaseException:
            handle.cancel()
            self._end(job, handle)
            raise
        else:
            self._end(job, handle)
            self.finished.emit(job)

    def _end(self, job: Path, handle: TaskHandle) -> None:
        if self._handles.get(job) is handle:
            del self._handles[job]
