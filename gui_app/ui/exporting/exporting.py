"""Runs an export for its dialog: progress in, the result or the sentence out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui_app.errors import Cancelled, RowmillError
from gui_app.jobs import ExportOptions
from gui_app.sentences import explain
from gui_app.ui.exporting.export_dialog import ExportDialog
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.samples import sample_of
from gui_app.ui.services import Services

if TYPE_CHECKING:
    from gui_app.worker.client import TaskHandle


class Exporting(QObject):
    """One dialog and the export it asks for."""

    def __init__(self, services: Services, page: JobPage, window: QWidget) -> None:
        super().__init__()
        assert page.overview is not None
        summary = page.overview.summary
        shown = None if page.model.list.filter.is_empty() else (page.model.list.filter, page.model.rowCount())
        self._worker, self._job = services.worker, page.path
        self._tasks = Tasks()
        self._handle: TaskHandle | None = None
        self.dialog = ExportDialog(
            services.settings,
            summary.source_name,
            rows=summary.counts.rows,
            # A sample lies inside the program, which is no place for somebody's files.
            folder=None if page.source is None or sample_of(page.source) else page.source.parent,
            source=page.source,
            shown=shown,
            practice=page.is_practice(),
            parent=window,
        )
        self.dialog.exportRequested.connect(self._start)
        self.dialog.cancelRequested.connect(self._cancel)
        self.dialog.finished.connect(self._closed)
        self._is_open = True
        self.dialog.open()

    def is_open(self) -> bool:
        """The dialog is shown."""
        return self._is_open

    async def aclose(self) -> None:
        """Stop the export, close the dialog."""
        self._cancel()
        await self._tasks.aclose()
        if self._is_open:
            self._is_open = False
            await self.dialog.aclose()
            self.dialog.close()
            self.dialog.deleteLater()

    def _closed(self) -> None:
        if self._is_open:
            self._is_open = False
            self._cancel()
            self._tasks.start("end", self._end())

    async def _end(self) -> None:
        await self.dialog.aclose()
        self.dialog.deleteLater()

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _start(self, target: Path, options: ExportOptions) -> None:
        self._tasks.start("export", self._export(target, options))

    async def _export(self, target: Path, options: ExportOptions) -> None:
        handle = self._handle = self._worker.export(self._job, target, options)
        try:
            async for progress in handle:
                if self._is_open:
                    self.dialog.show_progress(progress.done, progress.total)
            result = await handle.result()
        except Cancelled:
            self._say_problem("")
        except RowmillError as error:
            self._say_problem(explain(error))
        except BaseException:
            handle.cancel()
            raise
        else:
            if self._is_open:
                self.dialog.show_result(result)
        finally:
            self._handle = None

    def _say_problem(self, sentence: str) -> None:
        if self._is_open:
            self.dialog.show_problem(sentence)
