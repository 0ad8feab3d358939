"""The table's model: ids, and the rows of what is seen. It never touches a file: readers on threads of their own do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from gui_app.i18n import _
from gui_app.jobs import FieldValue, OutputField, RowFilter
from gui_app.sentences import cause_sentence, plain
from gui_app.store.reading.filters import Order
from gui_app.store.reading.queries import JobReader, RowView
from gui_app.ui.feed.spans import Span
from gui_app.ui.feed.store_thread import StoreThread
from gui_app.ui.pieces.panel import plain_tip
from gui_app.ui.table.cell_text import display, shown
from gui_app.ui.table.columns import ColumnKind, TableColumn, table_columns
from gui_app.ui.table.row_list import RowList, nearest_position, position_of
from gui_app.ui.table.row_pages import RowPages

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
# Enum arithmetic would be done for every cell at every move.
_NONE = Qt.ItemFlag.NoItemFlags
_FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE = _FIXED | Qt.ItemFlag.ItemIsEditable


class RowModel(QAbstractTableModel):
    """Rows of a job as a table.

    Signals:
        editRequested: A value typed by hand: row_id, field name, value. Shown when the store has it.
        listChanged: How many rows are listed now.
        busyChanged: Whether a sort or filter is on its way.
        outdated: Rows changed in the store. `fetch` reads those that are seen.
        failed: What the store raised.
    """

    editRequested = Signal(object, str, object)
    listChanged = Signal(int)
    busyChanged = Signal(bool)
    outdated = Signal()
    failed = Signal(object)

    def __init__(
        self, pages: StoreThread[JobReader], lists: StoreThread[JobReader], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns: list[TableColumn] = table_columns((), ())
        self._ids: Sequence[int] = range(0)
        self._pages = RowPages(pages, self)
        self._pages.fetched.connect(self._paint)
        self._pages.outdated.connect(self.outdated)
        self._pages.failed.connect(self.failed)
        self.list = RowList(lists, self)
        self.list.replaced.connect(self._replace)
        self.list.busyChanged.connect(self.busyChanged)
        self.list.failed.connect(self.failed)

    # What is shown

    def begin(self) -> None:
        """There is a job: fetch its first rows, so that they are there when the columns are known."""
        self._pages.ask_first()

    def set_columns(self, names: Sequence[str], fields: Sequence[OutputField], *, sure: bool = False) -> None:
        """The input's columns and the answers'. What stays the same is not disturbed."""
        before, columns = self.columns, table_columns(names, fields, sure=sure)
        if columns == before:
            return
        read_before = [c for c in before if c.kind is ColumnKind.INPUT]
        if read_before != [c for c in columns if c.kind is ColumnKind.INPUT]:
            self.beginResetModel()
            self.columns = columns
            if read_before:
                # Their cells are of the columns before.
                self._pages.show(self._ids)
            self.endResetModel()
            return
        # Field names are typed letter by letter: the table must not jump at each.
        state = len(before) - 1
        if len(columns) > len(before):
            self.beginInsertColumns(_ROOT, state, state + len(columns) - len(before) - 1)
            self.columns = columns
            self.endInsertColumns()
        elif len(columns) < len(before):
            self.beginRemoveColumns(_ROOT, len(columns) - 1, state - 1)
            self.columns = columns
            self.endRemoveColumns()
        self.columns = columns
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(columns) - 1)
        if self._ids:
            self._paint(0, len(self._ids) - 1)

    def set_total(self, total: int) -> None:
        """How many rows the job has; grows while a file is read."""
        self.list.set_total(total)

    def set_filter(self, rows: RowFilter) -> None:
        """List the rows a filter lets through."""
        self.list.set_filter(rows)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Qt's hook. A column below 0 means file order."""
        descending = order == Qt.SortOrder.DescendingOrder
        chosen = self.columns[column].order(descending=descending) if 0 <= column < len(self.columns) else None
        self.list.set_order(chosen)

    def refresh(self, spans: Sequence[Span] | None) -> None:
        """Rows changed in the store (merged spans of ids; None: any may have)."""
        self._pages.mark_changed(spans)

    def fetch(self, positions: range) -> None:
        """Read again what is `outdated` among these, which are seen."""
        self._pages.fetch(positions)

    def forget(self) -> None:
        """The table was read again: nothing that was fetched holds any more."""
        self._pages.show(self._ids)
        self._paint(0, len(self._ids) - 1)

    def close(self) -> None:
        """Ask nothing more of the store."""
        self._pages.close()
        self.list.close()

    # Rows and ids

    def row_at(self, position: int) -> RowView | None:
        """The row at a position; None until it is fetched."""
        return self._pages.row(position)

    def id_at(self, position: int) -> int | None:
        """The row_id at a position."""
        return self._ids[position] if 0 <= position < len(self._ids) else None

    def ids_between(self, first: int, last: int) -> Sequence[int]:
        """The ids of a stretch of positions, both ends meant."""
        return self._ids[first : last + 1]

    def position_of(self, row_id: int) -> int:
        """Where a row is listed; -1 when it is not."""
        return position_of(self._ids, row_id, ascending=self._is_ascending())

    def nearest_position(self, row_id: int) -> int:
        """Where a row is listed, or would be; -1 when nobody can say."""
        return nearest_position(self._ids, row_id, ascending=self._is_ascending())

    def _is_ascending(self) -> bool:
        return self.list.order is None or self.list.order == Order()

    # Qt's side

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Qt's hook."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Qt's hook."""
        return 0 if parent.isValid() else len(self.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Qt's hook; called for every cell at every move, so it looks nothing up."""
        if not index.isValid():
            return _NONE
        return _EDITABLE if self.columns[index.column()].kind is ColumnKind.ANSWER else _FIXED

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt's hook; the painter takes `row_at` and does not come this way."""
        if not index.isValid():
            return None
        row = self._pages.row(index.row())
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if row is None else display(row, column)
        if role == Qt.ItemDataRole.EditRole:
            return None if row is None else row.shown(column.name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return None if row is None else plain_tip(self._tip(row, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _("loading") if row is None else f"{column.heading()}: {display(row, column) or _('empty')}"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return "" if row is None else self._tip(row, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Qt's hook. The value goes to the store; the table shows it when the store has it."""
        row_id = self.id_at(index.row()) if index.isValid() else None
        if row_id is None or role != Qt.ItemDataRole.EditRole:
            return False
        column = self.columns[index.column()]
        row = self._pages.row(index.row())
        typed: FieldValue = value
        if column.kind is not ColumnKind.ANSWER or (row is not None and row.shown(column.name) == typed):
            return False
        self.editRequested.emit(row_id, column.name, typed)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt's hook. The vertical header is the row's number in the file."""
        if orientation == Qt.Orientation.Vertical:
            return str(self.id_at(section) or "") if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown(column.heading())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._heading_tip(column))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    @staticmethod
    def _heading_tip(column: TableColumn) -> str:
        name = plain(column.heading())
        if column.kind is ColumnKind.SURE:
            return _("How sure the model is of “{name}”, where it can say.").format(name=plain(column.name))
        return _("Answers: {name}").format(name=name) if column.kind is ColumnKind.ANSWER else name

    @staticmethod
    def _tip(row: RowView, column: TableColumn) -> str:
        if column.kind is ColumnKind.INPUT:
            return ""
        lines = []
        if row.cause is not None and (row.state.value in ("failed", "needs review") or row.not_before > 0):
            lines.append(cause_sentence(row.cause))
            if row.detail:
                lines.append(plain(row.detail))
        if column.kind is ColumnKind.ANSWER:
            if column.name in row.hand:
                lines.append(_("Answered by hand."))
            elif row.stale:
                lines.append(_("From an earlier version of the task."))
            sure = row.confidence.get(column.name)
            if sure is not None:
                lines.append(_("The model is {percent} sure.").format(percent=f"{sure:.0%}"))
        if row.approved:
            lines.append(_("Approved."))
        if row.source_row_id is not None and row.source_row_id != row.row_id:
            lines.append(_("Same as row {row}, asked once.").format(row=row.source_row_id))
        return "\n".join(lines)

    # Changes

    def _paint(self, first: int, last: int) -> None:
        if first < len(self._ids):
            last = min(last, len(self._ids) - 1)
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _replace(self, ids: Sequence[int], new: bool) -> None:
        if isinstance(ids, range) and isinstance(self._ids, range) and ids.step == self._ids.step == 1 and not new:
            self._grow(ids)
        elif new:
            self.beginResetModel()
            self._ids = ids
            self._pages.show(ids)
            self.endResetModel()
        elif ids != self._ids:
            self._exchange(ids)
        self.listChanged.emit(len(ids))

    def _grow(self, ids: range) -> None:
        before, after = len(self._ids), len(ids)
        if after > before:
            self.beginInsertRows(_ROOT, before, after - 1)
            self._ids = ids
            self._pages.extend(ids)
            self.endInsertRows()
        elif after < before:
            self.beginResetModel()
            self._ids = ids
            self._pages.show(ids)
            self.endResetModel()

    def _exchange(self, ids: Sequence[int]) -> None:
        """Another list for the same question: selection, current cell and editor stay with their rows."""
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        row_ids = [self.id_at(index.row()) for index in kept]
        self._ids = ids
        self._pages.show(ids, keep=True)
        positions = {
            row_id: position_of(ids, row_id, ascending=self._is_ascending()) for row_id in set(row_ids) if row_id
        }
        moved = []
        for index, row_id in zip(kept, row_ids, strict=True):
            position = positions.get(row_id, -1) if row_id is not None else -1
            moved.append(self.index(position, index.column()) if position >= 0 else QModelIndex())
        self.changePersistentIndexList(kept, moved)
        self.layoutChanged.emit()
