"""Keeps the reading pane on the current cell; the whole cell is read on a reading thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from gui_app.i18n import _
from gui_app.sentences import explain_cause, plain
from gui_app.store.reading.queries import JobReader, RowView
from gui_app.ui.feed.spans import Span, touches
from gui_app.ui.feed.store_thread import Request, StoreThread
from gui_app.ui.table.cell_text import state_text, sure_text, value_text
from gui_app.ui.table.columns import ColumnKind, TableColumn
from gui_app.ui.table.hand_value import editable_text
from gui_app.ui.table.reading_pane import ReadingPane
from gui_app.ui.table.row_view import RowView as Table


class Reading(QObject):
    """Signals: rowRead: a whole row (`RowView`), for whoever else shows the current one."""

    rowRead = Signal(object)

    def __init__(self, table: Table, pane: ReadingPane, pages: StoreThread[JobReader]) -> None:
        super().__init__(table)
        self._table, self._pane, self._pages = table, pane, pages
        self._request: Request | None = None
        pane.hide()
        pane.closed.connect(self.close)
        pane.stepped.connect(table.step)
        table.readingRequested.connect(self.open)
        table.selectionModel().currentChanged.connect(lambda _new, _old: self.follow())

    def open(self) -> None:
        """Show the current cell in full."""
        self._pane.show()
        self.follow()

    def close(self) -> None:
        """Fold the pane away; the table has the keyboard again."""
        self._pane.hide()
        self._table.setFocus()

    def follow(self) -> None:
        """Read the current row in full."""
        row_id = self._table.current_row_id()
        if self._request is not None:
            self._request.cancel()
        if row_id is not None:
            self._request = self._pages.ask(
                lambda reader: reader.rows([row_id], full=True), self._show, lambda _error: None
            )

    def show_reply(self) -> None:
        """Show what came back for the current row, as it came."""
        row_id = self._table.current_row_id()
        if row_id is None:
            return

        def show(raw: str | None) -> None:
            self._pane.show_cell(row_id, _("Reply"), raw or "", "" if raw else _("Nothing came back."))

        self._pane.show()
        if self._request is not None:
            self._request.cancel()
        self._request = self._pages.ask(lambda reader: last_reply(reader, row_id), show, lambda _error: None)

    def follow_changed(self, spans: Sequence[Span] | None) -> None:
        """Rows changed in the store (merged spans of ids; None: any may have): read the current one again if it did."""
        row_id = self._table.current_row_id()
        if spans is None or (row_id is not None and touches(spans, row_id)):
            self.follow()

    def _show(self, rows: list[RowView]) -> None:
        self._request = None
        # A list that was replaced meanwhile, which Qt tells nobody of, may not hold it any more.
        if not rows or rows[0].row_id != self._table.current_row_id():
            return
        row = rows[0]
        self.rowRead.emit(row)
        index = self._table.currentIndex()
        if not self._pane.isHidden() and index.isValid():
            column = self._table.rows.columns[index.column()]
            self._pane.show_cell(row.row_id, column.heading(), _whole_text(row, column), _note(row, column))


def last_reply(reader: JobReader, row_id: int) -> str | None:
    """What came back for a row the last time it was asked, as it came; None where nothing did. Reading thread."""
    replies = [attempt.raw for attempt in reader.attempts(row_id) if attempt.raw]
    return replies[-1] if replies else None


def _whole_text(row: RowView, column: TableColumn) -> str:
    if column.kind is ColumnKind.INPUT:
        return row.cells[column.position] if column.position < len(row.cells) else ""
    if column.kind is ColumnKind.ANSWER:
        value = row.shown(column.name)
        return editable_text(value) if isinstance(value, str) else value_text(value)
    if column.kind is ColumnKind.SURE:
        return sure_text(row, column.name)
    return state_text(row)


def _note(row: RowView, column: TableColumn) -> str:
    if column.kind is ColumnKind.INPUT or row.cause is None:
        return ""
    return explain_cause(row.cause, plain(row.detail))
