"""The list of jobs gives way to the job that is open where the window is too narrow for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from gui_app.ui.jobs_list.job_list import JobList

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage


class JobListFold(QObject):
    """Asked again whenever the window, the letters or the parts of the job have another width."""

    def __init__(self, window: QWidget, jobs: JobList) -> None:
        super().__init__(window)
        self._window, self._jobs = window, jobs
        # Not in a hook of the window's own: that would be called before there is anything to fold.
        window.installEventFilter(self)
        self._page: JobPage | None = None
        self._wanted = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook."""
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return False

    def show_page(self, page: JobPage | None) -> None:
        """Another job is open; None for the first page."""
        self._page, self._wanted = page, False
        if page is not None:
            page.roomChanged.connect(self.fit)
            page.jobsRequested.connect(self.lead_there)
        self.fit()

    def lead_there(self) -> None:
        """Show the list whether or not it fits, and lead the keyboard to it. Until a job is opened."""
        self._wanted = True
        self.fit()
        self._jobs.list.setFocus()

    def fit_soon(self) -> None:
        """Show it where it fits, once everything has the size it wants."""
        QTimer.singleShot(0, self._window, self.fit)

    def fit(self) -> None:
        """Show it where it fits."""
        page = self._page
        fits = page is None or self._window.width() >= self._jobs.minimumWidth() + page.wanted_width()
        if fits:
            # The next time it gives way again.
            self._wanted = False
        self._jobs.setVisible(fits or self._wanted)
        if page is not None:
            page.jobs_button.setVisible(not fits and not self._wanted)
