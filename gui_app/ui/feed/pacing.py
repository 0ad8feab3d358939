"""Events drawn at a fixed pace: however many come, a view is told at most ten times a second."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from gui_app.engine.events import JobProgress
from gui_app.ui.feed.spans import Span, merge

INTERVAL_MS = 100


class EventPacer(QObject):
    """Keeps the newest event of one job and the union of what changed since the last time it was told.

    Signals:
        told: The newest `JobProgress`, and the merged spans of changed ids (None: any row may have changed).
    """

    told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._newest: JobProgress | None = None
        self._spans: list[Span] = []
        self._many = False
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tell)

    def add(self, event: JobProgress) -> None:
        """Take an event. Told at once when nothing was told lately."""
        self._newest = event
        self._many = self._many or event.many
        self._spans.extend(event.changed)
        if len(self._spans) > 2_000:
            self._spans = merge(self._spans)
        if self._timer.isActive():
            return
        rest = INTERVAL_MS - self._since.elapsed() if self._since.isValid() else 0
        if rest <= 0:
            self._tell()
        else:
            self._timer.start(int(rest))

    def stop(self) -> None:
        """Tell nothing more."""
        self._timer.stop()
        self._newest = None

    def _tell(self) -> None:
        if self._newest is None:
            return
        event, spans = self._newest, None if self._many else merge(self._spans)
        self._newest, self._spans, self._many = None, [], False
        self._since.restart()
        changed: Sequence[Span] | None = spans
        self.told.emit(event, changed)
