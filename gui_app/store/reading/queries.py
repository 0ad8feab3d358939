"""What can be asked of a job file. Read only; safe beside a running worker."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gui_app.errors import Cancelled
from gui_app.jobs import Cause, Counts, FieldValue, JobState, Lane, Recipe, RowFilter, RowState, Scope, ScopeKind
from gui_app.store import job_file, lease
from gui_app.store.carried import Carried
from gui_app.store.network import at_hand
from gui_app.store.network.working_copy import ELSEWHERE, behind
from gui_app.store.reading import filters
from gui_app.store.reading.filters import Order
from gui_app.store.reading.row_ids import OtherIds, RowIds, gathered
from gui_app.store.reading.views import (
    CUT_AT,
    AttemptView,
    FailureGroup,
    JobSummary,
    RecipeVersion,
    RowView,
    Totals,
    attempt_view,
    row_view,
    shown_value,
)
from gui_app.store.schema import COUNTS, STATE_CODES, STATES

__all__ = [
    "CUT_AT", "AttemptView", "FailureGroup", "JobReader", "JobSummary", "Order", "RecipeVersion", "RowView", "Totals"
]  # fmt: skip

_ROWS = """
    SELECT s.row_id, {cells}, c.marks, s.state, s.cause, s.detail, s.tries, s.version, s.not_before, s.source_row_id,
           s.lane, s.follows, a.field_values, a.confidence, a.model, a.cost_usd, a.input_tokens, a.output_tokens,
           a.version, EXISTS (SELECT 1 FROM approvals p WHERE p.row_id = s.row_id),
           (SELECT json_group_object(h.field, json(h.value)) FROM hand_values h WHERE h.row_id = s.row_id)
    FROM status s JOIN cells c ON c.row_id = s.row_id LEFT JOIN attempts a ON a.attempt_id = s.attempt_id
"""

# Very long cells are cut by SQLite, outside Python's lock: the window's thread would wait for it. Not those with
# lone surrogates, which SQLite unpacks to something that is no UTF-8.
_CUT_CELLS = f"""
    CASE WHEN length(c.cells) < 100000 OR instr(c.cells, '\\ud') THEN c.cells
         ELSE (SELECT json_group_array(substr(j.value, 1, {CUT_AT + 1})) FROM json_each(c.cells) j) END
"""


_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


class JobReader:
    """A read-only view of a job. One thread at a time; `interrupt` may be called from any.

    Raises:
        JobFileError, StorageError: On opening, and from every method when the file goes bad.
    """

    def __init__(self, path: Path) -> None:
        self.path = at_hand.to_read(path)
        self.job = path
        self._is_copy = self.path != path
        self._db = job_file.open_checked(self.path, read_only=True)
        filters.prepare(self._db)

    def close(self) -> None:
        """Let go of the file."""
        job_file.close_reader(self._db, self.path)

    def interrupt(self) -> None:
        """End the query that is running, which then raises Cancelled. Harmless when none is, or after `close`."""
        try:
            self._db.interrupt()
        except sqlite3.ProgrammingError:
            pass

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Around every query.

        Raises:
            Cancelled: `interrupt` was called.
        """
        with job_file.storage_errors(self.path):
            try:
                yield
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                    raise Cancelled from None
                raise

    @contextmanager
    def _at_one_time(self) -> Iterator[None]:
        """Several queries that see the same state of the job."""
        if self._db.in_transaction:
            yield
            return
        with self._reading():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                job_file.rollback(self._db)

    def _all(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        with self._reading():
            return self._db.execute(sql, values).fetchall()

    def _batches(self, sql: str, values: Sequence[Any], batch: int = 500) -> Iterator[list[Any]]:
        with self._reading():
            found = self._db.execute(sql, values)
            while some := found.fetchmany(batch):
                yield some

    def _meta(self) -> dict[str, Any]:
        with job_file.contents(self.path):
            return {key: json.loads(value) for key, value in self._all("SELECT key, value FROM meta")}

    def summary(self) -> JobSummary:
        """The job at a glance. Cheap at any number of rows."""
        with self._at_one_time():
            meta = self._meta()
            counts, columns = self.counts(), self.columns()
            unknown = self._all("SELECT count(*) FROM status WHERE unknown = 1 AND +state = 0")[0][0]
            running = self._all("SELECT count(*) FROM status WHERE state = 1 AND lane = 0")[0][0]
            sent = self._all("SELECT EXISTS (SELECT 1 FROM attempts) OR EXISTS (SELECT 1 FROM status WHERE state = 1)")[
                0
            ][0]
        with job_file.contents(self.path):
            here = lease.living_among(meta)
            owner = here or (meta.get(ELSEWHERE) if self._is_copy else None)
            run = meta.get("run")
            cause = meta.get("stopped_cause")
            return JobSummary(
                name=str(meta.get("name", self.path.stem)),
                state=self._state(meta, owner),
                stopped_cause=None if cause is None else Cause(cause),
                stopped_detail=str(meta.get("stopped_detail", "")),
                counts=counts,
                columns=columns,
                source_name=str(meta.get("source_name", "")),
                import_settings=dict(meta.get("import_settings") or {}),
                sheets=tuple(str(sheet) for sheet in meta.get("sheets", ())),
                renamed=tuple((int(i), str(was), str(now)) for i, was, now in meta.get("renamed", ())),
                import_done=bool(meta.get("import_done", False)),
                sent=bool(sent),
                lane=Lane(run["options"].get("lane", "now")) if run else None,
                created_at=float(meta.get("created_at", 0)),
                updated_at=float(meta.get("updated_at", 0)),
                # Rows that are out while nobody runs the job are as unknown as those already found to be.
                unknown_sent=int(unknown) + (0 if owner else int(running)),
                owner=None if owner is None else lease.describe(owner),
                warnings=tuple((str(sentence), dict(details)) for sentence, details in meta.get("warnings", ())),
                carried=Carried.from_dict(meta["carried"]) if meta.get("carried") else None,
                archived=bool(meta.get("archived", False)),
                interrupted=owner is None and meta.get("state") in _MOVING,
                elsewhere=owner is not None and not here,
                behind=behind(meta) if self._is_copy else None,
                still_out=0 if owner else int(running),
            )

    @staticmethod
    def _state(meta: Mapping[str, Any], owner: Mapping[str, Any] | None) -> JobState:
        state = JobState(meta.get("state", "draft"))
        if owner is None and state in _MOVING:
            # Its owner died before it could say so. Continue is one click.
            return JobState.PAUSED
        return state

    def columns(self) -> tuple[str, ...]:
        """The input's columns, in order."""
        return tuple(str(name) for (name,) in self._all("SELECT name FROM columns ORDER BY position"))

    def counts(self) -> Counts:
        """How many rows are in each state. Kept up by the writer, never recounted."""
        found = self._all(COUNTS)
        with job_file.contents(self.path):
            return Counts(*map(int, found[0]))

    def totals(self) -> Totals:
        """Requests, tokens and money of all attempts."""
        found = self._all(
            "SELECT requests, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost_usd, unpriced,"
            " unknown, identical FROM totals"
        )
        with job_file.contents(self.path):
            return Totals(*found[0])

    def note(self, key: str, default: Any = None) -> Any:
        """A note of the window's about this job (chosen columns, the column of correct answers)."""
        return self._meta().get(f"note:{key}", default)

    def row_ids(self, rows: RowFilter | None = None, order: Order | None = None) -> Sequence[int]:
        """The ids of the rows a filter lets through, in order. May take a second; see `interrupt`."""
        rows = rows or RowFilter()
        order = order or Order()
        if rows.is_empty() and order.by == "row":
            return self._all_row_ids(descending=order.descending)
        if order == Order() and rows == RowFilter(states=rows.states):
            return self._row_ids_in(rows)
        return self._listed(rows, order)

    def _row_ids_in(self, rows: RowFilter) -> Sequence[int]:
        """By their states alone, in file order: of most rows, those that are in no such state tell it sooner."""
        with self._at_one_time():
            counts = self.counts()
            if sum(counts.of(state) for state in rows.states) <= counts.rows // 2:
                return self._listed(rows, Order())
            others = RowFilter(states=frozenset(RowState) - rows.states)
            last = self._all_row_ids(descending=False).stop - 1
            return OtherIds(last, () if others.is_empty() else self._listed(others, Order()))

    def _listed(self, rows: RowFilter, order: Order) -> RowIds:
        condition, values = filters.where(rows, most=self._are_many(rows))
        joined = filters.needs_joins(rows) or order.by not in ("row", "state", "cause")
        joins = filters.JOINS if joined else "FROM status s"
        expression, bound, terms = filters.order_by(order)
        if order.by == "row":
            sql = f"SELECT s.row_id {joins} WHERE {condition} ORDER BY s.{terms}"
        else:
            # OFFSET keeps SQLite from taking the two apart and working the expression out once per mention.
            inner = f"SELECT s.row_id AS row_id, {expression} AS v {joins} WHERE {condition} LIMIT -1 OFFSET 0"
            sql = f"SELECT row_id FROM ({inner}) ORDER BY {terms}"
            values = [*bound, *values]
        return RowIds(str(self._all(gathered(sql), values)[0][0]))

    def _are_many(self, rows: RowFilter) -> bool:
        counts = self.counts()
        return sum(counts.of(state) for state in rows.states) > counts.rows // 10

    def _all_row_ids(self, *, descending: bool) -> range:
        # The import numbers rows from 1 without a gap, and none is ever removed.
        with self._at_one_time():
            last = self._all("SELECT ifnull(max(row_id), 0) FROM status")[0][0]
            if last != self.counts().rows:
                raise job_file.damaged(self.path, "rows are missing")
        return range(last, 0, -1) if descending else range(1, last + 1)

    def rows(self, ids: Sequence[int], *, full: bool = False) -> list[RowView]:
        """These rows, in this order; ids that do not exist are left out.

        Args:
            full: Whole cells. Otherwise each is cut at `CUT_AT` characters.
        """
        query = f"{_ROWS} WHERE s.row_id IN (SELECT value FROM json_each(?))"
        with self._at_one_time():
            view = self._viewer(None if full else CUT_AT)
            found = self._all(
                query.format(cells="c.cells" if full else _CUT_CELLS), (json.dumps([int(i) for i in ids]),)
            )
        views = {row.row_id: row for row in view(found)}
        return [views[row_id] for row_id in ids if row_id in views]

    def _viewer(self, cut: int | None) -> Callable[[Sequence[Any]], list[RowView]]:
        latest = self.latest_version()
        columns = self._all("SELECT count(*) FROM columns")[0][0]

        def view(rows: Sequence[Any]) -> list[RowView]:
            with job_file.contents(self.path):
                return [row_view(row, latest, columns, cut) for row in rows]

        return view

    def stream(self, rows: RowFilter | None = None, *, batch: int = 500) -> Generator[RowView, None, None]:
        """Whole rows in file order, as they were when the stream began, in flat memory.

        Close one that is not read to its end: the file keeps what it may still show.
        """
        condition, values = filters.where(rows or RowFilter())
        view = self._viewer(None)
        query = f"{_ROWS} WHERE {condition} ORDER BY s.row_id".format(cells="c.cells")
        for some in self._batches(query, values, batch):
            yield from view(some)

    def count(self, rows: RowFilter) -> int:
        """How many rows a filter lets through."""
        condition, values = filters.where(rows)
        joins = filters.JOINS if filters.needs_joins(rows) else "FROM status s"
        return int(self._all(f"SELECT count(*) {joins} WHERE {condition}", values)[0][0])

    def attempts(self, row_id: int) -> list[AttemptView]:
        """Every request of a row, oldest first; for a row filled by an identical one, that one's."""
        found = self._all(
            "SELECT attempt_id, sent_at, ended_at, outcome, cause, detail, raw, field_values, input_tokens,"
            " output_tokens, cached_input_tokens, reasoning_tokens, cost_usd, model, version, lane FROM attempts"
            " WHERE row_id = ?1 OR attempt_id = (SELECT attempt_id FROM status WHERE row_id = ?1) ORDER BY attempt_id",
            (row_id,),
        )
        with job_file.contents(self.path):
            return [attempt_view(row) for row in found]

    def call_times(self, version: int, limit: int) -> list[tuple[float, float]]:
        """When the latest live calls of a recipe version were sent and had ended, the latest first."""
        found = self._all(
            "SELECT sent_at, ended_at FROM attempts WHERE version = ? AND lane = 0 AND ended_at >= sent_at "
            "ORDER BY attempt_id DESC LIMIT ?",
            (version, limit),
        )
        return [(float(sent), float(ended)) for sent, ended in found]

    def failure_groups(self) -> list[FailureGroup]:
        """Rows that failed or need review, by cause, most first."""
        found = self._all(
            "SELECT cause, state, count(*), max(row_id) FROM status WHERE cause IS NOT NULL AND state > 2 "
            "GROUP BY cause, state ORDER BY count(*) DESC"
        )
        groups = []
        for cause, state, count, example in found:
            detail = self._all("SELECT detail FROM status WHERE row_id = ?", (example,))[0][0]
            with job_file.contents(self.path):
                groups.append(FailureGroup(Cause(cause), STATES[state], count, str(detail), example))
        return groups

    def details(self, cause: Cause, state: RowState, limit: int = 50) -> list[tuple[str, int]]:
        """What is said of the rows of one group, and how often, most often first."""
        found = self._all(
            "SELECT detail, count(*) FROM status WHERE cause = ? AND state = ? GROUP BY detail "
            "ORDER BY count(*) DESC, detail LIMIT ?",
            [cause.value, STATE_CODES[state], limit],
        )
        return [(str(detail), count) for detail, count in found]

    def label_counts(self, name: str) -> list[tuple[FieldValue, int]]:
        """How often each shown value of a field occurs among the answered rows, most often first."""
        expression, values = filters.shown(name)
        found = self._all(
            f"SELECT {expression} AS shown, count(*) FROM status s "
            "LEFT JOIN attempts a ON a.attempt_id = s.attempt_id WHERE +s.state IN (2, 3) "
            "GROUP BY shown ORDER BY count(*) DESC LIMIT 1000",
            values,
        )
        counts: dict[tuple[bool, FieldValue], int] = {}
        with job_file.contents(self.path):
            for text, count in found:
                value = shown_value(text)
                # 4 and 4.0 are one value, 1 and yes are two.
                key = (isinstance(value, bool), value)
                counts[key] = counts.get(key, 0) + count
        return sorted(((value, count) for (_, value), count in counts.items()), key=lambda pair: -pair[1])

    def pairs(
        self, name: str, gold_column: int, rows: RowFilter | None = None
    ) -> Iterator[tuple[int, FieldValue, str]]:
        """(row_id, shown value, the cell of a column) of each answered row; for comparing with correct answers."""
        condition, values = filters.where(rows or RowFilter())
        expression, bound = filters.shown(name)
        found = self._batches(
            f"SELECT s.row_id, {expression}, c.cells -> ? {filters.JOINS} "
            f"WHERE +s.state IN (2, 3) AND {condition} ORDER BY s.row_id",
            [*bound, f"$[{int(gold_column)}]", *values],
        )
        for some in found:
            with job_file.contents(self.path):
                pairs = [
                    (row_id, shown_value(text), "" if cell is None else str(json.loads(cell)))
                    for row_id, text, cell in some
                ]
            yield from pairs

    def draft(self) -> Recipe | None:
        """The recipe as last typed; None before there is one."""
        draft = self._meta().get("draft")
        with job_file.contents(self.path):
            return None if draft is None else Recipe.from_json(draft)

    def recipe_versions(self) -> list[RecipeVersion]:
        """All versions that have sent rows, oldest first."""
        found = self._all("SELECT version, recipe, created_at FROM recipe_versions ORDER BY version")
        return [RecipeVersion(version, Recipe.from_json(text), created) for version, text, created in found]

    def latest_version(self) -> int | None:
        """The version the last run used; None before the first."""
        run = self._all("SELECT json_extract(value, '$.version') FROM meta WHERE key = 'run'")
        with job_file.contents(self.path):
            return int(run[0][0]) if run else None

    def run(self) -> Mapping[str, Any] | None:
        """The last run: its scope, options, version and start, as JSON types; None before the first."""
        run = self._meta().get("run")
        with job_file.contents(self.path):
            return dict(run) if run else None

    def run_counts(self) -> Counts:
        """How many rows of the last run are in each state; of all rows where it was over all, or there was none."""
        run = self.run()
        with job_file.contents(self.path):
            scope = Scope.from_dict(run["scope"]) if run else Scope()
        if scope.kind is not ScopeKind.RETRY and scope.rows.is_empty() and scope.first is None:
            return self.counts()
        found = self._all(
            "SELECT s.state, count(*) FROM run_rows r CROSS JOIN status s ON s.row_id = r.row_id GROUP BY s.state"
        )
        with job_file.contents(self.path):
            by_state = {int(state): int(n) for state, n in found}
            return Counts(*(by_state.get(code, 0) for code in range(len(STATES))))
