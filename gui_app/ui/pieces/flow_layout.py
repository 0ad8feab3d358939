"""A layout that breaks its lines."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from gui_app.ui.look.theme import GAP_XS


class FlowLayout(QLayout):
    """Lays its items out like words: a line is filled, then the next one begins.

    Args:
        one_line: All in one line is what it asks for; it breaks lines only where it gets less.
        even: All are as wide as the widest, so that they stand below each other, and the lines close together.
    """

    def __init__(
        self, parent: QWidget | None = None, gap: int = GAP_XS, *, one_line: bool = False, even: bool = False
    ) -> None:
        super().__init__(parent)
        self._even = even
        self._one_line = one_line
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Qt's hook."""
        self._items.append(item)

    def count(self) -> int:
        """Qt's hook."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Qt's hook; None beyond the end ends Qt's own loops."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Qt's hook."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Qt's hook."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Qt's hook."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Qt's hook."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Qt's hook."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """Qt's hook."""
        if not self._one_line:
            return self.minimumSize()
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() + self._gap for hint in hints)
        return QSize(max(0, width - self._gap), max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        """Qt's hook: the widest item, on a line of its own."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        y = rect.y()
        for at, line in enumerate(self._lines(rect.width())):
            height = max(item.sizeHint().height() for item in line)
            y += (min(self._gap, GAP_XS) if self._even else self._gap) if at else 0
            if move:
                self._put(line, QRect(rect.x(), y, rect.width(), height))
            y += height
        return y - rect.y()

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            wanted = self._wanted(item)
            if not lines or used + wanted > width:
                lines.append([])
                used = 0
            lines[-1].append(item)
            used += wanted + self._gap
        return lines

    def _put(self, line: list[QLayoutItem], room: QRect) -> None:
        x = room.x()
        for item in line:
            # As high as the line: words and boxes stand on one level in it, and buttons of two kinds are as high.
            width = self._wanted(item)
            item.setGeometry(QRect(x, room.y(), min(width, room.width()), room.height()))
            x += width + self._gap

    def _wanted(self, item: QLayoutItem) -> int:
        if not self._even:
            return item.sizeHint().width()
        return max(other.sizeHint().width() for other in self._items if not other.isEmpty())
