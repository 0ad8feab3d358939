"""What the practice server remembers over restarts: journal, files, batches, and which prompts just failed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

_APPLICATION_ID = 0x524D5052
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_hash TEXT NOT NULL,
    prompt TEXT NOT NULL,
    custom_id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    fate TEXT NOT NULL,
    seconds REAL NOT NULL
);
CREATE INDEX journal_prompt ON journal (prompt_hash) WHERE prompt_hash <> '';
CREATE UNIQUE INDEX journal_batch_row ON journal (batch_id, custom_id) WHERE batch_id <> '' AND custom_id <> '';
CREATE TABLE attempts (key TEXT PRIMARY KEY, failures INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (id TEXT PRIMARY KEY, created_at REAL NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    wire TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended INTEGER NOT NULL,
    document TEXT NOT NULL
);
"""
_GROUP_S = 0.2
_KEPT_ENTRIES = 500_000
_TRIM_EVERY = 50_000
_COLUMNS = "at, endpoint, model, prompt_hash, prompt, custom_id, batch_id, status, fate, seconds"
_INSERT = f"INSERT OR REPLACE INTO journal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Entry(NamedTuple):
    """One request in the journal.

    Attributes:
        at: When it came, Unix seconds.
        endpoint: Its method and path, e.g. "POST /v1/responses"; "batch" for a row of a batch.
        prompt_hash: `asked.prompt_hash` of its prompt; "" where it has none.
        prompt: The prompt itself, where the server was told to keep prompts; else "".
        custom_id, batch_id: For rows of a batch; else "".
        status: The HTTP status; 0 for a connection that was broken on purpose.
        fate: The fault that struck, "none" for none.
        seconds: From request to answer.
    """

    at: float
    endpoint: str
    model: str = ""
    prompt_hash: str = ""
    prompt: str = ""
    custom_id: str = ""
    batch_id: str = ""
    status: int = 200
    fate: str = "none"
    seconds: float = 0.0


class Attempts:
    """How often each prompt has failed since its last answer. Holds only prompts in the middle of failing."""

    def __init__(self, counts: dict[str, int] | None = None) -> None:
        self._counts = counts or {}
        self.changed: dict[str, int] = {}
        """What is to be written: the count by key, 0 for a prompt that was answered."""

    def failures(self, key: str) -> int:
        """Failures since the last answer."""
        return self._counts.get(key, 0)

    def failed(self, key: str) -> None:
        """Count one more failure."""
        self._counts[key] = self.changed[key] = self._counts.get(key, 0) + 1

    def answered(self, key: str) -> None:
        """The prompt was answered: its count starts anew."""
        if self._counts.pop(key, None) is not None:
            self.changed[key] = 0


class State:
    """The server's database. Used from one thread; journal entries and attempts are written in groups.

    Args:
        folder: Made when it is missing, readable by its owner only.
        journal: False keeps no journal.
        kept_entries: The journal keeps about so many of its newest entries.
    """

    def __init__(self, folder: Path, *, journal: bool = True, kept_entries: int = _KEPT_ENTRIES) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = _open(folder / "practice.sqlite3")
        self._journal_on = journal
        self._kept_entries = kept_entries
        self._since_trim = 0
        self._entries: list[Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        self.attempts = Attempts(dict(self._db.execute("SELECT key, failures FROM attempts").fetchall()))

    def close(self) -> None:
        """Write what is left and close. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.flush()
        self._db.close()

    # The journal.

    def note(self, entry: Entry) -> None:
        """Add to the journal; written within a fifth of a second. Call it on the server's loop."""
        if self._journal_on:
            self._entries.append(entry)
        if self._timer is None and (self._entries or self.attempts.changed):
            self._timer = asyncio.get_running_loop().call_later(_GROUP_S, self._flush_on_time)

    def _flush_on_time(self) -> None:
        self._timer = None
        self.flush()

    def flush(self) -> None:
        """Write the journal entries and attempts gathered so far."""
        entries, self._entries = self._entries, []
        changed, self.attempts.changed = self.attempts.changed, {}
        if not entries and not changed:
            return
        with self._writing() as db:
            db.executemany(_INSERT, entries)
            gone = [(key,) for key, count in changed.items() if not count]
            db.executemany("DELETE FROM attempts WHERE key = ?", gone)
            kept = [(key, count) for key, count in changed.items() if count]
            db.executemany("INSERT OR REPLACE INTO attempts (key, failures) VALUES (?, ?)", kept)
            self._trim(db, len(entries))

    def _trim(self, db: sqlite3.Connection, added: int) -> None:
        self._since_trim += added
        if self._since_trim >= min(_TRIM_EVERY, self._kept_entries):
            self._since_trim = 0
            db.execute("DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?", (self._kept_entries,))

    def journal(self, *, endpoint: str = "", prompt_hash: str = "", batch_id: str = "") -> Iterator[Entry]:
        """The entries so far, oldest first, those not yet written included.

        Args:
            endpoint, prompt_hash, batch_id: Only entries with these; "" means any.
        """
        self.flush()
        wanted = [
            (column, value)
            for column, value in (("endpoint", endpoint), ("prompt_hash", prompt_hash), ("batch_id", batch_id))
            if value
        ]
        where = " AND ".join(f"{column} = ?" for column, _ in wanted) or "1"
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM journal WHERE {where} ORDER BY id", [value for _, value in wanted]
        )
        return (Entry(*row) for row in rows)

    # Files and batches: small documents, written at once.

    def save_file(self, document: dict[str, Any]) -> None:
        """Add or replace a file's document; it has `id` and `created_at`."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO files (id, created_at, document) VALUES (?, ?, ?)",
                (document["id"], document["created_at"], json.dumps(document)),
            )

    def file(self, file_id: str) -> dict[str, Any] | None:
        """A file's document; None when there is none."""
        row = self._db.execute("SELECT document FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def files(self) -> list[dict[str, Any]]:
        """All files, newest first."""
        rows = self._db.execute("SELECT document FROM files ORDER BY created_at DESC, id DESC")
        return [json.loads(row[0]) for row in rows]

    def remove_file(self, file_id: str) -> None:
        """Forget a file."""
        with self._writing() as db:
            db.execute("DELETE FROM files WHERE id = ?", (file_id,))

    def save_batch(self, document: dict[str, Any]) -> None:
        """Add or replace a batch's document; it has `id`, `wire`, `created_at` and `ended`."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO batches (id, wire, created_at, ended, document) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, document = excluded.document",
                (document["id"], document["wire"], document["created_at"], document["ended"], json.dumps(document)),
            )

    def batches(self, *, wire: str = "", unfinished: bool = False) -> list[dict[str, Any]]:
        """The batches, newest first; of one wire, or only those that have not ended."""
        rows = self._db.execute(
            "SELECT document FROM batches WHERE (? = '' OR wire = ?) AND (? = 0 OR ended = 0) ORDER BY number DESC",
            (wire, wire, int(unfinished)),
        )
        return [json.loads(row[0]) for row in rows]

    def remove_batch(self, batch_id: str) -> None:
        """Forget a batch."""
        with self._writing() as db:
            db.execute("DELETE FROM batches WHERE id = ?", (batch_id,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _open(path: Path) -> sqlite3.Connection:
    """Open the database; one that cannot be read is set aside and a new one begun, since nothing in it is a user's."""
    try:
        return _opened(path)
    except sqlite3.DatabaseError:
        path.replace(path.with_suffix(f".damaged-{int(time.time())}"))
        for tail in ("-wal", "-shm"):
            path.with_name(path.name + tail).unlink(missing_ok=True)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        # A lost second of practice after a power cut costs nobody anything.
        db.execute("PRAGMA synchronous = NORMAL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            named = f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_SCHEMA_VERSION};"
            db.executescript(f"BEGIN;{_SCHEMA}{named}COMMIT;")
        elif version != _SCHEMA_VERSION or db.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
            raise sqlite3.DatabaseError("another program's database, or another version's")
        db.execute("SELECT count(*) FROM batches").fetchone()
    except BaseException:
        db.close()
        raise
    return db
