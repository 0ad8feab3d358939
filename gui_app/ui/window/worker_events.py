"""What the worker tells, handed to the parts of the window that it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui_app.engine.events import JobProgress
from gui_app.ui.window.seen import MOVING
from gui_app.worker.protocol import WorkerLost

if TYPE_CHECKING:
    from gui_app.ui.window.main_window import MainWindow
    from gui_app.worker.client import WorkerClient


class WorkerEvents(QObject):
    """Attributes: running: the jobs that are under way.

    Signals:
        moved: An event of a job that is under way.
        ended: A job that ran has ended: its name and its last event.
    """

    moved = Signal(object)
    ended = Signal(str, object)

    def __init__(self, worker: WorkerClient, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.running: set[Path] = set()
        self._unsubscribe = worker.subscribe(self.take)

    def close(self) -> None:
        """Hear nothing more."""
        self._unsubscribe()

    def take(self, event: object) -> None:
        """An event of the worker."""
        if isinstance(event, WorkerLost):
            self._lost()
        elif isinstance(event, JobProgress):
            self._progress(event)
            self._window.later.take(event)

    def _lost(self) -> None:
        window = self._window
        for path in self.running:
            window.title.ended(path)
        self.running.clear()
        window.later.worker_lost()
        if window.page is not None:
            window.page.worker_lost()
        window.library.refresh()

    def _progress(self, event: JobProgress) -> None:
        window, path = self._window, Path(event.job)
        window.jobs.take(event)
        if window.page is not None and window.page.path == path:
            window.page.take(event)
        if event.state in MOVING:
            if path not in self.running:
                window.seen.note(path, event.state)
            self.running.add(path)
            window.title.moved(event)
            self.moved.emit(event)
        elif path in self.running:
            self.running.discard(path)
            window.title.ended(path)
            if window.isVisible():
                # What ends behind a hidden window was seen by nobody.
                window.seen.note(path, event.state)
            entry = window.jobs.entry(path)
            self.ended.emit(path.stem if entry is None else entry.name, event)
            window.end_behind()
