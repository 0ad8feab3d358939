"""Job files for the store's tests, and short ways to run rows through them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from gui_app.jobs import Cause, FieldKind, FieldValue, OutputField, Recipe, Row, RowFilter, RowState, Scope, ScopeKind
from gui_app.store import job_file
from gui_app.store.claims import Claimed, JobWriter, Outcome, Prepared
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader

Read = Callable[[], JobReader]
Edit = Callable[[], JobEditor]

RECIPE = Recipe("{text}", (OutputField("label", FieldKind.LABEL, ("good", "bad")),), model="practice")
OTHER_RECIPE = Recipe("Again: {text}", RECIPE.fields, model="practice")


def make_job(
    path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = ("text",), name: str = "a job"
) -> Path:
    """A job with these rows, ready to run."""
    create_job(path, name=name)
    writer = RowsWriter(path)
    writer.begin(columns, source_name="table.csv", import_settings={"separator": ","})
    writer.add((row, "") for row in rows)
    writer.finish()
    return path


def one_column(*texts: str) -> list[list[str]]:
    return [[text] for text in texts]


def prepare(rows: Sequence[Row]) -> list[Prepared]:
    """The prompt is the first cell; identical cells are identical prompts; a blank cell is a blank prompt."""
    return [
        Prepared(
            row.row_id, row.cells[0] or None, hashlib.blake2b(row.cells[0].encode(), digest_size=16).digest(), 0.01
        )
        for row in rows
    ]


def each_alone(rows: Sequence[Row]) -> list[Prepared]:
    """As `prepare`, with identical rows each asked."""
    return [Prepared(row.row_id, row.cells[0], None, 0.01) for row in rows]


def done(row_id: int, version: int = 1, value: FieldValue = "good", **more: Any) -> Outcome:
    given = {"cost_usd": 0.001, "sent_at": 1.0, "ended_at": 2.0, "raw": str(value), **more}
    return Outcome(row_id, version, RowState.DONE, values={"label": value}, **given)


def failed(row_id: int, version: int = 1, cause: Cause = Cause.REFUSED, **more: Any) -> Outcome:
    return Outcome(row_id, version, RowState.FAILED, cause=cause, detail="no", cost_usd=0.001, **more)


def doubtful(row_id: int, version: int = 1, cause: Cause = Cause.OFF_LIST, **more: Any) -> Outcome:
    values: dict[str, FieldValue] = {"label": None}
    return Outcome(
        row_id, version, RowState.NEEDS_REVIEW, cause=cause, detail="“fine”", values=values, cost_usd=0.001, **more
    )


def again_later(row_id: int, not_before: float, version: int = 1, tries: int = 1, **more: Any) -> Outcome:
    return Outcome(
        row_id, version, RowState.WAITING, cause=Cause.RATE_LIMIT, tries=tries, not_before=not_before, **more
    )


def never_sent(row_id: int, version: int = 1) -> Outcome:
    return Outcome(row_id, version, RowState.WAITING, sent=False)


def sent_ids(claimed: Claimed) -> list[int]:
    return [item.row_id for item, _, _ in claimed.sent]


class Run:
    """A writer in a run, with the version at hand."""

    def __init__(
        self,
        path: Path,
        scope: Scope | None = None,
        recipe: Recipe = RECIPE,
        prepare: Callable[[Sequence[Row]], Sequence[Prepared]] = prepare,
    ) -> None:
        self.prepare = prepare
        self.writer = JobWriter(path)
        self.lost = self.writer.recover()
        self.begin(scope, recipe)

    def begin(self, scope: Scope | None = None, recipe: Recipe = RECIPE) -> None:
        self.version = self.writer.begin_run(recipe, scope or Scope(), {"lane": "now"})

    def claim(self, limit: int = 100, **more: Any) -> list[int]:
        return sent_ids(self.exchange((), limit, **more))

    def keep(self, *outcomes: Outcome) -> Claimed:
        return self.exchange(outcomes, 0)

    def exchange(self, outcomes: Iterable[Outcome], limit: int, **more: Any) -> Claimed:
        return self.writer.exchange(outcomes, limit, self.version, self.prepare, **more)

    def answer_all(self, answer: Callable[[int, int], Outcome] = done) -> list[int]:
        """Until nothing is left; returns the ids that were sent, in order."""
        asked: list[int] = []
        while True:
            ids = self.claim()
            if not ids and not self.writer.look_again():
                return asked
            asked += ids
            self.keep(*(answer(row_id, self.version) for row_id in ids))

    def close(self) -> None:
        self.writer.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def forget_owner(path: Path) -> None:
    """What the death of the owner would make true. These tests' process lives, and a job of its own is in use."""
    with closing(job_file.connect(path)) as db:
        job_file.put_meta(db, owner=None)


def retry(**rows: Any) -> Scope:
    return Scope(ScopeKind.RETRY, RowFilter(**rows))


def again(**rows: Any) -> Scope:
    return Scope(ScopeKind.AGAIN, RowFilter(**rows))


def remaining(first: int | None = None, **rows: Any) -> Scope:
    return Scope(ScopeKind.REMAINING, RowFilter(**rows), first)
