"""What is left of the start once the window is on the screen, done in small steps between which the window answers."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget

_LOOK_EVERY_MS, _LONGEST_LOOK_MS = 1, 300


class Steps(QObject):
    """Runs Qt's own event loop until all is done: the loop of asyncio is among what is still to come.

    Args:
        rest: Goes a step further each time it is asked.
    """

    def __init__(self, window: QWidget, rest: Iterator[None]) -> None:
        super().__init__(window)
        self._window = window
        self._rest = rest
        self._looks = 0
        self._error: BaseException | None = None
        self._loop = QEventLoop(self)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def run(self) -> None:
        """Returns when the last step is done. What a step raises is raised here."""
        self._timer.start(_LOOK_EVERY_MS)
        self._loop.exec()
        if self._error is not None:
            raise self._error

    def _look(self) -> None:
        # Shown is not drawn: a window system says in its own time that there is something to draw on. One that never
        # does, because the window starts hidden, is not waited for.
        handle = self._window.windowHandle()
        self._looks += 1
        if (handle is not None and handle.isExposed()) or self._looks * _LOOK_EVERY_MS >= _LONGEST_LOOK_MS:
            self._timer.timeout.disconnect(self._look)
            self._timer.timeout.connect(self._step)
            self._timer.start(0)

    def _step(self) -> None:
        try:
            next(self._rest)
        except BaseException as error:
            self._error = None if isinstance(error, StopIteration) else error
            self._timer.stop()
            self._loop.quit()
