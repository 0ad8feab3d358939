"""Small read-only tables of plain text, for dialogs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from gui_app.ui.look.theme import set_role
from gui_app.ui.pieces.panel import plain_tip

_AT_THE_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def plain_table(name: str, parent: QWidget | None = None) -> QTableWidget:
    """A table that is read, not edited."""
    out = QTableWidget(parent)
    make_plain(out, name)
    return out


def make_plain(table: QTableWidget, name: str) -> None:
    """Make a table one that is read, not edited."""
    table.setObjectName(name)
    set_role(table, "boxed")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setStyleSheet("QTableWidget::item { padding: 0 6px; } QHeaderView::section { padding: 4px 9px; }")


def height_of_lines(table: QTableWidget, most: int) -> int:
    """How tall a table is that shows its heading and all its lines, or `most` of them."""
    lines = sum(table.rowHeight(y) for y in range(min(most, table.rowCount())))
    return table.horizontalHeader().sizeHint().height() + lines + 2 * table.frameWidth()


def fill_table(
    table: QTableWidget,
    headings: Sequence[str],
    lines: Sequence[Sequence[str]],
    stretch: int = -1,
    figures: Collection[int] = (),
) -> None:
    """Put lines of text in. The column `stretch` (the last one by default) takes the room that is left.

    Args:
        figures: The columns whose digits stand below one another.
    """
    table.blockSignals(True)
    table.clear()
    table.setColumnCount(len(headings))
    table.setRowCount(len(lines))
    table.setHorizontalHeaderLabels(list(headings))
    for y, line in enumerate(lines):
        for x, text in enumerate(line):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(text) if len(text) > 30 else "")
            if x in figures:
                item.setTextAlignment(_AT_THE_RIGHT)
            table.setItem(y, x, item)
    for heading in filter(None, (table.horizontalHeaderItem(x) for x in figures)):
        heading.setTextAlignment(_AT_THE_RIGHT)
    last = len(headings) - 1 if stretch < 0 else stretch
    for x in range(len(headings)):
        mode = QHeaderView.ResizeMode.Stretch if x == last else QHeaderView.ResizeMode.ResizeToContents
        table.horizontalHeader().setSectionResizeMode(x, mode)
    table.blockSignals(False)
