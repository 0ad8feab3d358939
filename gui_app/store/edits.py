"""What people do to a job by hand: answers, approvals, drafts, its name. Each step can be undone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gui_app.jobs import Cause, FieldValue, Reading, Recipe, RowState, Scope
from gui_app.store import identical, job_file, lease
from gui_app.store.network import at_hand
from gui_app.store.network.copy_back import Returning
from gui_app.store.packing import pack_value, pack_values, storable

ROWS_AT_A_TIME = 5_000
"""Approving a million rows in one transaction would keep the worker from storing answers for half a minute."""

PAUSE_S = 0.002
"""Between two such groups, so that a worker that waits gets its turn."""

T = TypeVar("T")

# An attempt older than `share_from` is not the answer to what was asked last: the row waits for that.
SETTLE = """
    UPDATE status SET (state, cause, follows, not_before) = (
        SELECT CASE WHEN by_hand THEN 2
                    WHEN answer = 'needs review' THEN CASE WHEN approved THEN 2 ELSE 3 END
                    WHEN answer = 'failed' THEN 4
                    WHEN answer = 'done' THEN 2
                    WHEN blank THEN 4
                    ELSE 0 END,
               CASE WHEN by_hand OR answer = 'done' OR (answer = 'needs review' AND approved) THEN NULL
                    WHEN answer IS NULL THEN status.cause
                    ELSE attempt_cause END,
               CASE WHEN NOT by_hand AND status.state = 0 THEN status.follows END,
               CASE WHEN NOT by_hand AND status.state = 0 THEN status.not_before ELSE 0 END
        FROM (
            SELECT EXISTS (SELECT 1 FROM hand_values h WHERE h.row_id = :row_id) AS by_hand,
                   EXISTS (SELECT 1 FROM approvals p WHERE p.row_id = :row_id) AS approved,
                   s.cause = 'blank_prompt' AND s.attempt_id IS NULL AND s.state > 1 AS blank,
                   a.outcome AS answer, a.cause AS attempt_cause
            FROM status s LEFT JOIN attempts a ON a.attempt_id = s.attempt_id AND a.attempt_id >= s.share_from
            WHERE s.row_id = :row_id
        )
    ) WHERE row_id = :row_id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """The rows an edit changed, so that each widget decides what to redraw."""

    row_ids: tuple[int, ...] = ()


class JobEditor:
    """The window's writing side of a job. One thread only; runs beside the worker.

    Raises:
        JobFileError, StorageError: On opening, and from every method: nothing of that call was kept
            (of a call about thousands of rows, whole groups may have been; they can be undone).
    """

    def __init__(self, path: Path) -> None:
        with at_hand.to_write(path) as here:
            self.path = here
            self._db = job_file.open_checked(here)
        self._returning = Returning(path, here, now_and_then=True)
        # WORKAROUND: before SQLite 3.51.3, two connections that checkpoint while a third one commits may damage
        # a job in very rare cases (https://www.sqlite.org/wal.html#walresetbug). The one that runs it checkpoints.
        # Remove when no supported Python brings an older SQLite.
        self._db.execute("PRAGMA wal_autocheckpoint = 0")

    def close(self) -> None:
        """Let go of the file."""
        job_file.close(self._db, checkpoint=not self._is_run())
        self._returning.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._returning.claim()
        with job_file.transaction(self._db, self.path):
            yield

    def _is_run(self) -> bool:
        try:
            return lease.living_owner(self._db) is not None
        except Exception:  # an unreadable job is closed like any other
            return True

    def save_draft(self, recipe: Recipe) -> None:
        """Keep the recipe as typed so far."""
        self._put(draft=recipe.to_json())

    def rename(self, name: str) -> None:
        """Give the job another name. Its file keeps its own."""
        self._put(name=storable(name))

    def archive(self, archived: bool) -> None:
        """Put the job away, or take it out again. When it was last changed stays as it was."""
        with self._changing():
            job_file.put_meta(self._db, archived=archived)

    def set_note(self, key: str, value: Any) -> None:
        """Keep something of the window's with the job; `value` of JSON types."""
        self._put(**{f"note:{key}": value})

    def _put(self, **values: Any) -> None:
        with self._changing():
            job_file.put_meta(self._db, **values, updated_at=time.time())

    def set_value(self, row_id: int, field: str, value: FieldValue) -> Change:
        """Put an answer made by hand before the model's. A waiting row is done with it, and not sent."""
        return self._edit([row_id], storable(field), pack_value(value))

    def clear_value(self, row_id: int, field: str) -> Change:
        """Take the answer made by hand away: the model's shows again."""
        return self._edit([row_id], storable(field), None)

    def approve(self, row_ids: Iterable[int]) -> Change:
        """Say that the answers of these rows are right. Rows that needed review are done.

        Rows that have no answer yet, or are just being asked again, are left out.
        """
        return self._edit(row_ids, None, "1")

    def unapprove(self, row_ids: Iterable[int]) -> Change:
        """Take approvals back."""
        return self._edit(row_ids, None, None)

    def bring_back(self, row_ids: Iterable[int], *, upto: int | None = None, version: int | None = None) -> Change:
        """Show an earlier answer of these rows again: the last one up to an attempt, or the last of a version.

        Rows that have none, or are on their way, stay as they are; answers made by hand stay before the model's.
        """
        condition = "version = ?" if upto is None else "attempt_id <= ?"
        bound = version if upto is None else upto

        def bring(group: list[int]) -> list[int]:
            return [row_id for row_id in group if self._bring_back(row_id, condition, bound)]

        return self._in_groups(row_ids, bring)

    def _bring_back(self, row_id: int, condition: str, bound: int | None) -> bool:
        found = self._db.execute(
            "SELECT attempt_id, version, detail FROM attempts WHERE row_id = ? AND outcome IN "
            f"('done', 'needs review', 'failed') AND {condition} ORDER BY attempt_id DESC LIMIT 1",
            (row_id, bound),
        ).fetchone()
        if found is None:
            return False
        changed = self._db.execute(
            "UPDATE status SET attempt_id = ?1, version = ?2, detail = ?3, share_from = min(share_from, ?1), "
            "source_row_id = NULL, follows = NULL, tries = 0, not_before = 0, first_sent_at = NULL, unknown = 0 "
            "WHERE row_id = ?4 AND state <> 1 AND (state < 2 OR attempt_id IS NOT ?1)",
            (*found, row_id),
        ).rowcount
        if changed:
            self._settle(row_id, by_hand=True)
        return bool(changed)

    def read_again(self, cause: Cause, read: Callable[[str], Reading]) -> Change:
        """Read the stored replies of rows that need review for this cause once more, as after a label was added.

        No model is asked. A reply that passes now makes its rows done, by the version that asked for it; any other
        stays as it was.

        Args:
            read: What a raw reply says by the fields as they are now.
        """
        with job_file.storage_errors(self.path):
            found = self._db.execute(
                "SELECT row_id FROM status WHERE cause = ? AND state = 3", (cause.value,)
            ).fetchall()

        def read_group(group: list[int]) -> list[int]:
            return [row_id for row_id in group if self._read_again(row_id, read)]

        return self._in_groups([row_id for (row_id,) in found], read_group)

    def _read_again(self, row_id: int, read: Callable[[str], Reading]) -> bool:
        found = self._db.execute(
            "SELECT a.attempt_id, a.outcome, a.raw FROM status s JOIN attempts a ON a.attempt_id = s.attempt_id "
            "WHERE s.row_id = ? AND s.state = 3",
            (row_id,),
        ).fetchone()
        if found is None:
            return False
        attempt_id, outcome, raw = found
        # An identical row's reply may have been read a moment ago for another row that shares it.
        if outcome != "done":
            reading = read(raw) if raw else None
            if reading is None or reading.state is not RowState.DONE:
                return False
            self._db.execute(
                "UPDATE attempts SET outcome = 'done', cause = NULL, detail = '', field_values = ? "
                "WHERE attempt_id = ?",
                (pack_values(reading.values), attempt_id),
            )
        self._db.execute("UPDATE status SET detail = '' WHERE row_id = ?", (row_id,))
        self._settle(row_id, by_hand=False)
        return True

    def use_version(self, version: int | None, run: Mapping[str, Any] | None = None) -> None:
        """Count answers of other versions as earlier ones from now on.

        Args:
            run: The whole note of the run to go back to, where it is known.
        """
        if run is None:
            run = {
                **(job_file.get_meta(self._db, "run") or {"scope": Scope().to_dict(), "options": {}}),
                "version": version,
            }
        self._put(run=dict(run))

    def undo(self) -> Change:
        """Take the last step that is not undone back. Empty when there is none."""
        with job_file.storage_errors(self.path):
            step = self._db.execute("SELECT max(step) FROM edits WHERE undone = 0").fetchone()[0]
            if step is None:
                return Change()
            edits = self._db.execute(
                "SELECT edit_id, row_id, field, before FROM edits WHERE undone = 0 AND step = ? ORDER BY edit_id DESC",
                (step,),
            ).fetchall()
        return self._in_groups(edits, self._undo)

    def _undo(self, edits: list[tuple[int, int, str | None, str | None]]) -> list[int]:
        for edit_id, row_id, field, before in edits:
            self._write(row_id, field, before)
            self._db.execute("UPDATE edits SET undone = 1 WHERE edit_id = ?", (edit_id,))
            self._settle(row_id, by_hand=field is not None)
        return [row_id for _, row_id, _, _ in edits]

    def _edit(self, row_ids: Iterable[int], field: str | None, after: str | None) -> Change:
        with job_file.storage_errors(self.path), job_file.contents(self.path):
            step = 1 + max(
                self._db.execute("SELECT ifnull(max(step), 0) FROM edits WHERE undone = ?", (undone,)).fetchone()[0]
                for undone in (0, 1)
            )

        def edit(group: list[int]) -> list[int]:
            return [row_id for row_id in group if self._edit_one(step, row_id, field, after)]

        return self._in_groups(row_ids, edit)

    def _edit_one(self, step: int, row_id: int, field: str | None, after: str | None) -> bool:
        state = self._db.execute("SELECT state FROM status WHERE row_id = ?", (row_id,)).fetchone()
        before = self._read(row_id, field)
        if state is None or before == after or (field is None and after and state[0] not in (2, 3)):
            return False
        self._db.execute(
            "INSERT INTO edits (step, row_id, field, before, after, edited_at) VALUES (?, ?, ?, ?, ?, ?)",
            (step, row_id, field, before, after, time.time()),
        )
        self._write(row_id, field, after)
        self._settle(row_id, by_hand=field is not None)
        return True

    def _in_groups(self, items: Iterable[T], work: Callable[[list[T]], list[int]]) -> Change:
        left, changed = iter(items), dict[int, None]()
        number = 0
        while group := list(itertools.islice(left, ROWS_AT_A_TIME)):
            number += 1
            if number > 1:
                time.sleep(PAUSE_S)
            with self._changing():
                changed.update(dict.fromkeys(work(group)))
            if number % 20 == 0 and not self._is_run():
                with job_file.storage_errors(self.path):
                    self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return Change(tuple(changed))

    def _read(self, row_id: int, field: str | None) -> str | None:
        if field is None:
            found = self._db.execute("SELECT '1' FROM approvals WHERE row_id = ?", (row_id,)).fetchone()
        else:
            found = self._db.execute(
                "SELECT value FROM hand_values WHERE row_id = ? AND field = ?", (row_id, field)
            ).fetchone()
        return None if found is None else str(found[0])

    def _write(self, row_id: int, field: str | None, value: str | None) -> None:
        now = time.time()
        if field is None and value is None:
            self._db.execute("DELETE FROM approvals WHERE row_id = ?", (row_id,))
        elif field is None:
            self._db.execute("INSERT OR REPLACE INTO approvals VALUES (?, ?)", (row_id, now))
        elif value is None:
            self._db.execute("DELETE FROM hand_values WHERE row_id = ? AND field = ?", (row_id, field))
        else:
            self._db.execute("INSERT OR REPLACE INTO hand_values VALUES (?, ?, ?, ?)", (row_id, field, value, now))

    def _settle(self, row_id: int, *, by_hand: bool) -> None:
        """Give a row the state that follows from its hand-made values, its approval and its last attempt.

        Args:
            by_hand: A hand-made value came or went. An approval never moves a row that waits.
        """
        before = self._db.execute("SELECT state FROM status WHERE row_id = ?", (row_id,)).fetchone()
        # The worker settles a row that is out when its reply comes.
        if before is None or before[0] == 1 or (before[0] == 0 and not by_hand):
            return
        self._db.execute(SETTLE, {"row_id": row_id})
        if before[0] == 0:
            # Whoever waited for this row's reply waits in vain once it is not sent.
            identical.let_go(self._db, "follows = ?", (row_id,))
