"""Which job files this process has open, so that none is opened and closed outside SQLite meanwhile."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Any

# Closing any descriptor of a file drops every POSIX lock this process has on it, SQLite's too, and the next program to
# come writes between our lines (sqlite.org/howtocorrupt.html, 2.2). SQLite knows of its own connections, not of others.

HEAD_BYTES = 100
PIECE_BYTES = 8192


class _File:
    """One file, whatever names it has."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connections: weakref.WeakSet[Connection] = weakref.WeakSet()
        self.kept: list[int] = []

    def left(self, db: Connection) -> None:
        """A connection is closed; with the last one goes what was read beside them."""
        with self.lock:
            self.connections.discard(db)
            while self.kept and not self.connections:
                os.close(self.kept.pop())


_files: weakref.WeakValueDictionary[tuple[int, int], _File] = weakref.WeakValueDictionary()
_files_lock = threading.Lock()


class Connection(sqlite3.Connection):
    """A connection that is known here for as long as it is open."""

    file: _File

    def close(self) -> None:
        """Close the connection."""
        super().close()
        if hasattr(self, "file"):
            self.file.left(self)


def connect(path: Path, uri: str, **options: Any) -> Connection:
    """`sqlite3.connect`, for a file that is there.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    file = _file(path)
    with file.lock:
        db = sqlite3.connect(uri, uri=True, factory=Connection, **options)
        db.file = file
        file.connections.add(db)
    return db


def first_bytes(path: Path) -> bytes | None:
    """How a file begins; None when this process has it open already.

    Raises:
        OSError: It cannot be read.
    """
    file = _file(path)
    with file.lock:
        if file.connections:
            return None
        with path.open("rb") as opened:
            return opened.read(HEAD_BYTES)


def can_be_read(path: Path) -> bool:
    """Whether the system gives every byte of a job file. Reads it all."""
    try:
        for name in (path, Path(f"{path}-wal")):
            if name.exists() or name == path:
                _read(name)
    except OSError:
        return False
    return True


def _read(path: Path) -> None:
    file = _file(path)
    with file.lock:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            # In small pieces: each page is a question of its own to a drive that answers now and then.
            while os.read(handle, PIECE_BYTES):
                pass
        finally:
            if file.connections:
                file.kept.append(handle)
            else:
                os.close(handle)


def _file(path: Path) -> _File:
    try:
        found = os.stat(path)
    except OSError:
        return _File()
    with _files_lock:
        return _files.setdefault((found.st_dev, found.st_ino), _File())
