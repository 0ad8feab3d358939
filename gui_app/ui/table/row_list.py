"""Which rows the table lists, and in which order: asked of the store, never sorted or filtered here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from gui_app.errors import Cancelled
from gui_app.jobs import RowFilter
from gui_app.store.reading.filters import Order
from gui_app.store.reading.queries import JobReader
from gui_app.ui.feed.store_thread import Request, StoreThread


class RowList(QObject):
    """The ids that a filter lets through, in an order.

    Without filter and order it is the range 1 to N, and nothing is asked.

    Signals:
        replaced: The new ids, and whether they answer another question (a new filter or order) or the same again.
        busyChanged: Whether an answer is on its way.
        failed: What the store raised.
    """

    replaced = Signal(object, bool)
    busyChanged = Signal(bool)
    failed = Signal(object)

    def __init__(self, reader: StoreThread[JobReader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._request: Request | None = None
        self._again = False
        self.total = 0
        self.filter = RowFilter()
        self.order: Order | None = None

    @property
    def is_plain(self) -> bool:
        """All rows, in file order."""
        return self.filter.is_empty() and self.order is None

    @property
    def is_volatile(self) -> bool:
        """Answers coming in can change the list."""
        rows, order = self.filter, self.order
        by_answers = bool(rows.states or rows.causes or rows.search or rows.field_value) or rows.approved is not None
        return by_answers or rows.edited is not None or (order is not None and order.by not in ("row", "column"))

    def set_total(self, total: int) -> None:
        """How many rows the job has."""
        grown, self.total = total != self.total, total
        if grown and self.is_plain:
            self.replaced.emit(range(1, total + 1), False)

    def set_filter(self, rows: RowFilter) -> None:
        """List other rows."""
        if rows != self.filter:
            self.filter = rows
            self._ask(new=True)

    def set_order(self, order: Order | None) -> None:
        """List them in another order. None: file order."""
        if order != self.order:
            self.order = order
            self._ask(new=True)

    def reload(self) -> None:
        """Ask the same question again."""
        if self._request is not None:
            self._again = True
        elif not self.is_plain:
            self._ask(new=False)

    def close(self) -> None:
        """Ask nothing more."""
        if self._request is not None:
            self._reader.abandon(self._request)
            self._request = None

    def _ask(self, *, new: bool) -> None:
        busy = self._request is not None
        self.close()
        if self.is_plain:
            if busy:
                self.busyChanged.emit(False)
            self.replaced.emit(range(1, self.total + 1), new)
            return
        rows, order = self.filter, self.order
        self._request = self._reader.ask(
            lambda reader: reader.row_ids(rows, order), lambda ids: self._keep(ids, new=new), self._fail
        )
        if new and not busy:
            self.busyChanged.emit(True)

    def _keep(self, ids: Sequence[int], *, new: bool) -> None:
        self._request = None
        self.busyChanged.emit(False)
        self.replaced.emit(ids, new)
        if self._again:
            self._again = False
            self.reload()

    def _fail(self, error: BaseException) -> None:
        self._request = None
        self.busyChanged.emit(False)
        if not isinstance(error, Cancelled):
            self.failed.emit(error)


def position_of(ids: Sequence[int], row_id: int, *, ascending: bool) -> int:
    """Where an id stands in a list; -1 when it does not."""
    if isinstance(ids, range):
        return ids.index(row_id) if row_id in ids else -1
    if ascending:
        at = bisect_left(ids, row_id)
        return at if at < len(ids) and ids[at] == row_id else -1
    try:
        return ids.index(row_id)
    except ValueError:
        return -1


def nearest_position(ids: Sequence[int], row_id: int, *, ascending: bool) -> int:
    """Where an id stands, or would; -1 when nobody can say."""
    found = position_of(ids, row_id, ascending=ascending)
    if found >= 0 or not ascending:
        return found
    return min(bisect_left(_as_list(ids), row_id), len(ids) - 1)


def _as_list(ids: Sequence[int]) -> Any:
    return ids
