"""The worker's side of a job file: taking rows, marking them sent, keeping what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gui_app.errors import N_, InternalError, JobFileError, StorageError
from gui_app.jobs import Cause, Counts, JobState, Lane, Recipe, Row, RowState, Scope
from gui_app.store import identical, job_file, keeping, lease, scopes
from gui_app.store.keeping import BY_HAND
from gui_app.store.network import at_hand
from gui_app.store.network.copy_back import Returning
from gui_app.store.outcomes import Claimed, Outcome, Prepared
from gui_app.store.packing import storable, unpack_cells
from gui_app.store.places import WhereItLay
from gui_app.store.schema import COUNTS, LANE_CODES, STANDING, STATE_CODES

__all__ = ["Claimed", "JobWriter", "Outcome", "Prepared"]

_RUNNING = STATE_CODES[RowState.RUNNING]

MAX_RETRY_AHEAD_S = 3600.0
"""A retry set further ahead than this was set by a clock that has since been turned back: it is due."""

CLAIM_FOR_S = 0.1
CLAIM_CHARACTERS = 8_000_000
"""A claim of rows that need no request, or of very long ones, ends here: others wait for the file meanwhile,
and prompts lie in memory."""

_Found = tuple[Row, int, float | None, int]
"""A row that may be sent: itself, its tries so far, the time of its first attempt, the oldest reply it may share."""


def _claims(limited: bool) -> list[tuple[bool, str]]:
    """The queries that find rows to send, in order: retries that are due first, then (True) rows not tried yet."""
    columns = "SELECT s.row_id, c.cells, s.tries, s.first_sent_at, s.share_from FROM"
    within = "AND s.row_id IN (SELECT row_id FROM run_rows)" if limited else ""
    # In file order behind a cursor: a run over chosen rows would else pass its finished ones at every claim.
    table = "run_rows r CROSS JOIN status s ON s.row_id = r.row_id" if limited else "status s"
    row_id = "r.row_id" if limited else "s.row_id"
    retries = [
        (
            False,
            f"{columns} status s CROSS JOIN cells c ON c.row_id = s.row_id "
            f"WHERE s.state = 0 AND {due} {within} ORDER BY s.not_before LIMIT :limit",
        )
        for due in ("s.not_before > 0 AND s.not_before <= :now", "s.not_before > :far")
    ]
    fresh = (
        f"{columns} {table} CROSS JOIN cells c ON c.row_id = s.row_id "
        f"WHERE s.state = 0 AND s.not_before = 0 AND {row_id} > :cursor ORDER BY {row_id} LIMIT :limit"
    )
    return [*retries, (True, fresh)]


_CLAIMS = {limited: _claims(limited) for limited in (False, True)}


class JobWriter:
    """A job opened by its owner. One thread only.

    Raises:
        JobInUse: Another process owns it.
        JobFileError: It cannot be used.
        StorageError: From every writing method: nothing of that call was kept.
    """

    def __init__(self, path: Path) -> None:
        with at_hand.to_write(path) as here:
            self.path = here
            self.db = job_file.open_checked(here)
            try:
                if not job_file.get_meta(self.db, "import_done", False):
                    raise JobFileError(
                        N_("The table of this job was not read to its end. Open the original file again to start over.")
                    )
                self._lease = lease.take(self.db, here)
            except BaseException:
                job_file.close(self.db, checkpoint=False)
                raise
        self._returning = Returning(path, here)
        # A run goes through the file once, from the front to the end: what it has left behind need not be kept.
        self.db.execute("PRAGMA cache_size = -4000")
        self._place = WhereItLay(here)
        self._cursor = 0
        self._more = False
        self._clock = (time.time(), time.monotonic())
        self._limited = False
        self._columns = int(self.db.execute("SELECT count(*) FROM columns").fetchone()[0])

    @contextmanager
    def as_owner(self) -> Iterator[None]:
        """A transaction that never happens when another has taken the job, while this computer slept for example."""
        with job_file.transaction(self.db, self.path):
            if not lease.is_held(self.db, self._lease):
                raise lease.taken(job_file.get_meta(self.db, "owner"))
            yield

    # -- the run ---------------------------------------------------------------------------------

    def recover(self) -> int:
        """Settle what a dead owner left behind. Returns how many rows were sent and never answered.

        Those wait again; their lost attempt is on record as unknown, at its worst price.
        """
        now = time.time()
        back = f"state = CASE WHEN {BY_HAND} THEN 2 ELSE 0 END, not_before = 0, reserved_usd = NULL"
        with self.as_owner():
            self.db.execute(
                "INSERT INTO attempts (row_id, version, lane, sent_at, ended_at, outcome, cause, cost_usd) "
                "SELECT row_id, version, lane, sent_at, ?, 'unknown', ?, reserved_usd "
                "FROM status WHERE state = ? AND lane = 0",
                (now, Cause.UNKNOWN.value, _RUNNING),
            )
            lost = self.db.execute(
                f"UPDATE status SET {back}, first_sent_at = NULL, unknown = NOT {BY_HAND}, "
                f"cause = CASE WHEN NOT {BY_HAND} THEN ? END WHERE state = ? AND lane = 0",
                (Cause.UNKNOWN.value, _RUNNING),
            ).rowcount
            # Taken for a batch that was never written down: a part is on record before it is submitted.
            self.db.execute(
                f"UPDATE status SET {back}, first_sent_at = nullif(first_sent_at, sent_at), lane = 0 "
                "WHERE state = ? AND lane = 1 AND part_id IS NULL",
                (_RUNNING,),
            )
            identical.let_go(self.db)
        return lost

    def begin_run(self, recipe: Recipe, scope: Scope, options: Mapping[str, Any]) -> int:
        """Freeze the recipe as a version, apply the scope, and become `running`. Returns the version."""
        now = time.time()
        with self.as_owner():
            self.db.execute(
                "INSERT INTO recipe_versions (hash, recipe, created_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
                (recipe.hash, storable(recipe.to_json()), now),
            )
            version = int(
                self.db.execute("SELECT version FROM recipe_versions WHERE hash = ?", (recipe.hash,)).fetchone()[0]
            )
            # Under another version the same rows may have different prompts.
            identical.let_go(self.db)
            # The time a job lay still is none of its rows' own.
            self.db.execute("UPDATE status SET first_sent_at = NULL WHERE state = 0 AND not_before > 0")
            limited = scopes.apply(self.db, scope)
            job_file.put_meta(
                self.db,
                run={"scope": scope.to_dict(), "options": dict(options), "version": version, "started_at": now},
                draft=recipe.to_json(),
                carried=None,
            )
            self._put_state(JobState.RUNNING, None, "")
        self._limited = limited
        self._cursor = 0
        return version

    def set_state(self, state: JobState, cause: Cause | None = None, detail: str = "") -> None:
        """Store the job's state and, where it stopped, why."""
        with self.as_owner():
            self._put_state(state, cause, detail)

    def _put_state(self, state: JobState, cause: Cause | None, detail: str) -> None:
        job_file.put_meta(
            self.db,
            state=state.value,
            stopped_cause=None if cause is None else cause.value,
            stopped_detail=storable(detail),
            updated_at=time.time(),
        )

    def beat(self) -> bool:
        """Say that the owner lives. False: the job was taken by another."""
        return lease.beat(self.db, self.path, self._lease)

    def close(self) -> None:
        """Let go of the job."""
        try:
            lease.release(self.db, self.path, self._lease)
        except (StorageError, JobFileError):
            # The disk is full or the drive gone, which whoever wrote last was told. It ends with this process.
            pass
        finally:
            job_file.close(self.db)
            self._returning.close()

    @property
    def not_copied_back(self) -> StorageError | None:
        """Why the folder of another computer lacks what was done here; None when it does not."""
        return self._returning.trouble

    # -- rows ------------------------------------------------------------------------------------

    def exchange(
        self,
        outcomes: Iterable[Outcome],
        limit: int,
        version: int,
        prepare: Callable[[Sequence[Row]], Sequence[Prepared]],
        *,
        lane: Lane = Lane.NOW,
        now: float | None = None,
    ) -> Claimed:
        """Keep what came back and take up to `limit` new rows, in one durable commit.

        Args:
            prepare: Makes the prompts of the rows taken. Pure.
            now: The time retries are measured by, seconds since the epoch.
        """
        claimed = Claimed()
        cursor = self._cursor
        now = time.time() if now is None else now
        self._clock = (now, time.monotonic())
        self._place.check()
        try:
            with self.as_owner():
                outcomes = list(outcomes)
                claimed.settled += keeping.keep(self.db, outcomes)
                # What was not sent after all is met again.
                unsent = (outcome.row_id - 1 for outcome in outcomes if not outcome.sent)
                self._cursor = min([self._cursor, *unsent])
                self._claim(limit, version, prepare, lane, now, claimed)
        except BaseException:
            self._cursor = cursor
            raise
        self._more = claimed.more
        return claimed

    def _claim(
        self,
        limit: int,
        version: int,
        prepare: Callable[[Sequence[Row]], Sequence[Prepared]],
        lane: Lane,
        now: float,
        claimed: Claimed,
    ) -> None:
        until = time.monotonic() + CLAIM_FOR_S
        characters = 0
        while limit > len(claimed.sent):
            if claimed.more or time.monotonic() > until:
                claimed.more = True
                return
            found, read = self._take(limit - len(claimed.sent), now, CLAIM_CHARACTERS - characters)
            if not found:
                return
            characters += read
            claimed.more = characters >= CLAIM_CHARACTERS
            for item, (row, tries, first, share_from) in zip(
                prepare([row for row, _, _, _ in found]), found, strict=True
            ):
                if item.row_id != row.row_id:
                    raise InternalError(f"the prompt of row {item.row_id} in the place of row {row.row_id}")
                self._mark(item, tries, first, share_from, version, lane, now, claimed)

    def _take(self, limit: int, now: float, characters: int) -> tuple[list[_Found], int]:
        """Rows that may be sent now, up to a number and a size (one at least), and their size."""
        found: list[_Found] = []
        read = 0
        values = {"now": now, "far": now + MAX_RETRY_AHEAD_S, "cursor": self._cursor}
        for fresh, query in _CLAIMS[self._limited]:
            for row_id, cells, tries, first, share_from in self.db.execute(
                query, {**values, "limit": limit - len(found)}
            ):
                found.append((self._row(row_id, cells), tries, first, share_from))
                if fresh:
                    self._cursor = row_id
                read += len(cells)
                if read >= characters:
                    return found, read
            if len(found) >= limit:
                break
        return found, read

    def _row(self, row_id: int, packed: str) -> Row:
        with job_file.contents(self.path):
            cells = unpack_cells(packed)
            if len(cells) != self._columns:
                raise ValueError(f"row {row_id} has {len(cells)} cells")
            return Row(row_id, cells)

    def _mark(
        self,
        item: Prepared,
        tries: int,
        first_sent_at: float | None,
        share_from: int,
        version: int,
        lane: Lane,
        now: float,
        claimed: Claimed,
    ) -> None:
        if item.prompt is None:
            keeping.settle_blank(self.db, item.row_id, version)
            claimed.settled.append(item.row_id)
            return
        verdict = identical.place(self.db, item, version, share_from, limited=self._limited)
        if verdict == "settled":
            claimed.settled.append(item.row_id)
        elif verdict == "follows":
            claimed.followers += 1
        else:
            self.db.execute(
                "UPDATE status SET state = 1, version = ?, lane = ?, sent_at = ?, reserved_usd = ?, "
                "first_sent_at = ifnull(first_sent_at, ?) WHERE row_id = ?",
                (version, LANE_CODES[lane], now, item.reserved_usd, now, item.row_id),
            )
            claimed.sent.append((item, tries, first_sent_at))

    # -- what is left ----------------------------------------------------------------------------

    def next_due(self, now: float | None = None) -> float | None:
        """When the next row of the run can be taken; None when none waits for its retry.

        Args:
            now: None goes on from the `now` of the last exchange, by a clock that nobody sets.
        """
        now = self._clock[0] + time.monotonic() - self._clock[1] if now is None else now
        if self._more:
            return now
        within = "AND row_id IN (SELECT row_id FROM run_rows)" if self._limited else ""
        query = f"SELECT row_id, not_before FROM status WHERE state = 0 AND not_before > 0 {within} ORDER BY not_before"
        last = self.db.execute(f"{query} DESC LIMIT 1").fetchone()
        if last is not None and last[1] > now + MAX_RETRY_AHEAD_S:
            self._check_cells(last[0])
            return now
        first = self.db.execute(f"{query} LIMIT 1").fetchone()
        if first is None:
            return None
        self._check_cells(first[0])
        return float(first[1])

    def _check_cells(self, row_id: int) -> None:
        # No claim would ever meet it, and the run would go on looking for ever.
        if self.db.execute("SELECT 1 FROM cells WHERE row_id = ?", (row_id,)).fetchone() is None:
            raise job_file.damaged(self.path, f"row {row_id} has no cells")

    def look_again(self) -> bool:
        """Start over at the first row. True when rows of the run still wait that no cursor will meet.

        Rows whose identical one was answered by hand in the meantime are asked themselves.
        """
        with self.as_owner():
            identical.let_go(
                self.db,
                "follows IS NOT NULL AND +state = 0 AND NOT EXISTS (SELECT 1 FROM status l "
                "WHERE l.row_id = status.follows AND (l.state = 1 OR (l.state = 0 AND l.not_before > 0)))",
            )
        self._cursor = 0
        source = "run_rows r CROSS JOIN status s ON s.row_id = r.row_id" if self._limited else "status s"
        query = f"SELECT s.row_id FROM {source} WHERE s.state = 0 AND s.not_before = 0 LIMIT 1"
        found = self.db.execute(query).fetchone()
        if found is not None:
            self._check_cells(found[0])
        return found is not None

    def _numbers(self, query: str) -> list[int]:
        with job_file.storage_errors(self.path), job_file.contents(self.path):
            return [int(n) for n in self.db.execute(query).fetchone()]

    def counts(self) -> Counts:
        """How many rows are in each state."""
        return Counts(*self._numbers(COUNTS))

    def spent_usd(self) -> float:
        """What all attempts have cost so far, unknown ones at their worst."""
        return self.standing()[1]

    def standing(self) -> tuple[Counts, float]:
        """How many rows are in each state, and what all attempts have cost so far, unknown ones at their worst."""
        with job_file.storage_errors(self.path), job_file.contents(self.path):
            *numbers, spent_usd = self.db.execute(STANDING).fetchone()
            return Counts(*(int(number) for number in numbers)), float(spent_usd)

    def in_run(self, counts: Counts | None = None) -> tuple[int, int]:
        """(rows of this run, of which have their final state). Cheap.

        Args:
            counts: As they are just now, where they are known.
        """
        if not self._limited:
            counts = counts or self.counts()
            return counts.rows, counts.finished
        total, finished = self._numbers("SELECT total, finished FROM run_counts")
        return total, finished

    def identical_saved(self) -> int:
        """Rows that were filled by an identical one's request. Cheap."""
        return self._numbers("SELECT identical FROM totals")[0]
