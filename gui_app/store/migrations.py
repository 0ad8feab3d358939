"""The numbered steps from one schema to the next. Append only: a released step never changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache

from gui_app.store import schema


def _first(db: sqlite3.Connection) -> None:
    for statement in statements(schema.V1):
        db.execute(statement)


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_first]
"""Step n takes a file from user_version n to n + 1."""

LATEST = len(MIGRATIONS)


def statements(script: str) -> list[str]:
    """Split a script into statements. `executescript` would commit the open transaction."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current.strip())
            current = ""
    return found


def migrate(db: sqlite3.Connection, *, start: int) -> None:
    """Take an open file to the latest schema. The caller holds the transaction and has made a backup."""
    for number in range(start, LATEST):
        MIGRATIONS[number](db)
    db.execute(f"PRAGMA user_version = {LATEST}")


@lru_cache
def expected_objects(version: int = LATEST) -> frozenset[tuple[str, str, str, str]]:
    """Type, name, table and text of every object a file of this schema version has."""
    db = sqlite3.connect(":memory:")
    try:
        for number in range(version):
            MIGRATIONS[number](db)
        return objects(db)
    finally:
        db.close()


def objects(db: sqlite3.Connection) -> frozenset[tuple[str, str, str, str]]:
    """Type, name, table and text of all objects in an open file.

    SQLite's own too: a trigger under a name of SQLite's can be planted with a hex editor, and would run.
    """
    rows = db.execute("SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_master")
    return frozenset((str(kind), str(name), str(table), str(sql)) for kind, name, table, sql in rows)
