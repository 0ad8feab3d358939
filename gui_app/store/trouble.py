"""SQLite's errors, and contents that cannot be, as the sentences a user sees."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gui_app.errors import N_, DamagedJobFile, JobFileError, StorageError
from gui_app.store import opened

GONE_SENTENCE = N_("“{file}” cannot be reached. Check that its drive is connected and its folder can be opened.")
_FULL_SENTENCE = N_("The disk that holds “{file}” is full. Free some space, then continue: nothing is lost.")
_READ_ONLY_SENTENCE = N_(
    "“{file}” cannot be written: the file or its folder is read-only. Allow writing, or copy it elsewhere."
)

_FULL = {sqlite3.SQLITE_FULL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
GONE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS}
# The last: SQLite could not hand a text to one of ours, because it is no UTF-8.
_DAMAGED_TEXTS = ("malformed JSON", "Could not decode to UTF-8", "user-defined function raised exception")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the world into ours. Mistakes of ours pass through.

    Raises:
        StorageError: Full, read-only, gone, or busy for longer than the busy timeout.
        DamagedJobFile: The contents do not hold together.
    """
    try:
        yield
    except sqlite3.Error as error:
        mapped = map_error(error, path)
        if mapped is None:
            raise
        raise mapped from error


def map_error(error: sqlite3.Error, path: Path) -> JobFileError | StorageError | None:
    """The error to show for one of SQLite's; None for those that are mistakes of ours."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    name = path.name
    if code in _FULL:
        return StorageError(_FULL_SENTENCE, file=name)
    if code == sqlite3.SQLITE_CORRUPT and not _is_damaged(path):
        return _gone(path)
    if code in _DAMAGED or any(text in str(error) for text in _DAMAGED_TEXTS):
        return damaged(path, str(error))
    if code in READ_ONLY or (code == sqlite3.SQLITE_CANTOPEN and _is_read_only(path)):
        return StorageError(_READ_ONLY_SENTENCE, file=name)
    if code in GONE:
        return _gone(path)
    if code == sqlite3.SQLITE_TOOBIG:
        return StorageError(
            N_(
                "A row is too large to be kept in “{file}”. Shorten its longest cells in the table, then open it again."
            ),
            file=name,
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageError(
            N_("Another program keeps “{file}” locked. Close it there, or try again in a moment."), file=name
        )
    return None


@contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """As `storage_errors`, for what is done to files without SQLite.

    Raises:
        StorageError: Full, read-only, or gone.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(_FULL_SENTENCE, file=path.name) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise StorageError(_READ_ONLY_SENTENCE, file=path.name) from error
        raise _gone(path) from error


@contextmanager
def contents(path: Path) -> Iterator[None]:
    """Around turning what is stored into our own types: what does not fit was not written by Rowmill.

    Raises:
        DamagedJobFile: A value, state or cause that cannot be one.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def _gone(path: Path) -> StorageError:
    return StorageError(GONE_SENTENCE, file=path.name)


def _is_damaged(path: Path) -> bool:
    # SQLite says "malformed" also where the system could not read the file (SQLITE_IOERR_CORRUPTFS), and does not say
    # which. A drive that was pulled out is no damage, and what is on its way must not be given up for it.
    # Looked at twice: a drive may fail in one moment, answer in the next, and fail again.
    return all(opened.can_be_read(path) and not _holds_together(path) for _ in range(2)) and opened.can_be_read(path)


def _holds_together(path: Path) -> bool:
    try:
        with closing(opened.connect(path, f"{path.absolute().as_uri()}?mode=ro")) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            return bool(db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def verdict(path: Path, reason: str) -> DamagedJobFile | StorageError:
    """The error for a file that was checked and did not hold together, or could not be read."""
    return damaged(path, reason) if opened.can_be_read(path) else _gone(path)


def _is_read_only(path: Path) -> bool:
    # SQLite cannot open a job without making files beside it, and does not say why.
    return path.parent.exists() and not os.access(
        path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids
    )


def damaged(path: Path, reason: str) -> DamagedJobFile:
    """The error for contents that do not hold together."""
    return DamagedJobFile(
        N_(
            "The job file “{file}” is damaged ({reason}) and was left as it is. Open a copy from a backup, "
            "or start a new job from the original table."
        ),
        file=path.name,
        reason=reason[:120],
    )
