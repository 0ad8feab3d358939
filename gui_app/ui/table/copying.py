"""Selected cells as text that a spreadsheet takes: tabs between cells, one line a row, quoted where needed."""

from __future__ import annotations

from collections.abc import Sequence

from gui_app.jobs import FieldValue
from gui_app.sentences import state_name
from gui_app.store.reading.queries import JobReader, RowView
from gui_app.ui.table.cell_text import sure_text
from gui_app.ui.table.columns import ColumnKind, TableColumn
from gui_app.ui.table.hand_value import editable_text

MOST_CELLS = 500_000
_BATCH = 500


def as_clipboard_text(
    reader: JobReader, row_ids: Sequence[int], columns: Sequence[TableColumn], *, headings: bool
) -> str:
    """Whole cells, as stored, in the order given. Asked on a reading thread."""
    lines = [_line([column.heading() for column in columns])] if headings else []
    for start in range(0, len(row_ids), _BATCH):
        for row in reader.rows(row_ids[start : start + _BATCH], full=True):
            lines.append(_line([_cell(row, column) for column in columns]))
    return "\n".join(lines)


def _cell(row: RowView, column: TableColumn) -> str:
    if column.kind is ColumnKind.INPUT:
        return row.cells[column.position] if column.position < len(row.cells) else ""
    if column.kind is ColumnKind.ANSWER:
        value: FieldValue = row.shown(column.name)
        return editable_text(value)
    if column.kind is ColumnKind.SURE:
        return sure_text(row, column.name)
    return state_name(row.state)


def _line(cells: Sequence[str]) -> str:
    return "\t".join(_quoted(cell) for cell in cells)


def _quoted(text: str) -> str:
    # A formula pasted into a spreadsheet would run there; the mark keeps it a text, as in an exported CSV.
    if text[:1] in ("=", "+", "-", "@") and not _is_number(text):
        text = f"'{text}"
    if any(mark in text for mark in '\t\n\r"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
