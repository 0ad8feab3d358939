"""Putting a run's scope into effect: which rows it asks, and which of them start afresh."""

from __future__ import annotations

from dataclasses import replace
from sqlite3 import Connection

from gui_app.jobs import RowState, Scope, ScopeKind
from gui_app.store.reading import filters
from gui_app.store.schema import STATE_CODES

_IN_RUN = "row_id IN (SELECT row_id FROM run_rows)"
_NOT_BY_HAND = "row_id NOT IN (SELECT row_id FROM hand_values)"


def apply(db: Connection, scope: Scope) -> bool:
    """Fill `run_rows` and send the scope's finished rows back to waiting. Within a transaction.

    Returns:
        False when the run is over all rows, and `run_rows` is left empty.
    """
    db.execute("DELETE FROM run_rows")
    filters.prepare(db)
    limited = scope.kind is ScopeKind.RETRY or not scope.rows.is_empty() or scope.first is not None
    if scope.kind is ScopeKind.RETRY:
        _retry(db, scope)
    elif limited:
        _collect(db, scope)
    if scope.kind is ScopeKind.AGAIN:
        _again(db, scope, limited)
    db.execute(
        "UPDATE run_counts SET total = (SELECT count(*) FROM run_rows), finished = "
        "(SELECT count(*) FROM run_rows r CROSS JOIN status s ON s.row_id = r.row_id WHERE s.state > 1)"
    )
    return limited


def _collect(db: Connection, scope: Scope) -> None:
    condition, values = filters.where(scope.rows)
    joins = filters.JOINS if filters.needs_joins(scope.rows) else "FROM status s"
    if scope.first is not None:
        condition += " AND s.row_id <= ?"
        values.append(scope.first)
    db.execute(f"INSERT INTO run_rows SELECT s.row_id {joins} WHERE {condition}", values)


def _retry(db: Connection, scope: Scope) -> None:
    # A cause may stand for either: an off-list label needs review, a refusal failed.
    named = scope.rows.causes or scope.rows.row_ids is not None
    states = scope.rows.states or frozenset({RowState.FAILED, *([RowState.NEEDS_REVIEW] if named else ())})
    # A row that is done is never paid for again under the name of a retry.
    states &= {RowState.FAILED, RowState.NEEDS_REVIEW}
    if not states:
        return
    _collect(db, replace(scope, rows=replace(scope.rows, states=states)))
    # Rows with the same prompt failed as one and are retried as one: the one asked, and all that got its result.
    wanted = f"o.state IN ({', '.join(str(STATE_CODES[state]) for state in sorted(states))})"
    groups = (
        "(SELECT DISTINCT ifnull(s.source_row_id, s.row_id) AS source, s.attempt_id AS attempt "
        "FROM run_rows r CROSS JOIN status s ON s.row_id = r.row_id WHERE s.attempt_id IS NOT NULL) g"
    )
    for relation in ("o.row_id", "o.source_row_id"):
        db.execute(
            f"INSERT OR IGNORE INTO run_rows SELECT o.row_id FROM {groups} "
            f"CROSS JOIN status o ON {relation} = g.source WHERE o.attempt_id = g.attempt AND {wanted}"
        )
    _start_afresh(db, _IN_RUN)


def _again(db: Connection, scope: Scope, limited: bool) -> None:
    if not limited:
        # What somebody wrote by hand needs no answer that is paid for.
        _start_afresh(db, _NOT_BY_HAND)
        return
    if scope.rows.row_ids is None:
        db.execute(f"DELETE FROM run_rows WHERE NOT ({_NOT_BY_HAND})")
    _start_afresh(db, _IN_RUN)


def _start_afresh(db: Connection, condition: str) -> None:
    # An approval was one of the old answer; undoing must not bring it back over the new one.
    finished = f"EXISTS (SELECT 1 FROM status s WHERE s.row_id = {{0}}.row_id AND s.state > 1 AND s.{condition})"
    db.execute(f"DELETE FROM edits WHERE field IS NULL AND {finished.format('edits')}")
    db.execute(f"DELETE FROM approvals WHERE {finished.format('approvals')}")
    db.execute(
        "UPDATE status SET state = 0, tries = 0, not_before = 0, first_sent_at = NULL, follows = NULL, cause = NULL, "
        "detail = '', unknown = 0, share_from = (SELECT ifnull(max(attempt_id), 0) + 1 FROM attempts) "
        f"WHERE state > 1 AND {condition}"
    )
