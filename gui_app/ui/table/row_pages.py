"""Rows fetched page by page, when they are seen, on the reader's thread; the least recently seen are forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import zip_longest

from PySide6.QtCore import QObject, Signal

from gui_app.store.reading.queries import JobReader, RowView
from gui_app.ui.feed.spans import Span, of_numbers, touches
from gui_app.ui.feed.store_thread import Request, StoreThread

PAGE = 64
KEPT_PAGES = 96
ASKED_AT_ONCE = 6
"""Of pages that were scrolled past, the oldest requests are dropped; painting them asks again."""


class RowPages(QObject):
    """A window onto a list of row ids.

    A page that changed is shown as it was until its new rows are there, so that nothing flickers.

    Signals:
        fetched: The first and last position whose rows arrived, or are others than before.
        outdated: Pages are older than the store. `fetch` reads again those that are seen.
        failed: What the store raised.
    """

    fetched = Signal(int, int)
    outdated = Signal()
    failed = Signal(object)

    def __init__(self, reader: StoreThread[JobReader], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._ids: Sequence[int] = range(0)
        self._pages: OrderedDict[int, list[RowView | None]] = OrderedDict()
        self._stale: set[int] = set()
        self._asked: dict[int, Request] = {}
        self._outrun: set[int] = set()
        self._known: dict[int, RowView] = {}
        self._page_of: dict[int, int] = {}

    def show(self, ids: Sequence[int], *, keep: bool = False) -> None:
        """Another list of ids. `keep`: rows that are known are shown until they are fetched again."""
        self._drop_requests()
        known = (row for rows in self._pages.values() for row in rows if row is not None)
        self._known = {row.row_id: row for row in known} if keep else {}
        self._ids = ids
        self._pages.clear()
        self._page_of.clear()
        self._stale.clear()

    def ask_first(self) -> None:
        """Fetch the first rows of the file before it is known how many there are: they will be seen."""
        self._ask(0, list(range(1, PAGE + 1)), self._first_failed)

    def extend(self, ids: Sequence[int]) -> None:
        """The same list, with more ids at its end."""
        last = len(self._ids) // PAGE
        self._ids = ids
        held = self._pages.get(last)
        if held is not None and (len(held) < PAGE or None in held):
            self._stale.add(last)
        if last in self._asked:
            # It was asked for when it was shorter.
            self._outrun.add(last)

    def row(self, position: int) -> RowView | None:
        """The row at a position; None until it is fetched, which this asks for."""
        page, offset = divmod(position, PAGE)
        rows = self._pages.get(page) or self._from_known(page)
        if rows is None or page in self._stale:
            self._ask_seen(page)
        if rows is None:
            return None
        self._pages.move_to_end(page)
        return rows[offset] if offset < len(rows) else None

    def _from_known(self, page: int) -> list[RowView | None] | None:
        rows = [self._known.get(row_id) for row_id in self._ids[page * PAGE : (page + 1) * PAGE]] if self._known else []
        if not any(rows):
            return None
        self._hold(page, rows)
        self._stale.add(page)
        return rows

    def mark_changed(self, spans: Sequence[Span] | None) -> None:
        """Note that rows changed (merged spans of row ids; None: any may have)."""
        pages = set(self._pages) if spans is None else self._touched(spans)
        self._stale |= pages
        # What is on its way may be older than the change: it is shown, and then asked for once more.
        self._outrun |= self._asked.keys()
        if pages:
            self.outdated.emit()

    def _touched(self, spans: Sequence[Span]) -> set[int]:
        changed = sum(last - first + 1 for first, last in spans)
        if changed < len(self._page_of):
            ids = (row_id for first, last in spans for row_id in range(first, last + 1))
            return {self._page_of[row_id] for row_id in ids if row_id in self._page_of}
        return {page for row_id, page in self._page_of.items() if touches(spans, row_id)}

    def fetch(self, positions: range) -> None:
        """Read again what is outdated among these."""
        for page in range(positions.start // PAGE, (positions.stop - 1) // PAGE + 1) if positions else ():
            if page in self._stale:
                self._ask_seen(page)

    def close(self) -> None:
        """Ask nothing more."""
        self._drop_requests()

    def _ask_seen(self, page: int) -> None:
        if page not in self._asked and (ids := list(self._ids[page * PAGE : (page + 1) * PAGE])):
            self._ask(page, ids, lambda error: self._fail(page, error))

    def _ask(self, page: int, ids: list[int], failed: Callable[[BaseException], None]) -> None:
        # The newest page first: it is the one that is looked at now.
        self._asked[page] = self._reader.ask(
            lambda reader: reader.rows(ids),
            lambda rows: self._keep(page, ids, rows),
            failed,
            first=True,
        )
        while len(self._asked) > ASKED_AT_ONCE:
            oldest = next(iter(self._asked))
            self._asked.pop(oldest).cancel()
            self._outrun.discard(oldest)

    def _keep(self, page: int, ids: list[int], rows: list[RowView]) -> None:
        self._asked.pop(page, None)
        outrun = page in self._outrun
        self._outrun.discard(page)
        (self._stale.add if outrun else self._stale.discard)(page)
        by_id = {row.row_id: row for row in rows}
        before = self._pages.get(page) or []
        fresh = [by_id.get(row_id) for row_id in ids]
        # A row that is as it was stays the same object, which what was painted of it is kept for.
        now = [old if old == new else new for old, new in zip_longest(before[: len(ids)], fresh)]
        changed = [at for at, (old, new) in enumerate(zip_longest(before, now)) if old is not new]
        self._hold(page, now)
        while len(self._pages) > KEPT_PAGES:
            self._let_go(next(iter(self._pages)))
        for first, last in _few(of_numbers(changed)):
            self.fetched.emit(page * PAGE + first, page * PAGE + last)
        if outrun:
            self.outdated.emit()

    def _hold(self, page: int, rows: list[RowView | None]) -> None:
        self._pages[page] = rows
        self._pages.move_to_end(page)
        for row in rows:
            if row is not None:
                self._page_of[row.row_id] = page

    def _let_go(self, page: int) -> None:
        self._stale.discard(page)
        for row in self._pages.pop(page):
            if row is not None:
                self._page_of.pop(row.row_id, None)

    def _fail(self, page: int, error: BaseException) -> None:
        self._asked.pop(page, None)
        self.failed.emit(error)

    def _first_failed(self, _error: BaseException) -> None:
        # Whoever asks for the job itself is told what is wrong with it.
        self._asked.pop(0, None)

    def _drop_requests(self) -> None:
        for request in self._asked.values():
            request.cancel()
        self._asked.clear()
        self._outrun.clear()


def _few(spans: list[Span]) -> list[Span]:
    """Those spans, or one over all where they are so many that each by itself is more work."""
    return spans if len(spans) <= 8 else [(spans[0][0], spans[-1][1])]
