"""What can be done with the selected rows."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import RowFilter
from gui_app.store.reading.views import CUT_AT
from gui_app.store.reading.views import RowView as Shown
from gui_app.ui.look.icons import set_icon
from gui_app.ui.table.columns import ColumnKind, TableColumn
from gui_app.ui.table.row_view import RowView


class RowMenu(QObject):
    """Signals: copyRequested: with headings or not. retryRequested, approveRequested, unapproveRequested: a
    `RowFilter` of the selected rows. clearRequested: row_id and field whose hand-made value is to go.
    exampleRequested: the row_id to add to the prompt. filterRequested: a `RowFilter`. replyRequested: what came back
    for the current row is wanted.
    """

    copyRequested = Signal(bool)
    retryRequested = Signal(object)
    approveRequested = Signal(object)
    unapproveRequested = Signal(object)
    clearRequested = Signal(int, str)
    exampleRequested = Signal(int)
    filterRequested = Signal(object)
    replyRequested = Signal()

    def __init__(self, table: RowView) -> None:
        super().__init__(table)
        self._table = table
        table.menuRequested.connect(self.popup)

    def popup(self, at: QPoint) -> None:
        """Show the menu for what is selected."""
        menu = self.build()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def build(self) -> QMenu:
        """The menu, for the selection as it is now."""
        table = self._table
        menu = QMenu(table)
        menu.setObjectName("rowMenu")
        count = table.selected_count()
        copy = _add(menu, "copy", _("Copy"))
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(lambda: self.copyRequested.emit(False))
        _add(menu, "copy", _("Copy with headings")).triggered.connect(lambda: self.copyRequested.emit(True))
        read = _add(menu, "book-open", _("Read the whole cell"))
        read.triggered.connect(table.readingRequested)
        _add(menu, "message-square", _("What the model replied")).triggered.connect(self.replyRequested)
        menu.addSeparator()
        again = ngettext("Ask this row again", "Ask {count} rows again", count).format(count=number(count))
        self._on_selection(_add(menu, "rotate-cw", again), self.retryRequested)
        self._on_selection(_add(menu, "badge-check", _("Approve")), self.approveRequested)
        self._on_selection(_add(menu, "undo-2", _("Take approval back")), self.unapproveRequested)
        self._about_the_cell(menu)
        return menu

    def _on_selection(self, action: QAction, signal: object) -> None:
        action.triggered.connect(lambda: signal.emit(self._table.selected_filter()))  # type: ignore[attr-defined]

    def _about_the_cell(self, menu: QMenu) -> None:
        table = self._table
        index = table.currentIndex()
        row = table.rows.row_at(index.row()) if index.isValid() else None
        if row is None:
            return
        menu.addSeparator()
        example = _add(menu, "sparkles", _("Add to the prompt as an example"))
        example.setEnabled(bool(row.values or row.hand))
        example.triggered.connect(lambda: self.exampleRequested.emit(row.row_id))
        column = table.rows.columns[index.column()]
        if column.kind is ColumnKind.INPUT:
            self._about_input(menu, column, row)
        if column.kind is not ColumnKind.ANSWER:
            return
        edit = _add(menu, "pencil", _("Edit the answer"))
        edit.setShortcut(QKeySequence(Qt.Key.Key_F2))
        edit.triggered.connect(lambda: table.edit(index))
        if column.name in row.hand:
            back = _add(menu, "undo-2", _("Back to the model's answer"))
            back.triggered.connect(lambda: self.clearRequested.emit(row.row_id, column.name))
        same = _add(menu, "funnel", _("List only rows with this answer"))
        wanted = RowFilter(field_value=(column.name, row.shown(column.name)))
        same.triggered.connect(lambda: self.filterRequested.emit(wanted))

    def _about_input(self, menu: QMenu, column: TableColumn, row: Shown) -> None:
        text = row.cells[column.position] if column.position < len(row.cells) else ""
        same = _add(menu, "funnel", _("List only rows with this cell"))
        # Longer ones are known here by their beginning only.
        same.setEnabled(len(text) <= CUT_AT)
        same.triggered.connect(lambda: self.filterRequested.emit(RowFilter(cell=(column.position, text))))


def _add(menu: QMenu, drawing: str, text: str) -> QAction:
    action = menu.addAction(text)
    set_icon(action, drawing)
    return action
