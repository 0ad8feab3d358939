"""The table of rows: what is seen is painted at once, what is selected is never asked row by row, no place jumps."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui_app.i18n import _
from gui_app.jobs import RowFilter
from gui_app.ui.feed.spans import merge
from gui_app.ui.look.palette import colours
from gui_app.ui.look.theme import GAP_XL, set_role
from gui_app.ui.pieces.panel import describe
from gui_app.ui.table.column_layout import ColumnLayout
from gui_app.ui.table.columns import ColumnKind
from gui_app.ui.table.row_delegate import RowDelegate
from gui_app.ui.table.row_model import RowModel
from gui_app.ui.table.row_painter import RowPainter, Seen, Strip

MOST_SELECTED_IDS = 200_000
"""A larger selection is not kept in place when a list is exchanged, and not handed on id by id."""


class RowView(QTableView):
    """A QTableView with uniform rows, and nothing in it that asks every row for something.

    Signals:
        currentRowChanged: The row_id of the current row.
        columnsChanged: Widths, order or hidden columns were changed by hand.
        readingRequested: The current cell is to be read in full.
        copyRequested: The selected cells are to be copied: positions and columns as shown.
        menuRequested: The context menu is wanted, at a global position.
    """

    currentRowChanged = Signal(int)
    columnsChanged = Signal()
    readingRequested = Signal()
    copyRequested = Signal()
    menuRequested = Signal(QPoint)

    def __init__(self, model: RowModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rowTable")
        self.rows = model
        self._anchor: tuple[int, int] | None = None
        self.setModel(model)
        self._delegate = RowDelegate(model, self)
        self.setItemDelegate(self._delegate)
        self._painter = RowPainter(model)
        # Every pixel is painted, so what is scrolled is moved and not painted again.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWordWrap(False)
        self.setShowGrid(True)
        self.setCornerButtonEnabled(True)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menuRequested.emit(self.viewport().mapToGlobal(at)))
        self.doubleClicked.connect(self._double_clicked)
        self._set_up_headers()
        self.column_layout = ColumnLayout(self, model)
        self.column_layout.changed.connect(self.columnsChanged)
        model.outdated.connect(self._fetch_seen)
        model.layoutAboutToBeChanged.connect(self._keep_place)
        model.layoutChanged.connect(self._return_to_place)
        self.retranslate()

    def _set_up_headers(self) -> None:
        across, down = self.horizontalHeader(), self.verticalHeader()
        for header in (across, down):
            # A header asks every row of a column whether it is selected, at each paint: 72 s after Select all in
            # 1,000,000 rows. One that knows of no selection does not ask; pressing on it selects all the same.
            header.setSelectionModel(QItemSelectionModel(self.rows, header))
        across.setSectionsClickable(True)
        across.setHighlightSections(False)
        across.setTextElideMode(Qt.TextElideMode.ElideRight)
        # The header itself is bold and not only what it draws: it measures with its own letters where it has to cut.
        set_role(across, "columns")
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setSortIndicatorClearable(True)
        across.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        across.setSortIndicatorShown(True)
        across.sortIndicatorChanged.connect(self.rows.sort)
        # One height for all: a header that may ask each row for its own takes seconds at 100,000 rows.
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(self.fontMetrics().height() + 11)
        down.setHighlightSections(False)
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def retranslate(self) -> None:
        """Set every text that is ours; headings and cells are asked for again."""
        describe(self, _("Table of rows"), _("The rows of the file, with the answers beside them."))
        describe(self.horizontalHeader(), _("Columns"))
        describe(self.verticalHeader(), _("Row numbers"))
        self._painter.forget()
        self.viewport().update()
        self.rows.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, len(self.rows.columns) - 1))
        # A state is longer in one language than in the other.
        self.column_layout.refit()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's hook: all of it at once, where Qt's own way asks for every cell by itself."""
        dirty = event.rect()
        with QPainter(self.viewport()) as painter:
            self._painter.paint(painter, dirty, self._seen(dirty), _ranges(self.selectionModel()), self.font())
            current = self.currentIndex()
            if current.isValid() and self.hasFocus():
                self._painter.paint_focus(painter, self.visualRect(current))
            if self.lists_none():
                self._paint_none(painter)

    def lists_none(self) -> bool:
        """There are rows, and the filter lets none of them through."""
        rows = self.rows.list
        return rows.total > 0 and not self.rows.rowCount() and not rows.filter.is_empty()

    def _paint_none(self, painter: QPainter) -> None:
        painter.setPen(QColor(colours().muted))
        area = self.viewport().rect().adjusted(GAP_XL, GAP_XL, -GAP_XL, -GAP_XL)
        text = _("No row is listed. Clear the search or the filter above the table to list them all.")
        painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)

    def _seen(self, area: QRect) -> Seen:
        """The rows and columns that touch a part of the viewport."""
        across, down = self.horizontalHeader(), self.verticalHeader()
        height, offset = down.defaultSectionSize(), down.offset()
        first = max(0, (area.top() + offset) // height)
        last = min(self.rows.rowCount() - 1, (area.bottom() + offset) // height)
        left, right = across.visualIndexAt(area.left()), across.visualIndexAt(area.right())
        standing = range(left, (across.count() - 1 if right < 0 else right) + 1) if left >= 0 else range(0)
        columns = map(across.logicalIndex, standing)
        strips = [Strip(at, across.sectionViewportPosition(at), across.sectionSize(at)) for at in columns]
        return Seen(range(first, last + 1), first * height - offset, height, [strip for strip in strips if strip.width])

    def _fetch_seen(self) -> None:
        # Painted when they are there: until then nothing looks different.
        if self.isVisible():
            self.rows.fetch(self._seen(self.viewport().rect()).rows)

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook: what is laid out is of another font or language now."""
        self._painter.forget()
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            # Later, when the letters are as they will be.
            QTimer.singleShot(0, self, self._fit_rows)

    def _fit_rows(self) -> None:
        height = self.fontMetrics().height() + 11
        if height != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(height)
            self.column_layout.refit()

    # Where we are

    def current_row_id(self) -> int | None:
        """The row_id of the current cell."""
        index = self.currentIndex()
        return self.rows.id_at(index.row()) if index.isValid() else None

    def go_to(self, row_id: int, column: int | None = None) -> bool:
        """Make a row the current one and show it; False when it is not listed."""
        position = self.rows.position_of(row_id)
        if position < 0:
            return False
        at = self.currentIndex().column() if column is None and self.currentIndex().isValid() else column or 0
        index = self.rows.index(position, at)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def go_to_first(self) -> None:
        """Make the first row that is listed the current one."""
        if self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(0, max(0, self.currentIndex().column())))

    def step(self, by: int) -> None:
        """Go to the row above or below."""
        index = self.currentIndex()
        position = max(0, min(self.rows.rowCount() - 1, index.row() + by if index.isValid() else 0))
        self.setCurrentIndex(self.rows.index(position, max(0, index.column())))

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # type: ignore[override]
        """Qt's hook."""
        super().currentChanged(current, previous)
        row_id = self.rows.id_at(current.row()) if current.isValid() else None
        if row_id is not None:
            self.currentRowChanged.emit(row_id)

    # What is selected

    def selected_spans(self) -> list[tuple[int, int]]:
        """Positions that are selected, as first and last, ascending. Never asks row by row."""
        chosen = self.selectionModel().selection()
        return merge((chosen.at(part).top(), chosen.at(part).bottom()) for part in range(chosen.count()))

    def selected_count(self) -> int:
        """How many rows have a selected cell."""
        return sum(last - first + 1 for first, last in self.selected_spans())

    def selected_filter(self) -> RowFilter:
        """The selected rows as a filter. With everything listed selected, the list's own filter."""
        spans = self.selected_spans()
        if spans == [(0, self.rows.rowCount() - 1)]:
            return self.rows.list.filter
        ids = [row_id for first, last in spans for row_id in self.rows.ids_between(first, last)]
        return RowFilter(row_ids=tuple(sorted(ids)))

    def copied_columns(self) -> list[int]:
        """The columns that have a selected cell, as they stand."""
        chosen = self.selectionModel().selection()
        wanted = {
            column
            for part in range(chosen.count())
            for column in range(chosen.at(part).left(), chosen.at(part).right() + 1)
        }
        return [column for column in self.column_layout.shown() if column in wanted]

    def show_answers(self) -> None:
        """Bring the first answer column into sight, without moving up or down."""
        answers = [at for at in self.column_layout.shown() if self.rows.columns[at].kind is not ColumnKind.INPUT]
        if answers:
            header = self.horizontalHeader()
            left = header.sectionPosition(answers[0])
            right = header.sectionPosition(answers[-1]) + header.sectionSize(answers[-1])
            bar = self.horizontalScrollBar()
            if right - bar.value() > self.viewport().width():
                bar.setValue(min(left, right - self.viewport().width()))

    # Staying in place

    def _keep_place(self) -> None:
        height = self.verticalHeader().defaultSectionSize()
        value = self.verticalScrollBar().value()
        top = self.rows.id_at(value // height)
        self._anchor = None if top is None else (top, value % height)
        if self.selected_count() > MOST_SELECTED_IDS // 40:
            # Qt would turn the selection into an index for every single cell.
            self.selectionModel().clearSelection()

    def _return_to_place(self) -> None:
        if self._anchor is None:
            return
        row_id, offset = self._anchor
        position = self.rows.nearest_position(row_id)
        if position >= 0:
            self.updateGeometries()
            self.verticalScrollBar().setValue(position * self.verticalHeader().defaultSectionSize() + offset)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook: columns that nobody has touched go with the window."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.column_layout.refit()

    # Keys and clicks

    def _double_clicked(self, index: QModelIndex) -> None:
        column = self.rows.columns[index.column()]
        short = column.field is not None and column.field.kind.value in ("label", "yesno", "number")
        if short:
            self.edit(index)
        else:
            self.readingRequested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        editing = self.state() == QAbstractItemView.State.EditingState
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copyRequested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not editing:
            self.readingRequested.emit()
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def select_rows(self, first: int, last: int) -> None:
        """Select whole rows, by position."""
        area = QItemSelection(self.rows.index(first, 0), self.rows.index(last, self.rows.columnCount() - 1))
        self.selectionModel().select(area, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def _ranges(chosen: QItemSelectionModel) -> Iterator[QItemSelectionRange]:
    selection = chosen.selection()
    return (selection.at(part) for part in range(selection.count()))
