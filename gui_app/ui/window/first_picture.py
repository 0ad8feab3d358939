"""What was seen before stays in sight until a job has something to show: no empty page flashes up in between."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui_app.ui.pieces.once import once

AT_MOST_MS = 120
"""A job that takes longer to be read is shown as it comes. Less than this nobody notices."""


class FirstPicture(QObject):
    """Only the drawing waits: the new page has the keyboard and the pointer at once."""

    def __init__(self, centre: QWidget) -> None:
        super().__init__(centre)
        self._centre = centre
        self._timer = once(self, AT_MOST_MS, self.show)

    def hold(self) -> None:
        """Draw nothing new, for a moment."""
        self._centre.setUpdatesEnabled(False)
        self._timer.start()

    def show(self) -> None:
        """Draw what is there."""
        self._timer.stop()
        self._centre.setUpdatesEnabled(True)
