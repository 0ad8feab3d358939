"""The text of a cell: one line, cut, with every control and direction character made visible."""

from __future__ import annotations

import re

from gui_app.i18n import _, number
from gui_app.jobs import FieldValue, RowState
from gui_app.sentences import cause_title, plain, state_name
from gui_app.store.reading.queries import RowView
from gui_app.ui.table.columns import ColumnKind, TableColumn

SHOWN_CHARACTERS = 240
"""No column is wider than this many characters; the reading pane shows the rest."""

# Nearly every cell is free of these, and then needs no further look at each character.
_ODD = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    r"|[\U000e0000-\U000e007f]"
)


def shown(text: str) -> str:
    """One line of it, safe to paint."""
    cut = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    return plain(cut, SHOWN_CHARACTERS + 1) if _ODD.search(cut) else cut


def value_text(value: FieldValue) -> str:
    """An answer's value as the table shows it; "" when there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, tuple):
        return shown(", ".join(value))
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) < 1e6 else number(value)
    return shown(value)


def display(row: RowView, column: TableColumn) -> str:
    """What a cell of the table shows."""
    if column.kind is ColumnKind.INPUT:
        return shown(row.cells[column.position]) if column.position < len(row.cells) else ""
    if column.kind is ColumnKind.ANSWER:
        return value_text(row.shown(column.name))
    if column.kind is ColumnKind.SURE:
        return sure_text(row, column.name)
    return state_text(row)


def sure_text(row: RowView, field: str) -> str:
    """How sure the model is of an answer; "" where it does not say, or where the answer is somebody's own."""
    sure = None if field in row.hand else row.confidence.get(field)
    return "" if sure is None else f"{sure:.0%}"


def state_text(row: RowView) -> str:
    """The state, and in two to four words why."""
    name = state_name(row.state)
    if row.cause is not None and row.state in (RowState.FAILED, RowState.NEEDS_REVIEW):
        return _("{state}: {cause}").format(state=name, cause=cause_title(row.cause))
    if row.state is RowState.WAITING and row.not_before > 0:
        return _("{state}, will try again").format(state=name)
    return name
