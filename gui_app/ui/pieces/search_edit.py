"""A search field with its glass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.ui.look.before_paint import leave_out_of_tab_order
from gui_app.ui.look.icons import MOST_GROWN, IconLabel, set_icon
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
        # Neither is an action of the field: with a stylesheet, Qt puts its icons too low and too far from the text.
        self._glass = IconLabel("search", "muted", _GLASS)
        self._cross: QToolButton | None = None
        self.textChanged.connect(self._text_changed)
        self._line = hbox(self, (9, 0, 7, 0))
        self._line.addWidget(self._glass)
        self._line.addStretch(1)
        self.refit()

    def _text_changed(self, text: str) -> None:
        if self._cross is None:
            # Only now: the first picture of the window has no text in it.
            cross = self._cross = QToolButton(self)
            cross.setObjectName("clearSearchButton")
            cross.setStyleSheet("QToolButton { background: transparent; border: none; padding: 0; min-height: 0; }")
            set_icon(cross, "x")
            leave_out_of_tab_order(cross)
            cross.clicked.connect(self.clear)
            self._line.addWidget(cross)
            self.retranslate()
        self._cross.setHidden(not text)

    def refit(self) -> None:
        """The text begins behind the glass, which grows with the letters."""
        room = scaled(_GLASS, MOST_GROWN) + 5
        self.setTextMargins(room, 0, room, 0)

    def retranslate(self) -> None:
        """Set every visible text that is its own."""
        if self._cross is not None:
            self._cross.setAccessibleName(_("Clear the search"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import Qt  # See `before_paint`.

        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.downPressed.emit()
        else:
            super().keyPressEvent(event)
