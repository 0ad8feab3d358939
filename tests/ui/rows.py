"""A reader of as many rows as wanted, without a file, that remembers on which threads it was asked."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Sequence
from typing import Any, cast

from gui_app.jobs import FieldValue, RowFilter, RowState
from gui_app.store.reading.filters import Order
from gui_app.store.reading.queries import JobReader, RowView
from gui_app.ui.feed.store_thread import StoreThread
from gui_app.ui.table.row_model import RowModel


class MadeUpReader:
    """Stands where a JobReader stands. Row n has the cells "row n" and "other n"."""

    def __init__(self, rows: int) -> None:
        self.count = rows
        self.threads: set[str] = set()
        self.asked: list[list[int]] = []
        self.answers: dict[int, dict[str, FieldValue]] = {}
        self.sure: dict[int, dict[str, float]] = {}
        self.states: dict[int, RowState] = {}
        self.ids: Callable[[RowFilter, Order | None], Sequence[int]] = self._matching

    def rows(self, ids: Sequence[int], *, full: bool = False) -> list[RowView]:
        self._note()
        self.asked.append(list(ids))
        return [self._row(row_id) for row_id in ids if 1 <= row_id <= self.count]

    def row_ids(self, rows: RowFilter, order: Order | None = None) -> array[int]:
        self._note()
        return array("q", self.ids(rows, order))

    def _matching(self, rows: RowFilter, order: Order | None) -> Sequence[int]:
        listed = [n for n in range(1, self.count + 1) if not rows.states or self._state(n) in rows.states]
        return listed[::-1] if order is not None and order.descending else listed

    def close(self) -> None:
        self._note()

    def interrupt(self) -> None:
        """Called from any thread."""

    def _state(self, row_id: int) -> RowState:
        return self.states.get(row_id, RowState.WAITING)

    def _row(self, row_id: int) -> RowView:
        return RowView(
            row_id,
            (f"row {row_id}", f"other {row_id}"),
            self._state(row_id),
            values=self.answers.get(row_id, {}),
            confidence=self.sure.get(row_id, {}),
        )

    def _note(self) -> None:
        self.threads.add(threading.current_thread().name)


class Threads:
    """The two reading threads over one made-up reader, and a model on them."""

    def __init__(self, reader: MadeUpReader) -> None:
        self.reader = reader
        self.pages: StoreThread[JobReader] = StoreThread(lambda: cast(JobReader, reader), "pages")
        self.lists: StoreThread[JobReader] = StoreThread(lambda: cast(JobReader, reader), "lists")
        self.model = RowModel(self.pages, self.lists)

    def close(self) -> None:
        self.model.close()
        self.pages.close()
        self.lists.close()


def text_at(model: RowModel, row: int, column: int) -> Any:
    return model.index(row, column).data()
