"""Overnight parts: which rows went out in which batch, written down before it is sent, and what came back of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from gui_app.jobs import Cause, Recipe
from gui_app.store import job_file, network_folder
from gui_app.store.claims import JobWriter
from gui_app.store.outcomes import Outcome, SentOut
from gui_app.store.packing import storable
from gui_app.store.reading.queries import JobReader
from gui_app.store.schema import FOLLOWS

_BY_HAND = "EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = status.row_id)"
_BACK = f"""
    UPDATE status SET state = CASE WHEN {_BY_HAND} THEN 2 ELSE 0 END, not_before = 0, reserved_usd = NULL,
        first_sent_at = nullif(first_sent_at, sent_at), part_id = NULL, lane = 0
    WHERE part_id = ? AND state = 1
"""


class PartState(StrEnum):
    """Where a part stands. Stored in job files and never renamed."""

    SENDING = "sending"
    """On record; whether the provider has it is not known yet."""
    SENT = "sent"
    """The provider has it."""
    CANCELLING = "cancelling"
    """Asked to be ended. Not an end: what is finished still comes back, and is charged."""
    ENDED = "ended"
    """The provider is through with it; its results are being brought in."""
    COLLECTED = "collected"
    """All that came back is in its rows."""
    VOID = "void"
    """Never became a batch, or was refused as a whole; its rows wait again."""
    LOST = "lost"
    """Went out, and nothing of it can be had any more; its rows count as sent, reply unknown."""


OPEN = (PartState.SENDING, PartState.SENT, PartState.CANCELLING, PartState.ENDED)
_OPEN = f"({', '.join(repr(state.value) for state in OPEN)})"


@dataclass(frozen=True, slots=True)
class PartView:
    """A part, for showing and for working on it. Times are seconds since the epoch; None: not known.

    Attributes:
        host: The address it was sent to; "" for the practice provider, whose address changes.
        key_hint: Tells one key from another, and nothing else about it.
        rows: Requests in it; rows that share their answers come on top.
        status: The provider's own word.
        done, failed: As the provider counts; Anthropic counts only at the end.
        waiting: Requests whose result is not in the job yet.
        expires_at: Ready by then at the latest.
        results_until: The provider keeps the results until then.
        cause, detail: Why the part as a whole came to nothing.
    """

    part_id: int
    nonce: str
    state: PartState
    version: int
    provider: str
    host: str
    key_hint: str
    batch_id: str | None
    file_id: str | None
    rows: int
    size_bytes: int
    reserved_usd: float | None
    created_at: float
    submitted_at: float | None
    expires_at: float | None
    results_until: float | None
    ended_at: float | None
    collected_at: float | None
    status: str
    done: int
    failed: int
    cause: Cause | None
    detail: str
    waiting: int

    @property
    def open(self) -> bool:
        """Something of it may still come."""
        return self.state in OPEN


_PARTS = """
    SELECT part_id, nonce, state, version, provider, host, key_hint, batch_id, file_id, rows, bytes, reserved_usd,
           created_at, submitted_at, expires_at, results_until, ended_at, collected_at, status, done, failed, cause,
           detail, (SELECT count(*) FROM status s WHERE s.part_id = parts.part_id AND s.state = 1)
    FROM parts
"""


def _view(found: Sequence[Any]) -> PartView:
    values = list(found)
    values[2] = PartState(values[2])
    values[21] = None if values[21] is None else Cause(values[21])
    return PartView(*values)


def parts(reader: JobReader) -> list[PartView]:
    """All parts of a job, in the order they were made. For the window."""
    with job_file.contents(reader.path):
        return [_view(found) for found in reader._all(f"{_PARTS} ORDER BY part_id")]


def open_parts(source: JobWriter | JobReader) -> list[PartView]:
    """The parts of which something may still come, in the order they were made."""
    query = f"{_PARTS} WHERE state IN {_OPEN} ORDER BY part_id"
    if isinstance(source, JobReader):
        with job_file.contents(source.path):
            return [_view(found) for found in source._all(query)]
    with job_file.storage_errors(source.path), job_file.contents(source.path):
        return [_view(found) for found in source.db.execute(query).fetchall()]


def following(reader: JobReader) -> int:
    """How many rows wait for the answer of an identical one, and so for nobody to send them."""
    with job_file.contents(reader.path):
        found = reader._all(f"SELECT count(*) FROM status WHERE state = 0 AND not_before = {FOLLOWS}")
        return int(found[0][0])


def ready_by(parts: Sequence[PartView]) -> float | None:
    """When all that is out has come back at the latest; None when nothing is out, or it was not said."""
    return max((part.expires_at for part in parts if part.open and part.expires_at is not None), default=None)


def collect_by(parts: Sequence[PartView]) -> float | None:
    """Until when the provider keeps the first results not collected yet; None when nothing is out, or not said."""
    return min((part.results_until for part in parts if part.open and part.results_until is not None), default=None)


def reserved_usd(db: Connection) -> float:
    """What the parts that are out can cost at most."""
    return float(db.execute(f"SELECT ifnull(sum(reserved_usd), 0) FROM parts WHERE state IN {_OPEN}").fetchone()[0])


def recipe_of(writer: JobWriter, version: int) -> Recipe:
    """The recipe a part was asked with, which may not be the job's present one."""
    with job_file.storage_errors(writer.path), job_file.contents(writer.path):
        found = writer.db.execute("SELECT recipe FROM recipe_versions WHERE version = ?", (version,)).fetchone()
        return Recipe.from_json(found[0])


def recover(writer: JobWriter) -> int:
    """`JobWriter.recover`, and rows that wait for a row in a part go on waiting for it.

    Returns:
        How many live rows were sent and never answered.
    """
    with writer.as_owner():
        followers = writer.db.execute(
            "SELECT s.row_id, s.follows FROM status s JOIN status l ON l.row_id = s.follows "
            "WHERE s.state = 0 AND l.state = 1 AND l.part_id IS NOT NULL"
        ).fetchall()
    lost = writer.recover()
    with writer.as_owner():
        # Should we die before this commit, they are asked nothing: the next claim finds the one they followed.
        writer.db.executemany(
            "UPDATE status SET follows = ?2, not_before = ?3 WHERE row_id = ?1 AND state = 0 "
            "AND EXISTS (SELECT 1 FROM status l WHERE l.row_id = ?2 AND l.state = 1)",
            [(row_id, leader, FOLLOWS) for row_id, leader in followers],
        )
    return lost


def settle(job: Path) -> int:
    """Let rows wait that are marked as running though whoever ran the job died.

    A job in a network folder is left as it is until somebody runs it: to look at it is no change of it.

    Returns:
        How many those were.

    Raises:
        JobInUse: Somebody runs it by now.
        JobFileError, StorageError: It cannot be written.
    """
    if network_folder.is_remote(job.parent):
        return 0
    writer = JobWriter(job)
    try:
        return recover(writer)
    finally:
        writer.close()


def intend(
    writer: JobWriter,
    row_ids: Iterable[int],
    *,
    nonce: str,
    version: int,
    provider: str,
    host: str,
    key_hint: str,
    size_bytes: int,
    reserved_usd: float | None,
) -> PartView:
    """Write a part down, with its rows, in one durable commit. Only then may any of it be sent.

    Args:
        row_ids: Rows that were claimed for the overnight lane and are in no part yet.
    """
    with writer.as_owner():
        made = writer.db.execute(
            "INSERT INTO parts (nonce, state, version, provider, host, key_hint, rows, bytes, reserved_usd, created_at)"
            " VALUES (?, 'sending', ?, ?, ?, ?, 0, ?, ?, ?)",
            (nonce, version, provider, host, key_hint, size_bytes, reserved_usd, time.time()),
        )
        part_id = int(made.lastrowid or 0)
        rows = writer.db.executemany(
            "UPDATE status SET part_id = ? WHERE row_id = ? AND state = 1 AND lane = 1 AND part_id IS NULL",
            ((part_id, row_id) for row_id in row_ids),
        ).rowcount
        writer.db.execute("UPDATE parts SET rows = ? WHERE part_id = ?", (rows, part_id))
        return _one(writer.db, part_id)


def _one(db: Connection, part_id: int) -> PartView:
    return _view(db.execute(f"{_PARTS} WHERE part_id = ?", (part_id,)).fetchone())


_NOTED = frozenset(
    ("state", "batch_id", "file_id", "submitted_at", "expires_at", "results_until", "ended_at", "status", "done")
) | frozenset(("failed", "cause", "detail", "key_hint"))


def note(writer: JobWriter, part_id: int, **values: Any) -> PartView:
    """Store what is newly known about a part; durable when it returns.

    Args:
        values: By their names in `PartView`.

    Raises:
        ValueError: There is no such name, or it is none that is noted so.
        StorageError: Nothing was stored.
    """
    if not _NOTED.issuperset(values):
        raise ValueError(f"no such note: {sorted(set(values) - _NOTED)}")
    values = {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}
    with writer.as_owner():
        writer.db.execute(
            f"UPDATE parts SET {', '.join(f'{name} = ?' for name in values)} WHERE part_id = ?",
            (*values.values(), part_id),
        )
        return _one(writer.db, part_id)


Judge = Callable[[SentOut], Outcome]
"""Tells what became of a row."""


def collect(writer: JobWriter, part_id: int, judges: Mapping[int, Judge]) -> list[Outcome]:
    """Keep some results of a part, in one durable commit. Repeating it changes nothing.

    Args:
        judges: By row id. Rows that are not, or not any more, in this part are passed over: strangers, and rows
            whose result is kept already.

    Returns:
        The outcomes that were kept.
    """
    outcomes: list[Outcome] = []
    ids = list(judges)
    for begin in range(0, len(ids), 500):
        some = ids[begin : begin + 500]
        with job_file.storage_errors(writer.path):
            found = writer.db.execute(
                f"SELECT row_id, tries, sent_at, reserved_usd FROM status WHERE part_id = ? AND state = 1 "
                f"AND row_id IN ({', '.join('?' * len(some))})",
                (part_id, *some),
            ).fetchall()
        for row_id, tries, sent_at, reserved_usd in found:
            outcomes.append(judges[row_id](SentOut(int(row_id), int(tries), float(sent_at or 0.0), reserved_usd)))
    if outcomes:
        # Only the owner moves rows that are out, and he has one thread: they are still in this part.
        writer.exchange(outcomes, 0, outcomes[0].version, _no_rows)
    return outcomes


def _no_rows(rows: Sequence[Any]) -> list[Any]:
    return []


def close(writer: JobWriter, part_id: int, state: PartState, cause: Cause | None = None, detail: str = "") -> int:
    """A part is over: what of it is still out waits again, in the same commit. Returns how many rows those are.

    Args:
        state: `COLLECTED` or `VOID`; or `LOST`, with which those rows count as sent, reply unknown, at their worst
            price.
    """
    now = time.time()
    with writer.as_owner():
        if state is PartState.LOST:
            writer.db.execute(
                "INSERT INTO attempts (row_id, version, lane, sent_at, ended_at, outcome, cause, cost_usd) "
                "SELECT row_id, version, lane, sent_at, ?, 'unknown', ?, reserved_usd FROM status "
                "WHERE part_id = ? AND state = 1",
                (now, Cause.UNKNOWN.value, part_id),
            )
            writer.db.execute(
                f"UPDATE status SET unknown = NOT {_BY_HAND}, cause = CASE WHEN NOT {_BY_HAND} THEN ? END "
                "WHERE part_id = ? AND state = 1",
                (Cause.UNKNOWN.value, part_id),
            )
        back = writer.db.execute(_BACK, (part_id,)).rowcount
        writer.db.execute(
            "UPDATE parts SET state = ?, collected_at = ?, cause = ?, detail = ? WHERE part_id = ?",
            (state.value, now, None if cause is None else cause.value, storable(detail), part_id),
        )
    return back
