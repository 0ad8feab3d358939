"""SIGTERM, SIGINT, SIGHUP and the end of the session, as an ordinary close of the window."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtGui import QGuiApplication

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


class EndRequests(QObject):
    """Calls back when the system asks the program to end. Python itself sees no signal while Qt idles.

    Args:
        keep: Called besides where the session ends, which may not wait for more than this to return.
    """

    def __init__(self, app: QGuiApplication, end: Callable[[], None], keep: Callable[[], None]) -> None:
        super().__init__(app)
        self._end, self._keep = end, keep
        self._reading, self._writing = socket.socketpair()
        for side in (self._reading, self._writing):
            side.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._wakeup_before = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._handler) for number in _SIGNALS}
        app.commitDataRequest.connect(self._session_ends)

    def close(self) -> None:
        """Leave the signals as they were."""
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    @staticmethod
    def _handler(_number: int, _frame: FrameType | None) -> None:
        # The byte in the socket wakes Qt; the work is done there.
        pass

    def _woken(self) -> None:
        try:
            numbers = self._reading.recv(64)
        except OSError:
            return
        if any(number in numbers for number in _SIGNALS):
            self._end()

    def _session_ends(self, _manager: object) -> None:
        self._end()
        self._keep()
