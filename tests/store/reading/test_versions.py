"""What each recipe version answered, second opinions, and the way back to earlier answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.jobs import RowFilter, RowState, Scope, ScopeKind
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.versions import (
    compare_runs,
    compare_versions,
    last_attempt,
    rows_asked,
    untouched_answers,
    version_results,
    with_text,
)
from tests.store.making import OTHER_RECIPE, RECIPE, Run, done, failed, make_job, one_column

FIRST_THREE = Scope(ScopeKind.AGAIN, RowFilter(row_ids=(1, 2, 3)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Six rows answered "good" by version 1; of the first three, version 2 said "bad", failed and said "good"."""
    out = make_job(tmp_path / "a.rowmill", one_column(*"abcdef"))
    run = Run(out)
    run.answer_all()
    run.begin(FIRST_THREE, OTHER_RECIPE)
    run.answer_all(
        lambda row_id, version: (
            failed(row_id, version) if row_id == 2 else done(row_id, version, "bad" if row_id == 1 else "good")
        )
    )
    run.close()
    return out


@pytest.fixture
def reader(path: Path) -> Iterator[JobReader]:
    with closing(JobReader(path)) as out:
        yield out


@pytest.fixture
def editor(path: Path) -> Iterator[JobEditor]:
    with closing(JobEditor(path)) as out:
        yield out


def test_each_version_is_told_with_what_came_of_it(reader: JobReader) -> None:
    first, second = version_results(reader)
    assert (first.rows, first.done, first.failed, first.latest) == (6, 6, 0, False)
    assert (second.rows, second.done, second.failed, second.latest) == (3, 2, 1, True)
    assert first.recipe == RECIPE
    assert first.cost_usd == pytest.approx(0.006)


def test_two_versions_stand_side_by_side_on_the_rows_both_were_asked_about(reader: JobReader) -> None:
    pairs = compare_versions(reader, 1, 2)
    assert [pair.row_id for pair in pairs] == [1, 2, 3]
    assert [(pair.first.values.get("label"), pair.second.values.get("label")) for pair in pairs] == [
        ("good", "bad"),
        ("good", None),
        ("good", "good"),
    ]
    assert pairs[0].cells == ("a",)
    assert pairs[1].second.state is RowState.FAILED
    assert rows_asked(reader, 2) == [1, 2, 3]


def test_a_second_run_of_the_same_version_is_told_from_the_first(path: Path) -> None:
    with closing(JobReader(path)) as reader:
        boundary = last_attempt(reader)
    run = Run(path, FIRST_THREE, OTHER_RECIPE)
    run.answer_all(lambda row_id, version: done(row_id, version, "bad"))
    run.close()
    with closing(JobReader(path)) as reader:
        pairs = compare_runs(reader, [1, 3, 5], boundary)
        assert [(p.row_id, p.first.values["label"], p.second.values["label"]) for p in pairs] == [
            (1, "bad", "bad"),
            (3, "good", "bad"),
        ]


def test_the_answers_of_an_earlier_version_come_back_and_are_then_the_newest(
    reader: JobReader, editor: JobEditor
) -> None:
    assert editor.bring_back(range(1, 7), version=1).row_ids == (1, 2, 3)
    editor.use_version(1)
    rows = reader.rows(range(1, 7))
    assert [row.shown("label") for row in rows] == ["good"] * 6
    assert not any(row.stale for row in rows)
    assert reader.counts().done == 6 and reader.counts().failed == 0
    assert reader.latest_version() == 1
    assert reader.summary().lane is not None


def test_an_answer_made_by_hand_stays_before_the_one_brought_back(reader: JobReader, editor: JobEditor) -> None:
    editor.set_value(1, "label", "by hand")
    editor.bring_back([1], version=1)
    row = reader.rows([1])[0]
    assert row.shown("label") == "by hand" and row.values["label"] == "good"


def test_rows_asked_again_and_not_answered_yet_get_their_first_answer_back(path: Path) -> None:
    with closing(JobReader(path)) as reader:
        boundary = last_attempt(reader)
    run = Run(path, Scope(ScopeKind.AGAIN, RowFilter(row_ids=(4, 5, 6))), OTHER_RECIPE)
    on_its_way = run.claim(1)
    with closing(JobEditor(path)) as editor, closing(JobReader(path)) as reader:
        assert reader.counts().waiting == 2
        # The one that is out belongs to the worker.
        assert editor.bring_back([4, 5, 6], upto=boundary).row_ids == (5, 6)
        assert [row.state for row in reader.rows([4, 5, 6])] == [RowState.RUNNING, RowState.DONE, RowState.DONE]
        assert [row.shown("label") for row in reader.rows([5, 6])] == ["good", "good"]
    run.keep(*(done(row_id, run.version, "bad") for row_id in on_its_way))
    assert run.claim() == []
    run.close()


def test_a_row_brought_back_keeps_its_failure(path: Path, reader: JobReader, editor: JobEditor) -> None:
    editor.bring_back([2], version=1)
    assert reader.rows([2])[0].state is RowState.DONE
    editor.bring_back([2], version=2)
    row = reader.rows([2])[0]
    assert row.state is RowState.FAILED and row.cause is not None and row.detail == "no"


def test_the_rows_with_a_known_answer_and_those_nobody_touched_are_found(tmp_path: Path) -> None:
    path = make_job(tmp_path / "b.rowmill", [["a", "good"], ["b", " "], ["c", ""], ["d", "bad"]], ("text", "gold"))
    with closing(JobReader(path)) as reader, closing(JobEditor(path)) as editor:
        assert with_text(reader, 1) == [1, 4]
        run = Run(path)
        run.answer_all()
        run.close()
        editor.set_value(1, "label", "bad")
        editor.approve([2])
        assert with_text(reader, 1, RowFilter(states=frozenset([RowState.WAITING]))) == []
        assert untouched_answers(reader) == [3, 4]
