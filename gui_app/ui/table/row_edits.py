"""What people do with rows by hand: answers, approvals, undo, examples, copying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import FieldValue, RowFilter
from gui_app.recipes.examples import Example
from gui_app.store.reading.queries import RowView as StoredRow
from gui_app.ui.feed.bridge import JobLink
from gui_app.ui.table.copying import MOST_CELLS, as_clipboard_text
from gui_app.ui.table.row_view import RowView


class RowEdits(QObject):
    """Everything goes to the store's threads; the table shows it when the store has it.

    Signals:
        said: A short message.
        exampleMade: An `Example` for the prompt.
    """

    said = Signal(str)
    exampleMade = Signal(object)

    def __init__(self, link: JobLink, table: RowView) -> None:
        super().__init__(table)
        self._link, self._table = link, table

    def set_value(self, row_id: int, name: str, value: object) -> None:
        """Put an answer made by hand before the model's."""
        self._link.edit(lambda editor: editor.set_value(row_id, name, cast(FieldValue, value)))

    def clear_value(self, row_id: int, name: str) -> None:
        """Show the model's answer again."""
        self._link.edit(lambda editor: editor.clear_value(row_id, name))

    def approve(self, rows: RowFilter) -> None:
        """Say that the answers of these rows are right."""
        self._with_ids(
            rows, lambda ids: self._link.edit(lambda editor: editor.approve(ids), lambda c: self._tell(c.row_ids))
        )

    def unapprove(self, rows: RowFilter) -> None:
        """Take approvals back."""
        self._with_ids(
            rows, lambda ids: self._link.edit(lambda editor: editor.unapprove(ids), lambda c: self._tell(c.row_ids))
        )

    def undo(self) -> None:
        """Take the last edit or approval back."""
        self._link.edit(
            lambda editor: editor.undo(),
            lambda change: self.said.emit(_("Undone.") if change.row_ids else _("There is nothing to undo.")),
        )

    def make_example(self, row_id: int) -> None:
        """Read a row for the prompt."""

        def make(rows: list[StoredRow]) -> None:
            for row in rows:
                names = {*row.values, *row.hand}
                self.exampleMade.emit(Example(row.cells, {name: row.shown(name) for name in names}))

        self._link.pages.ask(lambda reader: reader.rows([row_id], full=True), make, self._link.failed.emit)

    def copy(self, *, headings: bool) -> None:
        """Put the selected cells into the clipboard."""
        model = self._table.rows
        columns = [model.columns[at] for at in self._table.copied_columns()]
        spans = self._table.selected_spans()
        cells = sum(last - first + 1 for first, last in spans) * len(columns)
        if cells > MOST_CELLS:
            self.said.emit(_("That is too much to copy at once. Use Export for whole files."))
            return
        ids = [row_id for first, last in spans for row_id in model.ids_between(first, last)]

        def put(text: str) -> None:
            QApplication.clipboard().setText(text)
            self.said.emit(ngettext("{count} cell copied.", "{count} cells copied.", cells).format(count=number(cells)))

        self._link.lists.ask(
            lambda reader: as_clipboard_text(reader, ids, columns, headings=headings), put, self._link.failed.emit
        )

    def _with_ids(self, rows: RowFilter, act: Callable[[Sequence[int]], None]) -> None:
        if rows.row_ids is not None:
            act(rows.row_ids)
        else:
            self._link.lists.ask(lambda reader: reader.row_ids(rows), act, self._link.failed.emit)

    def _tell(self, ids: Sequence[int]) -> None:
        text = ngettext("{count} row changed.", "{count} rows changed.", len(ids))
        self.said.emit(text.format(count=number(len(ids))))
