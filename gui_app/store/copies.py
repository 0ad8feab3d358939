"""Whole job files: copying a live one, duplicating a job, a glance at many, and a check of one."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from gui_app.errors import N_, JobFileError, StorageError, UserError
from gui_app.jobs import Counts, JobState
from gui_app.store import identical, job_file, network_folder, places
from gui_app.store.network import at_hand, in_use
from gui_app.store.network.working_copy import OF_COPIES, STAMP
from gui_app.store.packing import storable
from gui_app.store.reading.queries import JobReader
from gui_app.store.trouble import system_errors


@dataclass(frozen=True, slots=True)
class JobGlance:
    """A line of the jobs list.

    Attributes:
        owner: Who runs it now; None when nobody does.
        archived: Put away: listed in the archive only.
        interrupted: Whoever ran it ended before it could say so.
        behind: Its network folder lacks what was done here, and could not be written when it was last tried.
        error: Why nothing else can be said of this file; `name` is then its file's.
    """

    path: Path
    name: str
    state: JobState = JobState.DRAFT
    counts: Counts = field(default_factory=Counts)
    updated_at: float = 0.0
    import_done: bool = False
    owner: str | None = None
    error: UserError | None = None
    archived: bool = False
    interrupted: bool = False
    behind: bool = False


def job_glance(path: Path) -> JobGlance:
    """What the jobs list shows of a job. Raises nothing about the file: `error` holds it."""
    try:
        with closing(JobReader(path)) as reader:
            found = reader.summary()
    except UserError as error:
        return JobGlance(path, path.stem, error=error)
    return JobGlance(
        path, found.name, found.state, found.counts, found.updated_at, found.import_done, found.owner,
        archived=found.archived, interrupted=found.interrupted, behind=found.behind is not None,
    )  # fmt: skip


def check_job(path: Path) -> None:
    """Read a whole job file and see that it holds together, counts included. About a second per few hundred MB.

    Raises:
        JobFileError, StorageError: It does not, or cannot be read.
    """
    path = at_hand.to_read(path)
    db = job_file.open_checked(path, read_only=True)
    try:
        job_file.check_contents(db, path)
        with job_file.storage_errors(path):
            wrong = db.execute(_WRONG).fetchall()
    finally:
        job_file.close_reader(db, path)
    if wrong:
        raise job_file.damaged(path, ", ".join(name for (name,) in wrong))


# Each names what is wrong; no line when all is well.
_WRONG = """
    SELECT 'counts' WHERE NOT EXISTS (
        SELECT waiting, running, done, needs_review, failed FROM counts INTERSECT
        SELECT ifnull(sum(state = 0), 0), ifnull(sum(state = 1), 0), ifnull(sum(state = 2), 0),
               ifnull(sum(state = 3), 0), ifnull(sum(state = 4), 0) FROM status)
    UNION ALL SELECT 'states' WHERE EXISTS (SELECT 1 FROM status WHERE state NOT IN (0, 1, 2, 3, 4))
    UNION ALL SELECT 'rows' WHERE (SELECT count(*) FROM cells) <> (SELECT count(*) FROM status)
        OR EXISTS (SELECT 1 FROM cells c WHERE NOT EXISTS (SELECT 1 FROM status s WHERE s.row_id = c.row_id))
    UNION ALL SELECT 'totals' WHERE (SELECT requests FROM totals) <> (SELECT count(*) FROM attempts)
    UNION ALL SELECT 'answers' WHERE EXISTS (
        SELECT 1 FROM status s LEFT JOIN attempts a ON a.attempt_id = s.attempt_id
        WHERE s.attempt_id IS NOT NULL AND a.row_id IS NOT ifnull(s.source_row_id, s.row_id))
"""


def save_copy(source: Path, target: Path) -> None:
    """Copy a job, also one that is being run, as it is at this moment. Nobody owns the copy.

    Raises:
        JobFileError: The source cannot be used.
        StorageError: The target cannot be written, or is itself a job that is open.
    """
    _check_apart(source, target)
    _check_closed(target)
    source = at_hand.to_read(source)
    db = job_file.open_checked(source, read_only=True)
    try:
        with places.complete_file(target) as beside:
            if network_folder.is_remote(target.parent):
                # Made here first: SQLite would want locks and shared memory for what nobody shares.
                with system_errors(target), tempfile.TemporaryDirectory() as folder:
                    made = Path(folder) / target.name
                    made.touch()
                    _fill(made, db, source)
                    shutil.copyfile(made, beside)
            else:
                _fill(beside, db, source)
    finally:
        job_file.close_reader(db, source)


def _fill(beside: Path, db: Connection, source: Path) -> None:
    with closing(job_file.connect(beside)) as copy:
        _copy(db, source, copy)
        with job_file.transaction(copy, beside):
            _belongs_to_nobody(copy)
        # One file, wherever it is taken from here; the first to work on it turns this on again.
        copy.execute("PRAGMA journal_mode = DELETE")


def _check_closed(target: Path) -> None:
    """A job that somebody has open would go on being written, under no name."""
    if not target.exists():
        return
    alone = not in_use.mark_of(target).exists()
    with suppress(sqlite3.DatabaseError):  # Something else, which its user gives up.
        with closing(job_file.connect(target)) as db:
            db.execute("PRAGMA busy_timeout = 0")
            try:
                # Leaving WAL needs the file for oneself.
                alone = alone and db.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "wal"
            except sqlite3.OperationalError:
                alone = False
    if not alone:
        raise StorageError(
            N_("“{file}” is a job that is open. Close it first, or choose another name for the copy."),
            file=target.name,
        )


def duplicate_job(source: Path, target: Path, *, with_answers: bool, name: str) -> None:
    """Make a new job of the same table and recipe.

    Args:
        target: Must not exist.
        with_answers: Its answers, hand edits and costs too. Rows that are out in the source wait in the duplicate.

    Raises:
        JobFileError: The source cannot be used, or its table was not read to its end.
        StorageError: The target cannot be written.
    """
    _check_apart(source, target)
    source = at_hand.to_read(source)
    db = job_file.open_checked(source, read_only=True)
    try:
        if not job_file.get_meta(db, "import_done", False):
            raise JobFileError(
                N_("The table of this job was not read to its end. Open the original file again to start over.")
            )
        with places.complete_file(target, replace=False) as beside, closing(job_file.connect(beside)) as copy:
            if with_answers:
                _copy(db, source, copy)
            else:
                job_file.make_empty(copy, name=name)
            with job_file.transaction(copy, target):
                if with_answers:
                    _let_rows_wait(copy)
                else:
                    _take_table(db, copy)
                now = time.time()
                _belongs_to_nobody(copy)
                job_file.put_meta(copy, name=storable(name), job_id=uuid.uuid4().hex, created_at=now, updated_at=now)
    finally:
        job_file.close_reader(db, source)


def _belongs_to_nobody(copy: Connection) -> None:
    job_file.put_meta(copy, owner=None)
    copy.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in (*OF_COPIES, STAMP)])


def _check_apart(source: Path, target: Path) -> None:
    if target.exists() and source.exists() and target.samefile(source):
        raise StorageError(N_("“{file}” is the job itself. Choose another name for the copy."), file=target.name)


def _copy(db: Connection, source: Path, target: Connection) -> None:
    with job_file.storage_errors(source):
        # In one step, which sees one state of the job however many answers come in meanwhile.
        db.backup(target)


def _let_rows_wait(copy: Connection) -> None:
    # The source's requests and batches are the source's; their replies never come here.
    copy.execute(
        "UPDATE status SET state = CASE WHEN EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = status.row_id) "
        "THEN 2 ELSE 0 END, not_before = 0, first_sent_at = NULL, reserved_usd = NULL, part_id = NULL, lane = 0 "
        "WHERE state = 1"
    )
    identical.let_go(copy)
    copy.execute("DELETE FROM parts")
    job_file.put_meta(copy, state=JobState.PAUSED.value if job_file.get_meta(copy, "run") else JobState.DRAFT.value)


_KEPT_NOTES = "key IN ('source_name', 'import_settings', 'renamed', 'sheets', 'import_done', 'warnings', 'draft')"


def _take_table(db: Connection, copy: Connection) -> None:
    db.execute("BEGIN")
    try:
        for table in ("columns", "cells"):
            places = ", ".join("?" for _ in db.execute(f"PRAGMA table_info({table})"))
            copy.executemany(f"INSERT INTO {table} VALUES ({places})", db.execute(f"SELECT * FROM {table}"))
        copy.execute("INSERT INTO status (row_id) SELECT row_id FROM cells ORDER BY row_id")
        copy.execute("UPDATE counts SET waiting = (SELECT count(*) FROM status)")
        notes = db.execute(f"SELECT key, value FROM meta WHERE {_KEPT_NOTES} OR key LIKE 'note:%'")
        copy.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", notes)
    finally:
        job_file.rollback(db)
