"""What came of a row, kept: its new state and, where something was sent, the attempt on record."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

from gui_app.jobs import Cause, RowState
from gui_app.store import identical
from gui_app.store.outcomes import Outcome
from gui_app.store.packing import pack_values, storable
from gui_app.store.schema import LANE_CODES, STATE_CODES

BY_HAND = "EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = status.row_id)"
"""SQL on a row of `status`: somebody has answered it by hand."""

_WAITING, _DONE = STATE_CODES[RowState.WAITING], STATE_CODES[RowState.DONE]


def keep(db: Connection, outcomes: Sequence[Outcome]) -> list[int]:
    """Inside a transaction of the job's owner. Returns the identical rows that got their result with it."""
    if not outcomes:
        return []
    # Asked once for all of them: most jobs have neither.
    edited = _any(db, "row_id", "hand_values")
    followed = _any(db, "follows", "status WHERE follows IS NOT NULL")
    shared: list[int] = []
    for outcome in outcomes:
        by_hand = edited and _is_by_hand(db, outcome.row_id)
        if not outcome.sent:
            _take_back(db, outcome, by_hand=by_hand)
            continue
        settled = outcome.state is not RowState.WAITING
        if _settle(db, outcome, _add_attempt(db, outcome), by_hand=by_hand) and followed and settled:
            shared += identical.share(db, outcome.row_id)
    return shared


def settle_blank(db: Connection, row_id: int, version: int) -> None:
    """A row whose prompt comes out blank has failed, unless it was answered by hand."""
    db.execute(
        f"UPDATE status SET state = CASE WHEN {BY_HAND} THEN 2 ELSE 4 END, version = ?, "
        f"cause = CASE WHEN NOT {BY_HAND} THEN ? END, detail = '', attempt_id = NULL, source_row_id = NULL, "
        "not_before = 0, unknown = 0 WHERE row_id = ?",
        (version, Cause.BLANK_PROMPT.value, row_id),
    )


def _any(db: Connection, number: str, source: str) -> bool:
    return db.execute(f"SELECT max({number}) FROM {source}").fetchone()[0] is not None


def _is_by_hand(db: Connection, row_id: int) -> bool:
    return db.execute("SELECT 1 FROM hand_values WHERE row_id = ? LIMIT 1", (row_id,)).fetchone() is not None


def _take_back(db: Connection, outcome: Outcome, *, by_hand: bool) -> None:
    """It was claimed and never sent: it waits as before."""
    db.execute(
        "UPDATE status SET state = ?, not_before = ?, reserved_usd = NULL, part_id = NULL, lane = 0, "
        "first_sent_at = nullif(first_sent_at, sent_at) WHERE row_id = ? AND state = 1",
        (_DONE if by_hand else _WAITING, max(outcome.not_before, 0.0), outcome.row_id),
    )


def _settle(db: Connection, outcome: Outcome, attempt_id: int, *, by_hand: bool) -> bool:
    """The row's state after an attempt. False when it was not running any more."""
    settled = outcome.state is not RowState.WAITING
    # What was answered by hand in the meantime is done, and not asked again.
    waits = not settled and not by_hand
    return bool(
        db.execute(
            "UPDATE status SET state = ?, version = ?, cause = ?, detail = ?, tries = ?, not_before = ?, "
            "attempt_id = CASE WHEN ? THEN ? ELSE attempt_id END, "
            "source_row_id = CASE WHEN ? THEN NULL ELSE source_row_id END, "
            "first_sent_at = CASE WHEN ? THEN first_sent_at END, reserved_usd = NULL, unknown = ?, part_id = NULL "
            "WHERE row_id = ? AND state = 1",
            (
                _DONE if by_hand else STATE_CODES[outcome.state],
                outcome.version,
                None if by_hand or outcome.cause is None else outcome.cause.value,
                storable(outcome.detail),
                outcome.tries if waits else 0,
                # Never 0, which is a row that no attempt has been made for.
                max(outcome.not_before, 1.0) if waits else 0,
                settled,
                attempt_id,
                settled,
                waits,
                outcome.unknown and waits,
                outcome.row_id,
            ),
        ).rowcount
    )


def _add_attempt(db: Connection, outcome: Outcome) -> int:
    usage = outcome.usage
    added = db.execute(
        "INSERT INTO attempts (row_id, version, lane, sent_at, ended_at, outcome, cause, detail, raw, field_values,"
        " confidence, model, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost_usd)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            outcome.row_id,
            outcome.version,
            LANE_CODES[outcome.lane],
            outcome.sent_at,
            outcome.ended_at,
            "unknown" if outcome.unknown else outcome.state.value,
            None if outcome.cause is None else outcome.cause.value,
            storable(outcome.detail),
            None if outcome.raw is None else storable(outcome.raw),
            None if outcome.values is None else pack_values(outcome.values),
            pack_values(outcome.confidence) if outcome.confidence else None,
            storable(outcome.model),
            usage and usage.input_tokens,
            usage and usage.output_tokens,
            usage and usage.cached_input_tokens,
            usage and usage.reasoning_tokens,
            outcome.cost_usd,
        ),
    )
    return int(added.lastrowid or 0)
