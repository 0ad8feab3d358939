"""Files that macOS hands to the running program: there a double click comes as an event, not on the command line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class HandedFiles(QObject):
    """Watches the application's events while it lives; on other systems none of this kind come.

    Signals:
        opened: The path of a file to open.
    """

    opened = Signal(str)

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        app.installEventFilter(self)

    def close(self) -> None:
        """Watch no longer."""
        self._app.removeEventFilter(self)
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook."""
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent) and event.file():
            self.opened.emit(event.file())
            return True
        return False
