"""A column that scrolls."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui_app.ui.look.before_paint import leave_out_of_tab_order
from gui_app.ui.look.theme import GAP_M
from gui_app.ui.pieces.panel import vbox


class ScrollColumn(QScrollArea):
    """A column as wide as the panel that scrolls up and down; sideways only where huge letters leave no other way.

    A pointer wheel over a box scrolls the column: it never changes a value by accident.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # The parts inside are the stops for the Tab key; the column scrolls to them by itself.
        leave_out_of_tab_order(self)
        self.body = QWidget()
        self.column: QVBoxLayout = vbox(self.body, (GAP_M, GAP_M, GAP_M, GAP_M), GAP_M)
        self.setWidget(self.body)

    def add(self, *widgets: QWidget) -> None:
        """Add at the end."""
        from gui_app.ui.pieces.forms import calm_wheel

        for widget in widgets:
            self.column.addWidget(widget)
            calm_wheel(widget, *widget.findChildren(QWidget))

    def minimumSizeHint(self) -> QSize:
        """Qt's hook: as wide as the content needs, or its right edge would be cut off."""
        hint = super().minimumSizeHint()
        return QSize(max(hint.width(), min(340, self.body.minimumSizeHint().width())), hint.height())


def where_too_low(content: QWidget) -> QScrollArea:
    """The content as it is, and scrolling where a window is lower than it must be: on a small screen scaled up."""
    out = QScrollArea()
    out.setWidgetResizable(True)
    out.setFrameShape(QFrame.Shape.NoFrame)
    leave_out_of_tab_order(out)
    out.setWidget(content)
    return out
