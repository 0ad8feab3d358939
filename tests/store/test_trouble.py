"""A walk over all of SQLite's error codes: each is the world's fault, with a sentence, or ours, and passes through."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gui_app.errors import DamagedJobFile, StorageError
from gui_app.store.trouble import storage_errors

OURS = None
PRIMARY: dict[str, str | None] = {
    "SQLITE_ERROR": OURS,
    "SQLITE_INTERNAL": OURS,
    "SQLITE_PERM": "read-only",
    "SQLITE_ABORT": OURS,
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_NOMEM": OURS,
    "SQLITE_READONLY": "read-only",
    "SQLITE_INTERRUPT": OURS,
    "SQLITE_IOERR": "cannot be reached",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_NOTFOUND": OURS,
    "SQLITE_FULL": "is full",
    "SQLITE_CANTOPEN": "cannot be reached",
    "SQLITE_PROTOCOL": "cannot be reached",
    "SQLITE_EMPTY": OURS,
    "SQLITE_SCHEMA": OURS,
    "SQLITE_TOOBIG": "too large",
    "SQLITE_CONSTRAINT": OURS,
    "SQLITE_MISMATCH": OURS,
    "SQLITE_MISUSE": OURS,
    "SQLITE_NOLFS": "cannot be reached",
    "SQLITE_AUTH": "read-only",
    "SQLITE_FORMAT": OURS,
    "SQLITE_RANGE": OURS,
    "SQLITE_NOTADB": "is damaged",
}
CODES = sorted(
    name
    for name in dir(sqlite3)
    if name in PRIMARY or (name.startswith(tuple(f"{known}_" for known in PRIMARY)) and getattr(sqlite3, name) > 0xFF)
)


@pytest.mark.parametrize("name", CODES)
def test_every_code_of_sqlite_has_its_sentence_or_is_ours(name: str, tmp_path: Path, spoils: None) -> None:
    path = tmp_path / "job.rowmill"
    path.write_bytes(b"no database at all")
    code: int = getattr(sqlite3, name)
    error = sqlite3.DatabaseError("words of SQLite's")
    error.sqlite_errorcode = code
    expected = next(said for known, said in PRIMARY.items() if getattr(sqlite3, known) == code & 0xFF)
    if expected is OURS:
        with pytest.raises(sqlite3.DatabaseError), storage_errors(path):
            raise error
    else:
        kind = DamagedJobFile if expected == "is damaged" else StorageError
        with pytest.raises(kind, match=expected) as caught, storage_errors(path):
            raise error
        assert "job.rowmill" in str(caught.value)


def test_no_code_was_left_out_of_the_walk() -> None:
    assert len({getattr(sqlite3, name) & 0xFF for name in CODES}) == len(PRIMARY) == 26
    assert "SQLITE_IOERR_FSYNC" in CODES and len(CODES) > 80
