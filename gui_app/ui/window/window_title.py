"""The title of the window: the job that is open, and how far it is where it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui_app.i18n import percent
from gui_app.sentences import plain

if TYPE_CHECKING:
    from gui_app.engine.events import JobProgress


class WindowTitle:
    """Seen in the taskbar and in the list of windows too, also of a window that is minimised."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._job: Path | None = None
        self._name = self._share = ""
        self._show()

    def show_job(self, job: Path | None, name: str = "") -> None:
        """The job that is open; None for the first page. "" is a name that is not known yet."""
        if job != self._job:
            self._share = ""
        self._job, self._name = job, name
        self._show()

    def moved(self, event: JobProgress) -> None:
        """A job is under way."""
        if Path(event.job) == self._job:
            # Whole percents: a title that changes ten times a second cannot be read.
            finished = int(100 * event.run_finished / event.run_rows) if event.run_rows else 0
            self._say(percent(finished / 100))

    def ended(self, job: Path) -> None:
        """A job runs no more."""
        if job == self._job:
            self._say("")

    def _say(self, share: str) -> None:
        if share != self._share:
            self._share = share
            self._show()

    def _show(self) -> None:
        self._window.setWindowTitle(" - ".join(filter(None, (self._share, plain(self._name, 120), "Rowmill"))))
