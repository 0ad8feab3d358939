"""Which rows a run asks, and which of them start afresh."""

from __future__ import annotations

from pathlib import Path

from gui_app.jobs import Cause, Counts, RowFilter, RowState, Scope, ScopeKind
from tests.store.making import Edit, Read, Run, again, done, doubtful, failed, make_job, one_column, remaining, retry


def five_states(path: Path) -> Run:
    """Row 1 done, 2 needs review, 3 refused, 4 too long, 5 and 6 waiting."""
    make_job(path, one_column("a", "b", "c", "d", "e", "f"))
    run = Run(path)
    run.claim(4)
    run.keep(done(1), doubtful(2), failed(3), failed(4, cause=Cause.TOO_LONG))
    return run


def test_the_remaining_rows_are_those_that_wait(path: Path) -> None:
    with five_states(path) as run:
        run.begin()
        assert run.claim() == [5, 6]


def test_the_first_rows_are_the_first_of_the_file(path: Path) -> None:
    with five_states(path) as run:
        run.begin(remaining(first=5))
        assert run.writer.in_run() == (5, 4)
        assert run.claim() == [5]
        run.keep(done(5))
        assert run.writer.in_run() == (5, 5)
        assert not run.writer.look_again()


def test_chosen_rows_are_asked_and_no_others(path: Path) -> None:
    with five_states(path) as run:
        run.begin(remaining(row_ids=(1, 6)))
        assert run.claim() == [6]


def test_filtered_rows_are_asked_and_no_others(path: Path) -> None:
    with five_states(path) as run:
        run.begin(remaining(search="E"))
        assert run.claim() == [5]


def test_retry_asks_the_failed_ones(path: Path) -> None:
    with five_states(path) as run:
        run.begin(retry())
        assert run.writer.in_run() == (2, 0)
        assert run.claim() == [3, 4]


def test_retry_by_cause_asks_failed_and_doubtful_ones_alike(path: Path) -> None:
    with five_states(path) as run:
        run.begin(retry(causes=frozenset({Cause.OFF_LIST, Cause.TOO_LONG})))
        assert run.claim() == [2, 4]


def test_retry_of_chosen_rows_leaves_the_done_ones_alone(path: Path, read: Read) -> None:
    with five_states(path) as run:
        run.begin(retry(row_ids=(1, 2, 3, 5)))
        assert run.claim() == [2, 3]
        run.keep(done(2), done(3))
    assert read().totals().requests == 6


def test_a_retry_of_done_rows_asks_nothing(path: Path) -> None:
    with five_states(path) as run:
        run.begin(retry(states=frozenset({RowState.DONE})))
        assert run.writer.in_run() == (0, 0)
        assert run.claim() == []
        assert not run.writer.look_again()


def test_approved_rows_are_not_retried(path: Path, edit: Edit) -> None:
    with five_states(path) as run:
        edit().approve([2])
        run.begin(retry(causes=frozenset({Cause.OFF_LIST})))
        assert run.claim() == []


def test_again_asks_finished_rows_too_and_shows_the_old_answer_until_then(path: Path, read: Read) -> None:
    with five_states(path) as run:
        run.begin(again())
        assert run.writer.counts() == Counts(waiting=6)
        (row,) = read().rows([1])
        assert (row.state, row.values, row.cause) == (RowState.WAITING, {"label": "good"}, None)
        assert run.claim() == [1, 2, 3, 4, 5, 6]
        run.keep(done(1, value="new"))
    assert read().rows([1])[0].values == {"label": "new"}
    assert len(read().attempts(1)) == 2


def test_again_leaves_out_rows_answered_by_hand_unless_they_are_chosen(path: Path, edit: Edit) -> None:
    with five_states(path) as run:
        edit().set_value(1, "label", "mine")
        run.begin(again(states=frozenset({RowState.DONE})))
        assert run.claim() == []
        run.begin(again())
        assert run.claim(1) == [2]
        run.keep(done(2))
        run.begin(again(row_ids=(1,)))
        assert run.claim() == [1]


def test_an_approval_was_of_the_old_answer(path: Path, read: Read, edit: Edit) -> None:
    with five_states(path) as run:
        editor = edit()
        editor.approve([1, 2])
        run.begin(again(row_ids=(1, 2)))
        assert [row.approved for row in read().rows([1, 2])] == [False, False]
        run.claim()
        run.keep(doubtful(1), doubtful(2))
        # Nor does undoing bring it back over an answer nobody has seen.
        assert editor.undo().row_ids == ()
    assert [row.state for row in read().rows([1, 2])] == [RowState.NEEDS_REVIEW] * 2


def test_a_scope_over_everything_and_nothing(path: Path) -> None:
    with five_states(path) as run:
        run.begin(remaining(row_ids=()))
        assert run.writer.in_run() == (0, 0)
        assert run.claim() == []
        run.begin(Scope(ScopeKind.REMAINING, RowFilter()))
        assert run.writer.in_run() == (6, 4)


def test_a_hand_edit_during_a_run_over_chosen_rows_is_counted(path: Path, edit: Edit) -> None:
    with five_states(path) as run:
        run.begin(remaining(row_ids=(5, 6)))
        edit().set_value(5, "label", "mine")
        assert run.writer.in_run() == (2, 1)
        edit().clear_value(5, "label")
        assert run.writer.in_run() == (2, 0)
        assert run.claim() == [5, 6]
