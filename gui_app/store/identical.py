"""Rows with the very same prompt: asked once, by one of them, for all of them."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Literal

from gui_app.store.outcomes import Prepared
from gui_app.store.schema import FOLLOWS

# A prompt is decided by the recipe version and the row's cells, which never change. So a row that was asked this
# prompt once has it in every attempt of that version, and only the version need be compared.
_ASKED = """
    SELECT p.row_id, s.state, s.not_before, s.version = p.version,
           a.row_id = s.row_id AND a.version = p.version AND a.attempt_id >= ?
    FROM prompts_asked p JOIN status s ON s.row_id = p.row_id LEFT JOIN attempts a ON a.attempt_id = s.attempt_id
    WHERE p.version = ? AND p.digest = ?
"""

# What was answered by hand stays done, whatever the model said.
_SHARE = """
    UPDATE status SET (state, version, cause, detail, attempt_id) = (
        SELECT CASE WHEN EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = status.row_id) THEN 2
                    WHEN a.outcome = 'done' THEN 2 WHEN a.outcome = 'needs review' THEN 3 ELSE 4 END,
               a.version,
               CASE WHEN NOT EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = status.row_id) THEN a.cause END,
               a.detail, a.attempt_id
        FROM status l JOIN attempts a ON a.attempt_id = l.attempt_id WHERE l.row_id = ?1),
        source_row_id = ?1, follows = NULL, not_before = 0, unknown = 0, tries = 0, first_sent_at = NULL
"""


def place(
    db: Connection, item: Prepared, version: int, share_from: int, *, limited: bool
) -> Literal["send", "follows", "settled"]:
    """Decide whether a row about to be sent needs a request of its own, and put its state right if not.

    Args:
        share_from: The oldest attempt whose reply it may be given.
        limited: The run is over `run_rows` alone; a row outside it will not be asked.
    """
    if item.digest is None:
        return "send"
    first = db.execute(
        "INSERT INTO prompts_asked VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (version, item.digest, item.row_id)
    )
    if first.rowcount:
        return "send"
    asked = db.execute(_ASKED, (share_from, version, item.digest)).fetchone()
    if asked is not None and asked[0] != item.row_id:
        leader, state, not_before, same_version, may_share = asked
        if same_version and (state == 1 or (state == 0 and not_before > 0 and (not limited or _in_run(db, leader)))):
            db.execute("UPDATE status SET follows = ?, not_before = ? WHERE row_id = ?", (leader, FOLLOWS, item.row_id))
            return "follows"
        if state > 1 and may_share:
            db.execute(f"{_SHARE} WHERE state = 0 AND row_id = ?2", (leader, item.row_id))
            return "settled"
    db.execute(
        "UPDATE prompts_asked SET row_id = ? WHERE version = ? AND digest = ?", (item.row_id, version, item.digest)
    )
    return "send"


def _in_run(db: Connection, row_id: int) -> bool:
    return db.execute("SELECT 1 FROM run_rows WHERE row_id = ?", (row_id,)).fetchone() is not None


def share(db: Connection, leader: int) -> list[int]:
    """Give a row's result, whatever it is, to the rows that waited for it. Returns their ids."""
    waiting = [row for (row,) in db.execute("SELECT row_id FROM status WHERE follows = ? AND state = 0", (leader,))]
    if waiting:
        db.execute(f"{_SHARE} WHERE state = 0 AND follows = ?1", (leader,))
    return waiting


def let_go(db: Connection, condition: str = "follows IS NOT NULL", values: tuple[int, ...] = ()) -> None:
    """Rows that waited for another's reply may be asked themselves."""
    db.execute(f"UPDATE status SET follows = NULL, not_before = max(not_before, 0) WHERE {condition}", values)
