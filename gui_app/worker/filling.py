"""A table's rows into a job: read and packed on this thread, stored on another one meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from gui_app.errors import Cancelled
from gui_app.store.imports import RowsWriter
from gui_app.store.packing import PackedRows, pack_rows
from gui_app.tables.table import Table, TypedRow
from gui_app.worker.protocol import TaskProgress

FIRST_ROWS = 200
"""A screenful, stored by itself so that the window shows it while the rest is read."""

GROUP_CHARACTERS = 2_000_000
"""Then as much as this in one commit, which costs as much as a few hundred rows."""

HANDOVER_S = 0.0005


def fill(
    writer: RowsWriter, table: Table, progress: Callable[[TaskProgress], None], stopped: Callable[[], bool]
) -> int:
    """Store all rows of a table. Holds a few groups of them in memory, however many there are.

    Args:
        progress: Told what is in the file, after each group.

    Returns:
        How many there are.

    Raises:
        Cancelled: `stopped` said so.
        InputError, StorageError, JobFileError: What was stored until then stays, unfinished.
    """
    rows = 0
    progress(TaskProgress(0, table.total_bytes or table.total_rows, 0))
    with _quick_handovers(), ThreadPoolExecutor(1, thread_name_prefix="rowmill-import") as disk:
        storing: tuple[Future[int], int] | None = None
        for group in _groups(table.batches()):
            if stopped():
                raise Cancelled
            if storing is not None:
                rows = _stored(*storing, table, progress)
            storing = disk.submit(writer.write, group), table.bytes_read()
        if storing is not None:
            rows = _stored(*storing, table, progress)
    return rows


def _stored(storing: Future[int], bytes_read: int, table: Table, progress: Callable[[TaskProgress], None]) -> int:
    rows = storing.result()
    done = bytes_read if table.total_bytes else rows
    progress(TaskProgress(done, table.total_bytes or table.total_rows, rows, ready=True))
    return rows


def _groups(batches: Iterator[list[TypedRow]]) -> Iterator[list[PackedRows]]:
    first = next(batches, [])
    if first[:FIRST_ROWS]:
        yield [pack_rows(first[:FIRST_ROWS])]
    group, characters = [pack_rows(first[FIRST_ROWS:])], 0
    for batch in batches:
        packed = pack_rows(batch)
        group.append(packed)
        characters += len(packed.text)
        if characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if any(packed.count for packed in group):
        yield group


@contextmanager
def _quick_handovers() -> Iterator[None]:
    """Python lets a thread that comes back from SQLite wait 5 ms for its turn, which is as long as the work itself."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(HANDOVER_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
