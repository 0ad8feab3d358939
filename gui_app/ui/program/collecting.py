"""Garbage is collected on the window's thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 1_000
_OLDEST_EVERY = 60


class Collector(QObject):
    """Takes the cyclic collector away from the other threads while it lives.

    Python collects on whatever thread happens to allocate; a widget in a dropped cycle would then be deleted by a
    reading thread, and Qt ends the process for that. Anki found the same and settled it the same way.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looks = 0
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def close(self) -> None:
        """Give it back."""
        self._timer.stop()
        gc.collect()
        if self._was_on:
            gc.enable()

    def _look(self) -> None:
        self._looks += 1
        if self._looks % _OLDEST_EVERY == 0:
            gc.collect()
        elif gc.get_count()[1] > gc.get_threshold()[1]:
            gc.collect(1)
        elif gc.get_count()[0] > gc.get_threshold()[0]:
            gc.collect(0)
