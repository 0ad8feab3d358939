"""Paints the rows that are seen in one go: text laid out once for each row and width, colours once for each theme."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QItemSelectionRange, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QStaticText, QTransform

from gui_app.jobs import RowState
from gui_app.sentences import state_name
from gui_app.store.reading.queries import RowView
from gui_app.ui.look.icons import MOST_GROWN, pixmap
from gui_app.ui.look.palette import colours
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.states import state_colour, state_pixmap
from gui_app.ui.table.cell_text import display, state_text
from gui_app.ui.table.columns import ColumnKind, TableColumn
from gui_app.ui.table.row_model import RowModel

PADDING = 8
_ICON = 14
_PENCIL = 12
_KEPT_ROWS = 400
"""Rows that stay ready to be painted: some screens full."""
_KEPT_TEXTS = 2_000
"""Of all rows: labels, dates and states come again and again."""
_WORTH_SHOWING = 10
"""Letters of a cause, with what parts it from its state."""


class Strip(NamedTuple):
    """A column as it stands in the viewport."""

    column: int
    left: int
    width: int


class Seen(NamedTuple):
    """The rows and columns to be painted. The first row's upper edge is at `top`; all are as high."""

    rows: range
    top: int
    height: int
    strips: list[Strip]


class _Cell(NamedTuple):
    """A cell ready to be painted.

    Attributes:
        width: The column's, for which the text was cut.
        text_at: From the cell's left edge.
        mark: A drawing at the left; `sign` one at the right.
    """

    width: int
    text: QStaticText | None
    text_at: int
    pen: QPen
    italic: bool = False
    mark: QPixmap | None = None
    sign: QPixmap | None = None
    by_hand: bool = False


def icon_side() -> int:
    """How large the icon of a state is, in pixels."""
    return scaled(_ICON, MOST_GROWN)


class _Look:
    """Colours and fonts as a painter takes them: enum arithmetic and colour names cost as much as painting a cell."""

    def __init__(self, font: QFont, ratio: float) -> None:
        c = self.colours = colours()
        self.font, self.italic, self.ratio = QFont(font), QFont(font), ratio
        self.italic.setItalic(True)
        self.metrics, self.italic_metrics = QFontMetrics(self.font), QFontMetrics(self.italic)
        self.base, self.answer, self.hand = QColor(c.base), QColor(c.answer), QColor(c.hand)
        self.selection, self.grid, self.placeholder = QColor(c.selection), QColor(c.border), QColor(c.hover)
        self.text, self.muted, self.focus = QPen(QColor(c.text)), QPen(QColor(c.muted)), QPen(QColor(c.accent), 2)
        self.icon = icon_side()
        self.states = {state: QPen(QColor(state_colour(c, state))) for state in RowState}
        self.marks = {state: state_pixmap(state, c, self.icon, ratio) for state in RowState}
        self._texts: dict[tuple[str, int, bool], QStaticText] = {}
        self._elide, self._plain, self._still = Qt.TextElideMode.ElideRight, Qt.TextFormat.PlainText, QTransform()

    def laid_out(self, text: str, room: int, *, italic: bool = False) -> QStaticText | None:
        """One line of it, cut to the room there is."""
        if not text or room < 4:
            return None
        key = (text, room, italic)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= _KEPT_TEXTS:
                self._texts.clear()
            found = self._texts[key] = self._cut(text, room, italic)
        return found

    def state(self, text: str, name: str, room: int) -> QStaticText | None:
        """A state with its cause; its name alone where only a scrap of the cause would be left, or the name be cut."""
        cut = self.laid_out(text, room)
        if cut is None or cut.text() == text or len(cut.text()) - len(name) >= _WORTH_SHOWING:
            return cut
        return self.laid_out(name, room)

    def _cut(self, text: str, room: int, italic: bool) -> QStaticText:
        # Cutting takes as long as the text is, and this is more than fits, but for very narrow letters.
        most = room // 4 + 8
        if len(text) <= most:
            whole = self._static(text, italic)
            if whole.size().width() <= room:
                return whole
        metrics = self.italic_metrics if italic else self.metrics
        cut = metrics.elidedText(text[:most], self._elide, room)
        if len(text) > most and cut == text[:most]:
            cut = metrics.elidedText(text, self._elide, room)
        return self._static(cut, italic)

    def _static(self, text: str, italic: bool) -> QStaticText:
        out = QStaticText(text)
        out.setTextFormat(self._plain)
        out.prepare(self._still, self.italic if italic else self.font)
        return out


class RowPainter:
    """What a row looks like is kept for as long as the row, the widths and the look stay the same."""

    def __init__(self, model: RowModel) -> None:
        self._model = model
        self._look: _Look | None = None
        self._columns: list[TableColumn] = []
        self._kept: OrderedDict[int, tuple[RowView, dict[int, _Cell]]] = OrderedDict()

    def forget(self) -> None:
        """The font, the language or the screen has changed."""
        self._look = None
        self._kept.clear()

    def paint(
        self, painter: QPainter, dirty: QRect, seen: Seen, selected: Iterable[QItemSelectionRange], font: QFont
    ) -> None:
        """Everything within `dirty` but the frame of the current cell."""
        look = self._prepare(painter, font)
        painter.fillRect(dirty, look.base)
        if not seen.strips or not seen.rows:
            return
        lines = [self._line(position, seen.strips, look) for position in seen.rows]
        self._grounds(painter, seen, lines, look)
        for area in selected:
            _select(painter, seen, area, look)
        _grid(painter, seen, look)
        painter.setFont(look.font)
        y = seen.top
        for cells in lines:
            if cells is None:
                _placeholders(painter, seen, y, look)
            else:
                _contents(painter, seen, y, cells, look)
            y += seen.height

    def paint_focus(self, painter: QPainter, cell: QRect) -> None:
        """The frame of the current cell."""
        if self._look is not None:
            painter.setPen(self._look.focus)
            painter.drawRect(cell.adjusted(1, 1, -2, -2))

    def _prepare(self, painter: QPainter, font: QFont) -> _Look:
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        look = self._look
        if look is None or look.colours is not colours() or look.ratio != ratio or look.font != font:
            self.forget()
            look = self._look = _Look(font, ratio)
        if self._columns is not self._model.columns:
            self._columns = self._model.columns
            self._kept.clear()
        return look

    def _line(self, position: int, strips: list[Strip], look: _Look) -> list[_Cell] | None:
        row = self._model.row_at(position)
        if row is None:
            return None
        kept = self._kept.get(row.row_id)
        if kept is None or kept[0] is not row:
            kept = self._kept[row.row_id] = (row, {})
            if len(self._kept) > _KEPT_ROWS:
                self._kept.popitem(last=False)
        cells, line = kept[1], []
        for strip in strips:
            cell = cells.get(strip.column)
            if cell is None or cell.width != strip.width:
                cell = cells[strip.column] = _cell(row, self._columns[strip.column], strip.width, look)
            line.append(cell)
        return line

    def _grounds(self, painter: QPainter, seen: Seen, lines: list[list[_Cell] | None], look: _Look) -> None:
        depth = len(seen.rows) * seen.height
        for at, (column, left, width) in enumerate(seen.strips):
            if self._columns[column].kind is ColumnKind.INPUT:
                continue
            painter.fillRect(left, seen.top, width, depth, look.answer)
            for down, cells in enumerate(lines):
                if cells is not None and cells[at].by_hand:
                    painter.fillRect(left, seen.top + down * seen.height, width, seen.height, look.hand)


def _cell(row: RowView, column: TableColumn, width: int, look: _Look) -> _Cell:
    if column.kind is ColumnKind.STATE:
        return _state_cell(row, width, look)
    room = width - 1 - 2 * PADDING
    if column.kind is ColumnKind.INPUT:
        return _Cell(width, look.laid_out(display(row, column), room), PADDING, look.text)
    if column.kind is ColumnKind.SURE:
        return _Cell(width, look.laid_out(display(row, column), room), PADDING, look.muted)
    if column.name in row.hand:
        pencil = pixmap("pencil", look.colours.muted, _PENCIL, look.ratio)
        text = look.laid_out(display(row, column), room - _PENCIL - 4)
        return _Cell(width, text, PADDING, look.text, sign=pencil, by_hand=True)
    faded = row.stale or row.state is RowState.RUNNING
    text = look.laid_out(display(row, column), room, italic=row.stale)
    return _Cell(width, text, PADDING, look.muted if faded else look.text, italic=row.stale)


def _state_cell(row: RowView, width: int, look: _Look) -> _Cell:
    at = PADDING + look.icon + 6
    room = width - 1 - PADDING - at
    badge = None
    if row.approved:
        badge = pixmap("badge-check", look.colours.success, look.icon, look.ratio)
        room -= look.icon + 4
    text = look.state(state_text(row), state_name(row.state), room)
    return _Cell(width, text, at, look.states[row.state], mark=look.marks[row.state], sign=badge)


def _select(painter: QPainter, seen: Seen, area: QItemSelectionRange, look: _Look) -> None:
    first, last = max(area.top(), seen.rows.start), min(area.bottom(), seen.rows.stop - 1)
    if first > last:
        return
    y, depth = seen.top + (first - seen.rows.start) * seen.height, (last - first + 1) * seen.height
    for column, left, width in seen.strips:
        if area.left() <= column <= area.right():
            painter.fillRect(left, y, width, depth, look.selection)


def _grid(painter: QPainter, seen: Seen, look: _Look) -> None:
    # Filled and not drawn: a line takes a painter ten times as long.
    depth = len(seen.rows) * seen.height
    for _column, left, width in seen.strips:
        painter.fillRect(left + width - 1, seen.top, 1, depth, look.grid)
    left = min(strip.left for strip in seen.strips)
    width = max(strip.left + strip.width for strip in seen.strips) - left
    for y in range(seen.top + seen.height - 1, seen.top + depth, seen.height):
        painter.fillRect(left, y, width, 1, look.grid)


def _placeholders(painter: QPainter, seen: Seen, y: int, look: _Look) -> None:
    for _column, left, width in seen.strips:
        bar = min(width - 2 * PADDING, 60)
        if bar > 0:
            painter.fillRect(left + PADDING, y + seen.height // 2 - 4, bar, 7, look.placeholder)


def _contents(painter: QPainter, seen: Seen, y: int, cells: list[_Cell], look: _Look) -> None:
    text_y = y + (seen.height - 1 - look.metrics.height()) // 2
    middle = y + seen.height // 2
    for (_column, left, width), cell in zip(seen.strips, cells, strict=True):
        if cell.mark is not None:
            painter.drawPixmap(left + PADDING, middle - look.icon // 2, cell.mark)
        if cell.sign is not None:
            size = round(cell.sign.width() / look.ratio)
            painter.drawPixmap(left + width - 1 - PADDING - size, middle - size // 2, cell.sign)
        if cell.text is None:
            continue
        painter.setPen(cell.pen)
        if cell.italic:
            painter.setFont(look.italic)
        painter.drawStaticText(left + cell.text_at, text_y, cell.text)
        if cell.italic:
            painter.setFont(look.font)
