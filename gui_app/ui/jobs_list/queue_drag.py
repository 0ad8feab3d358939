"""A job that waits for its turn is dragged to another place in the queue."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QListWidget

from gui_app.ui.jobs_list.job_list import ENTRY, JobList
from gui_app.ui.look.theme import GAP_S, set_role

_THICK = 2


class QueueDrag(QObject):
    """Watches the list's mouse; says `moveRequested` once, where the job is let go. Esc drops it where it was.

    Not Qt's own dragging: that hands the item to whatever lies under the mouse, and all that can happen here is
    another place among those that wait.
    """

    def __init__(self, jobs: JobList) -> None:
        super().__init__(jobs)
        self._jobs, self._list = jobs, jobs.list
        self._job: Path | None = None
        self._from = QPoint()
        self._moving = False
        self.mark = QFrame(self._list.viewport())
        self.mark.setObjectName("queueDragMark")
        set_role(self.mark, "mark")
        self.mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.mark.hide()
        self._list.viewport().installEventFilter(self)
        self._list.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook. Moves are kept from the list, which would mark whatever they come over."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        if not isinstance(event, QMouseEvent) or watched is self._list:
            return False
        at = event.position().toPoint()
        if event.type() == QEvent.Type.MouseButtonPress:
            self._press(event, at)
        elif event.type() == QEvent.Type.MouseMove and self._job is not None:
            return self._move(event, at)
        elif event.type() == QEvent.Type.MouseButtonRelease and self._job is not None:
            self._let_go(at)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        if self._moving and event.key() == Qt.Key.Key_Escape:
            self._end()
            return True
        return False

    def _press(self, event: QMouseEvent, at: QPoint) -> None:
        self._end()
        item = self._list.itemAt(at)
        job = None if item is None else item.data(ENTRY).path
        if event.button() == Qt.MouseButton.LeftButton and job in self._jobs.queue():
            self._job, self._from = job, at

    def _move(self, event: QMouseEvent, at: QPoint) -> bool:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._end()
            return False
        if not self._moving and (at - self._from).manhattanLength() < QApplication.startDragDistance():
            return True
        if not self._moving:
            self._moving = True
            self._list.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self._show_mark(at)
        return True

    def _let_go(self, at: QPoint) -> None:
        job, moving = self._job, self._moving
        by = self._steps(at) if moving else 0
        self._end()
        if job is not None and by:
            self._jobs.moveRequested.emit(job, by)

    def _end(self) -> None:
        if self._moving:
            self._list.viewport().unsetCursor()
        self._job, self._moving = None, False
        self.mark.hide()

    def _others(self) -> list[tuple[Path, QRect]]:
        """The other jobs of the queue in their order, and where each is listed; nowhere while it is filtered out."""
        places = places_of(self._list)
        return [(job, places.get(job, QRect())) for job in self._jobs.queue() if job != self._job]

    def _place(self, at: QPoint) -> int:
        """Where it would come among the others."""
        others = self._others()
        above = [number for number, (_job, rect) in enumerate(others) if rect.isValid() and rect.center().y() < at.y()]
        if above:
            return above[-1] + 1
        return next((number for number, (_job, rect) in enumerate(others) if rect.isValid()), 0)

    def _steps(self, at: QPoint) -> int:
        if self._job not in self._jobs.queue():
            # Its turn came meanwhile.
            return 0
        return self._place(at) - self._jobs.queue().index(self._job)

    def _show_mark(self, at: QPoint) -> None:
        place, others = self._place(at), self._others()
        if not self._steps(at):
            self.mark.hide()
            return
        edge = others[place - 1][1].bottom() + 1 if place else others[0][1].top()
        self.mark.setGeometry(GAP_S, max(0, edge - _THICK // 2), self._list.viewport().width() - 2 * GAP_S, _THICK)
        self.mark.raise_()
        self.mark.show()


def places_of(jobs: QListWidget) -> dict[Path, QRect]:
    """Where each job that can be seen is listed."""
    items = [jobs.item(at) for at in range(jobs.count())]
    return {item.data(ENTRY).path: jobs.visualItemRect(item) for item in items if not item.isHidden()}
