"""Tables that are being read: how far it is, and what is shown where one cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui_app.i18n import _
from gui_app.sentences import explain
from gui_app.ui.pieces.help_topics import topic_of

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage
    from gui_app.ui.window.main_window import MainWindow


class Reading(QObject):
    """Tells the window what `Importing` tells."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        importing = window.importing
        importing.progressed.connect(self._moved)
        importing.finished.connect(lambda job: self._moved(job, None))
        importing.cancelled.connect(self._cancelled)
        importing.failed.connect(self._failed)

    def again(self, page: JobPage, chosen: dict[str, object]) -> None:
        """Read a job's table otherwise."""
        if page.source is not None:
            read_as = {} if page.overview is None else page.overview.summary.import_settings
            # A column without a heading keeps the name by which the prompt may call it.
            self._window.opening.read_again(page.path, page.source, {"unnamed": read_as.get("unnamed"), **chosen})

    def _moved(self, job: Path, share: float | None) -> None:
        page = self._window.page
        if page is not None and page.path == job:
            page.show_import(share)
        if share is None:
            self._window.library.refresh()

    def _cancelled(self, job: Path) -> None:
        if not self._back_to_former(job):
            self._window.library.drop(job)
        self._window.status.say(_("Reading was cancelled."))

    def _back_to_former(self, job: Path) -> bool:
        """After a newer version of a table was not read: the job that was there is shown again."""
        former = self._window.updating.give_up(job)
        if former is None:
            return False
        self._window.show_job(former, self._window.library.source_of(former))
        return True

    def _failed(self, job: Path, error: BaseException) -> None:
        is_back, page = self._back_to_former(job), self._window.page
        if is_back and page is not None:
            page.show_error(error)
        elif page is not None and page.path == job and page.model.rowCount():
            page.show_import(None)
            page.show_error(error)
        else:
            # Nothing came of it: the sentence stands where the next file can be chosen.
            self._window.library.drop(job)
            self._window.empty.show_problem(explain(error), topic_of(error))
