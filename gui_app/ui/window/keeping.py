"""The settings on their way to the disk: what cannot be kept is told over the foot of the window."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from PySide6.QtCore import QObject, Qt, Signal

from gui_app.errors import StorageError
from gui_app.settings import Settings
from gui_app.ui.pieces.status_message import StatusMessage

log = logging.getLogger(__name__)

_GIVE_UP_S = 6.0
"""A disk that does not answer is no reason for a window that does not close."""
_SESSION_WAITS_S = 2.0


class Keeping(QObject):
    """Between the thread that writes the settings and the window."""

    _failed = Signal(object)

    def __init__(self, settings: Settings, status: StatusMessage, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._status = settings, status
        self._failed.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        settings.failed = self._hear

    def wait(self) -> None:
        """For the end of the session: what is not on the disk when this returns may never get there."""
        self._settings.wait_saved(_SESSION_WAITS_S)

    async def aclose(self) -> None:
        """All is on the disk. Nothing is told any more."""
        if not await asyncio.to_thread(self._settings.wait_saved, _GIVE_UP_S):
            log.warning("the settings could not be saved in time")
        self._settings.failed = None

    def _hear(self, error: StorageError) -> None:
        # On the thread that writes; the window may be gone when it comes so far.
        with contextlib.suppress(RuntimeError):
            self._failed.emit(error)

    def _tell(self, error: StorageError) -> None:
        self._status.tell_error(error)
