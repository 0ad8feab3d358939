"""Writing the rows of a table into a new job, once."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gui_app.errors import N_, InternalError, JobFileError
from gui_app.jobs import JobState
from gui_app.store import job_file, lease
from gui_app.store.carried import Carried
from gui_app.store.carry import FormerJob, forget_former
from gui_app.store.network import at_hand
from gui_app.store.network.copy_back import Returning
from gui_app.store.packing import PackedRows, pack_rows, storable

# Versions and prompts of a run that sent nothing go too: they speak of the rows that were.
_OF_THE_TABLE = (
    "columns", "cells", "status", "hand_values", "approvals", "edits", "run_rows", "prompts_asked", "recipe_versions"
)  # fmt: skip

# 32 MB: each checkpoint waits for the disk twice, and pages that change with every group are copied once, not often.
_PAGES_BETWEEN_CHECKPOINTS = 8000

# An element's number in its array is its `key`, from 0; the value of one that is an array is its text.
_PLAIN = "INSERT INTO cells SELECT key + ?1, value, '' FROM json_each(?2)"
# The marks come as bytes, in which SQLite finds the place of a row without counting characters from the beginning.
_MARKED = (
    "INSERT INTO cells SELECT key + ?1, value, rtrim(CAST(substr(?3, key * ?4 + 1, ?4) AS TEXT)) FROM json_each(?2)"
)


class RowsWriter:
    """Fills a draft job with rows; readers see them as they come.

    Until `finish`, the job says `import_done: false`, and an import that died can be told from a whole one.

    Raises:
        JobFileError: A request has already gone out for this job: its rows are locked. Or another import
            of the same job has begun since.
        JobInUse: Somebody runs the job.
        StorageError: Nothing of the last batch was kept.
    """

    def __init__(self, path: Path) -> None:
        # Rows can be read again from the source until finish() makes them durable, so the import
        # need not wait for the disk at each batch.
        with at_hand.to_write(path) as here:
            self._path = here
            self._db = job_file.open_checked(here)
        self._returning = Returning(path, here)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_BETWEEN_CHECKPOINTS}")
        self._import_id = uuid.uuid4().hex
        self._next_id = 1

    def begin(
        self,
        columns: Sequence[str],
        *,
        source_name: str,
        import_settings: Mapping[str, Any],
        renamed: Sequence[tuple[int, str, str]] = (),
        sheets: Sequence[str] = (),
    ) -> None:
        """Drop what an earlier import left and name the columns.

        Args:
            renamed: (position, heading in the file, name of the column) of those whose heading could not stay.
            sheets: The names of all sheets of the workbook.

        Raises:
            JobInUse: It is being run.
            JobFileError: It has sent rows already.
        """
        db = self._db
        with job_file.transaction(db, self._path):
            owner = lease.living_owner(db)
            if owner is not None:
                raise lease.taken(owner)
            sent = "SELECT EXISTS (SELECT 1 FROM attempts) OR EXISTS (SELECT 1 FROM status WHERE state = 1)"
            if db.execute(sent).fetchone()[0]:
                raise JobFileError(
                    N_(
                        "This job has already sent rows, so its table cannot be read again. "
                        "Start a new job from the file."
                    )
                )
            for table in _OF_THE_TABLE:
                db.execute(f"DELETE FROM {table}")
            db.execute("DELETE FROM meta WHERE key = 'run'")
            db.execute("UPDATE run_counts SET total = 0, finished = 0")
            db.execute("UPDATE totals SET identical = 0")
            db.execute("UPDATE counts SET waiting = 0, running = 0, done = 0, needs_review = 0, failed = 0")
            db.executemany("INSERT INTO columns VALUES (?, ?)", [(i, storable(n)) for i, n in enumerate(columns)])
            job_file.put_meta(
                db,
                source_name=storable(source_name),
                import_settings=dict(import_settings),
                renamed=[list(item) for item in renamed],
                sheets=list(sheets),
                import_done=False,
                import_id=self._import_id,
                state=JobState.DRAFT.value,
                stopped_cause=None,
                stopped_detail="",
                warnings=[],
            )
        self._next_id = 1

    def add(self, rows: Iterable[tuple[Sequence[str], str]]) -> int:
        """Write one batch: (cells, marks) a row, in file order. Returns the number of rows so far."""
        return self.write([pack_rows(list(rows))])

    def write(self, packed: Sequence[PackedRows]) -> int:
        """As `add`, for rows that are packed already: nearly all of it outside Python's lock.

        May be called on another thread, while nothing else is done with this writer.
        """
        first = self._next_id
        count = sum(batch.count for batch in packed)
        if count:
            with self._as_the_latest():
                self._insert(packed, first)
                self._db.execute(
                    "INSERT INTO status (row_id) SELECT row_id FROM cells WHERE row_id >= ? ORDER BY row_id", (first,)
                )
                self._db.execute("UPDATE counts SET waiting = waiting + ?", (count,))
            self._next_id = first + count
        return self._next_id - 1

    def _insert(self, packed: Sequence[PackedRows], row_id: int) -> None:
        """SQLite takes the rows apart itself: one call for thousands, where `executemany` makes one for each."""
        for width, batches in itertools.groupby(packed, key=lambda batch: batch.width):
            some = [batch for batch in batches if batch.count]
            count = sum(batch.count for batch in some)
            values: tuple[object, ...] = (row_id, f"[{','.join(batch.text for batch in some)}]")
            if width:
                values += ("".join(batch.marks for batch in some).encode(), width)
            inserted = self._db.execute(_MARKED if width else _PLAIN, values).rowcount
            if inserted != count:
                raise InternalError(f"{inserted} rows were stored of {count}")
            row_id += count

    def finish(
        self, warnings: Sequence[tuple[str, Mapping[str, Any]]] = (), former: FormerJob | None = None
    ) -> Carried | None:
        """Make all rows durable and the job ready.

        Args:
            warnings: What the reading of the table had to say: catalogue entry and details each.
            former: The job of a former version of this table, whose answers the same rows keep.

        Returns:
            What was found again; None without a former job.
        """
        db = self._db
        db.execute("PRAGMA synchronous = FULL")
        if former is not None:
            former.attach(db)
        with self._as_the_latest():
            # Before the job is ready: no row may be sent that has its answer already.
            carried = None if former is None else former.carry_to(db)
            stored = [[sentence, json.loads(json.dumps(dict(details), default=str))] for sentence, details in warnings]
            told = None if carried is None else carried.to_dict()
            job_file.put_meta(db, import_done=True, warnings=stored, carried=told, updated_at=time.time())
        if former is not None:
            forget_former(db)
        self.close()
        return carried

    @contextmanager
    def _as_the_latest(self) -> Iterator[None]:
        """A transaction that never happens once another import has begun: rows of two files must not mix."""
        with job_file.transaction(self._db, self._path):
            if job_file.get_meta(self._db, "import_id") != self._import_id:
                raise JobFileError(N_("The table of this job is being read anew. This reading of it has ended."))
            yield

    def close(self) -> None:
        """Let go of the file. Without `finish`, the import stays unfinished."""
        job_file.close(self._db)
        self._returning.close()
