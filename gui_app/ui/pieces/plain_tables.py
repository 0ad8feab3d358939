"""Small read-only tables of plain text, for dialogs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gui_app.ui.look.theme import set_role
from gui_app.ui.pieces.panel import plain_tip


def plain_table(name: str, parent: QWidget | None = None) -> QTableWidget:
    """A table that is read, not edited."""
    out = QTableWidget(parent)
    out.setObjectName(name)
    set_role(out, "boxed")
    out.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    out.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    out.setTabKeyNavigation(False)
    out.setWordWrap(False)
    out.verticalHeader().hide()
    out.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    out.horizontalHeader().setHighlightSections(False)
    out.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    out.setStyleSheet("QTableWidget::item { padding: 0 6px; } QHeaderView::section { padding: 4px 6px; }")
    return out


def fill_table(table: QTableWidget, headings: Sequence[str], lines: Sequence[Sequence[str]], stretch: int = -1) -> None:
    """Put lines of text in. The column `stretch` (the last one by default) takes the room that is left."""
    table.blockSignals(True)
    table.clear()
    table.setColumnCount(len(headings))
    table.setRowCount(len(lines))
    table.setHorizontalHeaderLabels(list(headings))
    for y, line in enumerate(lines):
        for x, text in enumerate(line):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(text) if len(text) > 30 else "")
            table.setItem(y, x, item)
    last = len(headings) - 1 if stretch < 0 else stretch
    for x in range(len(headings)):
        mode = QHeaderView.ResizeMode.Stretch if x == last else QHeaderView.ResizeMode.ResizeToContents
        table.horizontalHeader().setSectionResizeMode(x, mode)
    table.blockSignals(False)
