"""A search field with its glass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.ui.look.icons import MOST_GROWN, IconLabel
from gui_app.ui.look.sizes import scaled
from gui_app.ui.pieces.panel import hbox

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

_GLASS = 15


class SearchEdit(QLineEdit):
    """Escape empties it, Down leads on to what was found. Its owner calls `retranslate`.

    Signals:
        downPressed: On to the list.
    """

    downPressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setClearButtonEnabled(True)
        # Not an action of the field: with a stylesheet, Qt puts its icon too low and too far from the text.
        self._glass = IconLabel("search", "muted", _GLASS)
        line = hbox(self, (9, 0, 0, 0))
        line.addWidget(self._glass)
        line.addStretch(1)
        self.refit()

    def refit(self) -> None:
        """The text begins behind the glass, which grows with the letters."""
        self.setTextMargins(scaled(_GLASS, MOST_GROWN) + 5, 0, 0, 0)

    def retranslate(self) -> None:
        """Set every visible text that is its own."""
        cross = self.findChild(QToolButton)
        if cross is not None:
            cross.setAccessibleName(_("Clear the search"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import Qt  # See `before_paint`.

        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.downPressed.emit()
        else:
            super().keyPressEvent(event)
