"""A message of the system when a long job ends while nobody looks at the window."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from gui_app.engine.events import JobProgress
from gui_app.i18n import _, number
from gui_app.jobs import JobState
from gui_app.sentences import cause_sentence, plain
from gui_app.settings import NOTIFY, Settings

_LONG_S = 20.0


class JobNotifier(QObject):
    """Knows how long each job has run, and tells when a long one has ended or stopped."""

    def __init__(self, settings: Settings, window: QWidget, icon: QIcon) -> None:
        super().__init__(window)
        self._settings, self._window, self._icon = settings, window, icon
        self._since: dict[Path, float] = {}
        self._tray: QSystemTrayIcon | None = None
        self.told: list[str] = []

    def moved(self, event: JobProgress) -> None:
        """A job is under way."""
        self._since.setdefault(Path(event.job), time.monotonic())

    def ended(self, name: str, event: JobProgress) -> None:
        """A job has ended, however."""
        began = self._since.pop(Path(event.job), None)
        long = began is not None and time.monotonic() - began >= _LONG_S
        if long and self._settings.get(NOTIFY) and not self._window.isActiveWindow():
            self.tell(name, event)

    def tell(self, name: str, event: JobProgress) -> None:
        """Show the message."""
        text = ending_text(event)
        self.told.append(text)
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._icon, self)
            self._tray.messageClicked.connect(self._show_window)
            self._tray.activated.connect(lambda _reason: self._show_window())
        self._tray.show()
        self._tray.showMessage(plain(name, 60), text, self._icon)

    def _show_window(self) -> None:
        self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()


def ending_text(event: JobProgress) -> str:
    """How a job ended, in a sentence."""
    counts = event.counts
    if event.state is JobState.STOPPED and event.stopped_cause is not None:
        return _("Stopped: {why}").format(why=cause_sentence(event.stopped_cause))
    if event.state is JobState.FINISHED:
        return _("Finished: {done} done, {review} to review, {failed} failed.").format(
            done=number(counts.done), review=number(counts.needs_review), failed=number(counts.failed)
        )
    return _("Paused: {finished} of {total} rows finished.").format(
        finished=number(counts.finished), total=number(counts.rows)
    )
