"""The questions asked all the time are answered from an index, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest

from gui_app.jobs import Cause, RowFilter, RowState
from tests.store.making import Read, Run, again_later, doubtful, failed, make_job, one_column, remaining

SMALL = ("meta", "columns", "counts", "totals", "run_counts", "recipe_versions")


@contextmanager
def plans(db: Connection) -> Iterator[list[str]]:
    """Collects how SQLite goes about every query asked meanwhile, but for those on tables of a few rows."""
    asked: list[str] = []
    db.set_trace_callback(lambda sql: asked.append(sql))
    steps: list[str] = []
    yield steps
    db.set_trace_callback(None)
    for sql in asked:
        if sql.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "WITH")):
            steps += [
                f"{step} FOR {sql}"
                for _, _, _, step in db.execute(f"EXPLAIN QUERY PLAN {sql}")
                if not step.endswith(SMALL)
            ]


@pytest.fixture
def job(path: Path) -> Path:
    make_job(path, one_column(*map(str, range(30)), "0", "1"))
    with Run(path) as run:
        run.claim(5, now=1000.0)
        run.exchange([failed(1), doubtful(2), again_later(3, 1001.0), again_later(4, 9000.0)], 0, now=1000.0)
    return path


def slow(steps: list[str]) -> list[str]:
    return [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


def test_claiming_goes_through_no_rows_but_those_it_takes(job: Path) -> None:
    with Run(job) as run:
        with plans(run.writer.db) as steps:
            run.claim(3, now=5000.0)
        assert slow(steps) == []
        assert any("status_by_state (state=? AND not_before=? AND row_id>?)" in step for step in steps)
        assert any("status_by_state (state=? AND not_before>? AND not_before<?)" in step for step in steps)


def test_claiming_from_chosen_rows_starts_where_it_left_off(job: Path) -> None:
    with Run(job, remaining(first=20)) as run:
        with plans(run.writer.db) as steps:
            run.claim(3, now=5000.0)
        assert slow(steps) == []
        assert any(step.startswith("SEARCH r USING INTEGER PRIMARY KEY (rowid>?)") for step in steps)


def test_keeping_and_the_questions_of_the_runner_search_by_index(job: Path) -> None:
    with Run(job) as run:
        ids = run.claim(8, now=5000.0)
        with plans(run.writer.db) as steps:
            run.keep(*(failed(row_id) for row_id in ids))
            run.writer.next_due()
            run.writer.look_again()
            run.writer.counts()
            run.writer.in_run()
            run.writer.spent_usd()
            run.writer.identical_saved()
        assert [step for step in slow(steps) if "status_by_follows" not in step] == []
        assert not any("status_by_state (state=?)" in step and "follows" in step for step in steps)


def test_beginning_a_run_over_the_remaining_rows_reads_none_of_them(job: Path) -> None:
    with Run(job) as run:
        with plans(run.writer.db) as steps:
            run.begin()
        assert [step for step in slow(steps) if "run_rows" not in step and "status_by_follows" not in step] == []


def test_what_the_window_asks_all_the_time_is_cheap(job: Path, read: Read) -> None:
    reader = read()
    with plans(reader._db) as steps:
        reader.summary()
        reader.totals()
        reader.rows([3, 1, 20])
        reader.attempts(2)
    found = [step for step in slow(steps) if "json_each" not in step and "status_unknown" not in step]
    # Whether any attempt exists, the first one answers; and one row's attempts may well be sorted.
    assert [
        step
        for step in found
        if not step.startswith(("SCAN CONSTANT", "SCAN attempts")) and "ORDER BY attempt_id" not in step
    ] == []
    with plans(reader._db) as steps:
        reader.failure_groups()
        reader.row_ids(RowFilter(causes=frozenset({Cause.REFUSED})))
        reader.row_ids(RowFilter(states=frozenset({RowState.NEEDS_REVIEW})))
    assert not any(step.startswith("SCAN s ") for step in steps)
    assert all("INDEX" in step for step in steps if " s " in step and step.startswith("SEARCH"))
