"""Opening, making and checking job files. The only place that opens SQLite."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from gui_app.errors import N_, NewerJobFile, NotAJobFile, StorageError
from gui_app.store import beside, migrations, network_folder, opened
from gui_app.store.places import complete_file
from gui_app.store.schema import APPLICATION_ID
from gui_app.store.trouble import GONE, READ_ONLY, contents, damaged, map_error, storage_errors, verdict

__all__ = [
    "BUSY_TIMEOUT_MS", "check_contents", "close", "close_reader", "connect", "contents", "create_job", "damaged",
    "get_meta", "look_at_first_bytes", "make_empty", "map_error", "open_checked", "put_meta", "rollback",
    "storage_errors", "transaction",
]  # fmt: skip

BUSY_TIMEOUT_MS = 10_000

LARGEST_VALUE_BYTES = 600_000_000
"""More than the largest row of a sheet; a file that claims more in one place would take all memory."""

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LARGEST_VALUE_BYTES,
    # No other file but a former version of the same job (`carry`), and no triggers that set off triggers without end.
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}


def connect(path: Path, *, read_only: bool = False, isolation: str = "FULL", immutable: bool = False) -> Connection:
    """A connection with every protection on. Checks nothing about the contents: see `open_checked`.

    Args:
        isolation: SQLite's `synchronous`.
        immutable: Read the file as it lies, without its -wal. Only where nobody can be writing.
    """
    mode = "ro" if read_only else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    # The readers and the writer each have a thread of their own, which is not the one that closes them at exit.
    db = opened.connect(path, uri, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        for limit, value in _LIMITS.items():
            db.setlimit(limit, value)
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA temp_store = MEMORY")
        if not read_only:
            db.execute(f"PRAGMA synchronous = {isolation}")
            # macOS takes an ordinary fsync for a wish.
            db.execute("PRAGMA fullfsync = ON")
            db.execute("PRAGMA wal_autocheckpoint = 2000")
            db.execute("PRAGMA cache_size = -8000")
    except BaseException:
        db.close()
        raise
    return db


def open_checked(path: Path, *, read_only: bool = False) -> Connection:
    """Open a job file that may come from anybody.

    Args:
        read_only: Never migrates, never writes. In a folder that cannot be written it reads the file as it lies.

    Raises:
        NotAJobFile: Missing, empty, or something else.
        NewerJobFile: Made by a later version.
        DamagedJobFile: Contents that do not hold together, or parts that Rowmill never writes.
        StorageError: It cannot be reached or written.
    """
    look_at_first_bytes(path)
    beside.check(path)
    with storage_errors(path):
        db = _connect_anyhow(path, read_only=read_only)
        try:
            version = _check_header(db, path)
            _check_objects(db, path, version)
            if not read_only:
                _choose_journal(db, path)
                if version < migrations.LATEST:
                    _migrate_with_backup(db, path)
            return db
        except BaseException:
            db.close()
            raise


def _choose_journal(db: Connection, path: Path) -> None:
    """WAL, but for a folder of another computer: its shared memory reaches no further than this one."""
    if not network_folder.is_remote(path.parent):
        db.execute("PRAGMA journal_mode = WAL")
    elif db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        _leave_wal(db)


def _leave_wal(db: Connection) -> None:
    # In this mode SQLite keeps the index of the -wal file in its own memory, and needs none that is shared.
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA locking_mode = NORMAL")
    db.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _is_in_wal(path: Path) -> bool:
    head = opened.first_bytes(path)
    # "File format write version", sqlite.org/fileformat2.html: 2 is WAL. A job that is open here is out of it.
    return head is not None and head[18:19] == b"\x02"


def _connect_anyhow(path: Path, *, read_only: bool) -> Connection:
    if network_folder.is_remote(path.parent) and _is_in_wal(path):
        # Before anything else touches it: the first look at a job in WAL would map its shared memory.
        with contextlib.suppress(sqlite3.OperationalError), closing(connect(path)) as db:
            _leave_wal(db)
    if not read_only:
        return connect(path)
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        # Opened for reading alone, SQLite cannot make the -shm file that a reader needs when no writer has the
        # job open, and a reader that came first would never see what a later worker writes.
        with contextlib.suppress(sqlite3.OperationalError):
            return _tried(connect(path), query_only=True)
    try:
        return _tried(connect(path, read_only=True))
    except sqlite3.OperationalError as error:
        # A WAL file in a folder that cannot be written refuses even SELECT; with no -wal beside it,
        # nobody writes to it and it can be read as it lies.
        wal = Path(f"{path}-wal")
        if error.sqlite_errorcode & 0xFF not in (READ_ONLY | GONE) or (wal.exists() and wal.stat().st_size):
            raise
        return connect(path, read_only=True, immutable=True)


def _tried(db: Connection, *, query_only: bool = False) -> Connection:
    """The connection, once it has read something."""
    try:
        if query_only:
            db.execute("PRAGMA query_only = ON")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    except BaseException:
        db.close()
        raise


def look_at_first_bytes(path: Path) -> None:
    """Tell a job file from everything else.

    Raises:
        NotAJobFile, DamagedJobFile: It is none.
        StorageError: It cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise NotAJobFile(N_("“{file}” is a folder, not a job file."), file=path.name)
        # A pipe or a device would be waited for.
        head = opened.first_bytes(path) if stat.S_ISREG(mode) else b"\xff"
    except FileNotFoundError:
        raise NotAJobFile(
            N_("There is no job file “{file}” any more. It may have been moved or deleted."), file=path.name
        ) from None
    except OSError as error:
        raise StorageError(
            N_("“{file}” cannot be opened ({reason}). Check that you may read it."),
            file=path.name,
            reason=error.strerror or str(error),
        ) from error
    if head is None:
        return
    if head == b"":
        raise NotAJobFile(N_("“{file}” is empty: it is not a Rowmill job."), file=path.name)
    if not any(head):
        raise damaged(path, "its beginning is gone")
    if not head.startswith(b"SQLite format 3\x00"):
        raise NotAJobFile(
            N_("“{file}” is not a Rowmill job. To start a job from a table, open a CSV or Excel file."), file=path.name
        )


def _check_header(db: Connection, path: Path) -> int:
    application_id = db.execute("PRAGMA application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise NotAJobFile(N_("“{file}” is a database of another program, not a Rowmill job."), file=path.name)
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > migrations.LATEST:
        raise NewerJobFile(
            N_("“{file}” was made by a newer version of Rowmill. Install the current version to open it."),
            file=path.name,
        )
    if version < 1:
        raise damaged(path, "no schema")
    return version


def _check_objects(db: Connection, path: Path, version: int) -> None:
    found, expected = migrations.objects(db), migrations.expected_objects(version)
    if found != expected:
        # Triggers and views planted in a file from a stranger would run with our rights.
        odd = sorted(name for _, name, _, _ in found ^ expected)
        raise damaged(path, f"unexpected or missing parts: {', '.join(odd)[:60]}")


def _migrate_with_backup(db: Connection, path: Path) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        # Read again: two windows may open the same old file at once.
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version < migrations.LATEST:
            _back_up(path, version)
            migrations.migrate(db, start=version)
        db.execute("COMMIT")
    except BaseException:
        rollback(db)
        raise
    _check_objects(db, path, migrations.LATEST)


def _back_up(path: Path, version: int) -> None:
    with complete_file(path.with_name(f"{path.name}.v{version}.backup")) as beside:
        # SQLite's own copy, because a plain one would miss what still lies in the -wal file. By a connection
        # of its own, because the one that migrates holds the lock.
        with closing(connect(path, read_only=True)) as source, closing(connect(beside)) as target:
            source.backup(target)


def check_contents(db: Connection, path: Path) -> None:
    """Read the whole file and check that it holds together. Takes a second per few hundred MB.

    Raises:
        DamagedJobFile: It does not.
        StorageError: It cannot be read.
    """
    with storage_errors(path):
        found = db.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise verdict(path, str(found[0] if found else "unreadable"))


def create_job(path: Path, *, name: str) -> None:
    """Make an empty job file. It appears under its name only when it is complete.

    Raises:
        StorageError: The folder cannot be written, the disk is full, or there is a file of that name.
    """
    with complete_file(path, replace=False) as beside, closing(connect(beside)) as db:
        make_empty(db, name=name)


def make_empty(db: Connection, *, name: str) -> None:
    """Turn an empty file into an empty job."""
    db.execute("PRAGMA page_size = 8192")
    db.execute("BEGIN")
    migrations.migrate(db, start=0)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    now = time.time()
    put_meta(db, name=name, job_id=uuid.uuid4().hex, state="draft", created_at=now, updated_at=now)
    db.execute("COMMIT")
    # Switching later would need the file for itself, while the window and the import both open it.
    if not network_folder.is_remote(_path_of(db).parent):
        db.execute("PRAGMA journal_mode = WAL")


def _path_of(db: Connection) -> Path:
    return Path(db.execute("PRAGMA database_list").fetchone()[2])


def put_meta(db: Connection, **values: Any) -> None:
    """Set notes of the job, as JSON."""
    db.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [(key, json.dumps(value)) for key, value in values.items()],
    )


def get_meta(db: Connection, key: str, default: Any = None) -> Any:
    """One note of the job.

    Raises:
        DamagedJobFile: It cannot be one.
    """
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return default
    try:
        return json.loads(row[0])
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(_path_of(db), f"{type(error).__name__}: {error}") from error


@contextmanager
def transaction(db: Connection, path: Path, *, counted: bool = True) -> Iterator[None]:
    """One short write, durable when it returns.

    Args:
        counted: It changes the job, which a working copy keeps count of; see `working_copy`.

    Raises:
        StorageError, DamagedJobFile: Nothing of it was kept.
    """
    with storage_errors(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if counted:
                db.execute("UPDATE meta SET value = value + 1 WHERE key = 'changes'")
            db.execute("COMMIT")
        except BaseException:
            rollback(db)
            raise


def rollback(db: Connection) -> None:
    """Undo the open transaction. After SQLITE_FULL SQLite has done so itself and ROLLBACK would raise."""
    if db.in_transaction:
        try:
            db.execute("ROLLBACK")
        except sqlite3.Error:
            if db.in_transaction:
                raise


def close(db: Connection, *, checkpoint: bool = True) -> None:
    """Close a writing connection, leaving one file behind where nobody else has the job open.

    Args:
        checkpoint: False while somebody else owns the job and does so himself.
    """
    try:
        if checkpoint:
            # Not a moment's waiting: whoever reads or writes the job meanwhile must not be held up.
            db.execute("PRAGMA busy_timeout = 0")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        pass  # Full, read-only or in use: the -wal file keeps what it holds.
    db.close()


def close_reader(db: Connection, path: Path) -> None:
    """Close a reading connection. The last one leaves the -wal and -shm files, which it may not remove itself.

    One that came while the job was being made cannot write: what somebody wrote beside it, and could not put into the
    job's own file because it was reading, would be missed by whoever copies or mails that file.
    """
    db.close()
    try:
        if Path(f"{path}-wal").exists() and not network_folder.is_remote(path.parent):
            # Where it is the only one, SQLite puts everything in order when this is closed; else nothing happens.
            with closing(connect(path)) as last:
                last.execute("PRAGMA busy_timeout = 0")
                last.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except (OSError, sqlite3.Error):
        pass  # None there, in use, or a folder that cannot be written: harmless.
