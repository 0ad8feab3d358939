"""A line of text that gives way when there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLabel

from gui_app.ui.pieces.panel import plain_tip

_NARROWEST = 80


class ElidedLabel(QLabel):
    """Plain text in one line, cut at the end when there is no room; the tooltip has all of it."""

    doubleClicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._whole = ""

    def set_whole(self, text: str) -> None:
        """The text to show as much of as there is room for."""
        self._whole = text
        self.updateGeometry()
        self.setAccessibleName(text)
        self.setToolTip(plain_tip(text))
        self._cut()

    def wanted_width(self) -> int:
        """Room for all of it."""
        return QFontMetrics(self.font()).horizontalAdvance(self._whole) + 8

    def sizeHint(self) -> QSize:
        """Qt's hook: as if nothing had been cut."""
        return QSize(self.wanted_width(), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Qt's hook."""
        return QSize(min(_NARROWEST, self.wanted_width()), super().minimumSizeHint().height())

    def _cut(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        self._cut()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's hook."""
        self.doubleClicked.emit()
