"""How wide the columns of the row table are until somebody makes them otherwise: the state stays in sight if it can."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from gui_app.jobs import RowState
from gui_app.sentences import state_name
from gui_app.ui.look.sizes import scaled
from gui_app.ui.table.columns import ColumnKind
from gui_app.ui.table.row_model import RowModel
from gui_app.ui.table.row_painter import PADDING, icon_side

# In pixels, with letters of the usual size.
_NARROWEST, _WIDEST, _WIDEST_STATE, _WIDEST_NAME = 48, 420, 240, 130
_COMFORTABLE = 120
"""Columns that do not all fit anyway are as wide as can be read."""
_LONG, _STRETCH = 160, 2.0
"""Columns of texts take what the others leave of a wide window; those of numbers and labels would only drift apart."""
_LEAST = {ColumnKind.INPUT: 60, ColumnKind.ANSWER: 80, ColumnKind.SURE: 60}


def fitted_widths(model: RowModel, rows: Iterable[int], metrics: QFontMetrics, room: int) -> list[int]:
    """A width for every column.

    Args:
        rows: Positions whose cells are measured.
        room: The width of the viewport.
    """
    positions = list(rows)
    sizes = [_size(model, column, positions, metrics) for column in range(len(model.columns))]
    wanted, least, most = ([size[part] for size in sizes] for part in range(3))
    return fitted(wanted, least, most, room)


def fitted(wanted: Sequence[int], least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """These widths, the widest made narrower until all fit; as far as is comfortable where they cannot.

    Args:
        most: What a column can do with where there is more room than wanted.
    """
    spare = room - sum(wanted)
    if spare >= 0:
        growing = max(1, sum(most) - sum(wanted))
        share = min(1.0, spare / growing)
        return [width + int(share * (end - width)) for width, end in zip(wanted, most, strict=True)]
    if sum(least) > room:
        return [min(width, max(scaled(_COMFORTABLE), lowest)) for width, lowest in zip(wanted, least, strict=True)]

    def narrowed(widest: int) -> list[int]:
        return [min(width, max(widest, lowest)) for width, lowest in zip(wanted, least, strict=True)]

    return narrowed(bisect_right(range(max(wanted)), room, key=lambda widest: sum(narrowed(widest))) - 1)


def _size(model: RowModel, column: int, rows: Sequence[int], metrics: QFontMetrics) -> tuple[int, int, int]:
    """What a column would like to have, the least it can do with, and the most."""
    kind = model.columns[column].kind
    name = str(model.headerData(column, Qt.Orientation.Horizontal))
    # A tenth more, because headings are bold; and room for the arrow of the sort.
    heading = round(1.1 * metrics.horizontalAdvance(name)) + 28
    room = 2 * PADDING + 6
    texts = max((metrics.horizontalAdvance(_text(model, row, column)) + room for row in rows), default=0)
    if kind is ColumnKind.STATE:
        names = max(metrics.horizontalAdvance(state_name(state)) for state in RowState) + room + icon_side() + 2
        wanted = min(scaled(_WIDEST_STATE), max(heading, names, texts + icon_side() + 8))
        return wanted, names, wanted
    low = scaled(96 if kind is ColumnKind.ANSWER else _NARROWEST)
    wanted = max(low, min(scaled(_WIDEST, 1.5), max(heading, texts)))
    most = max(wanted, round(_STRETCH * texts)) if texts > scaled(_LONG) else wanted
    least = scaled(_LEAST[kind])
    if kind is ColumnKind.ANSWER:
        # The name of a result is what people look for.
        least = max(least, min(heading, scaled(_WIDEST_NAME)))
    return wanted, min(wanted, least), most


def _text(model: RowModel, row: int, column: int) -> str:
    return str(model.index(row, column).data())[:80]
