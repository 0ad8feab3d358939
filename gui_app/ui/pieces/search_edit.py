"""A search field with its glass."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.ui.look.icons import IconLabel

_GLASS = 15


class SearchEdit(QLineEdit):
    """Escape empties it, Down leads on to what was found.

    Signals:
        downPressed: On to the list.
    """

    downPressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setClearButtonEnabled(True)
        # Not an action of the field: with a stylesheet, Qt puts its icon too low and too far from the text.
        self._glass = IconLabel("search", "muted", _GLASS)
        self._glass.setParent(self)
        self._glass.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextMargins(_GLASS + 5, 0, 0, 0)

        self._name_the_cross()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self._name_the_cross()
        super().changeEvent(event)

    def _name_the_cross(self) -> None:
        cross = self.findChild(QToolButton)
        if cross is not None:
            cross.setAccessibleName(_("Clear the search"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        self._glass.setGeometry(9, (self.height() - _GLASS) // 2, _GLASS, _GLASS)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.downPressed.emit()
        else:
            super().keyPressEvent(event)
