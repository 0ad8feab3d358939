"""What people do to a job by hand, beside a worker that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui_app.jobs import Cause, Counts, FieldValue, Reading, RowState
from gui_app.store import edits
from gui_app.store.copies import check_job
from gui_app.store.outcomes import Outcome
from tests.store.making import (
    RECIPE,
    Edit,
    Read,
    Run,
    again,
    again_later,
    done,
    doubtful,
    failed,
    make_job,
    never_sent,
    one_column,
)


def state(read: Read, row_id: int = 1) -> RowState:
    return read().rows([row_id])[0].state


def test_an_answer_by_hand_is_shown_before_the_models(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.answer_all()
    assert edit().set_value(1, "label", "bad").row_ids == (1,)
    (row,) = read().rows([1])
    assert (row.shown("label"), row.values, row.hand) == ("bad", {"label": "good"}, {"label": "bad"})
    assert edit().clear_value(1, "label").row_ids == (1,)
    assert read().rows([1])[0].shown("label") == "good"


@pytest.mark.parametrize("value", ["text", "", None, True, False, 3, 2.5, ("a", "b"), (), "quote \" \\ ' 中文 \x00 \n"])
def test_any_kind_of_value_comes_back_as_it_was(path: Path, read: Read, edit: Edit, value: FieldValue) -> None:
    make_job(path, one_column("a"))
    edit().set_value(1, "label", value)
    (row,) = read().rows([1])
    assert row.hand == {"label": value}
    assert type(row.hand["label"]) is type(value)
    ((counted, count),) = read().label_counts("label")
    assert (counted, type(counted), count) == (value, type(value), 1)


def test_a_waiting_row_answered_by_hand_is_done_and_not_sent(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        edit().set_value(1, "label", "bad")
        assert state(read) is RowState.DONE
        assert run.claim() == [2]
        edit().clear_value(1, "label")
        assert state(read) is RowState.WAITING
        assert run.writer.look_again()
        assert run.claim() == [1]


def test_an_edit_of_a_row_that_is_out_is_kept_and_so_is_its_reply(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a", "b", "c"))
    with Run(path) as run:
        run.claim()
        for row_id in (1, 2, 3):
            edit().set_value(row_id, "label", "mine")
            assert state(read, row_id) is RowState.RUNNING
        # Done whatever the reply was, and not asked again where it would have been.
        run.keep(failed(1), again_later(2, 5.0), never_sent(3))
        assert run.claim(now=10.0) == []
        assert not run.writer.look_again()
    rows = read().rows([1, 2, 3])
    assert [(row.state, row.cause, row.shown("label")) for row in rows] == [(RowState.DONE, None, "mine")] * 3
    edit().clear_value(1, "label")
    edit().clear_value(2, "label")
    one, two = read().rows([1, 2])
    assert (one.state, one.cause) == (RowState.FAILED, Cause.REFUSED)
    assert two.state is RowState.WAITING


def test_approving_settles_what_needed_review(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a", "b", "c", "d"))
    with Run(path) as run:
        run.claim(3)
        run.keep(done(1), doubtful(2), failed(3))
    editor = edit()
    # What has no answer cannot be approved.
    assert editor.approve([1, 2, 3, 4, 99]).row_ids == (1, 2)
    rows = read().rows([1, 2, 3, 4])
    assert [row.approved for row in rows] == [True, True, False, False]
    assert [row.cause for row in rows] == [None, None, Cause.REFUSED, None]
    assert read().counts() == Counts(waiting=1, done=2, failed=1)
    assert editor.unapprove([1, 2, 3]).row_ids == (1, 2)
    (row,) = read().rows([2])
    assert (row.state, row.cause) == (RowState.NEEDS_REVIEW, Cause.OFF_LIST)


def test_an_approval_given_while_the_row_is_asked_again_is_not_one_of_the_new_answer(
    path: Path, read: Read, edit: Edit
) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1))
        run.begin(again(row_ids=(1,)))
        assert edit().approve([1]).row_ids == ()
        run.claim()
        assert edit().approve([1]).row_ids == ()
        run.keep(doubtful(1))
    assert state(read) is RowState.NEEDS_REVIEW


def test_steps_are_undone_last_first(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        run.keep(doubtful(1))
    editor = edit()
    editor.set_value(1, "label", "one")
    editor.set_value(1, "label", "two")
    editor.approve([1])
    editor.clear_value(1, "label")
    shown = []
    while editor.undo().row_ids:
        (row,) = read().rows([1])
        shown.append((row.hand.get("label"), row.approved, row.state.value))
    assert shown == [
        ("two", True, "done"),
        ("two", False, "done"),
        ("one", False, "done"),
        (None, False, "needs review"),
    ]


def test_undo_of_many_rows_is_one_step(path: Path, read: Read, edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "ROWS_AT_A_TIME", 7)
    make_job(path, one_column(*map(str, range(50))))
    with Run(path) as run:
        run.answer_all(doubtful)
    editor = edit()
    editor.set_value(1, "label", "first")
    assert len(editor.approve(range(1, 51)).row_ids) == 50
    assert read().counts() == Counts(done=50)
    assert len(editor.undo().row_ids) == 50
    assert read().counts() == Counts(done=1, needs_review=49)
    assert editor.undo().row_ids == (1,)
    assert read().counts() == Counts(needs_review=50)


def test_an_edit_that_changes_nothing_is_no_step(path: Path, edit: Edit) -> None:
    make_job(path, one_column("a"))
    editor = edit()
    editor.set_value(1, "label", "x")
    assert editor.set_value(1, "label", "x").row_ids == ()
    assert editor.clear_value(1, "other").row_ids == ()
    assert editor.set_value(99, "label", "x").row_ids == ()
    assert editor.undo().row_ids == (1,)
    assert editor.undo().row_ids == ()


def test_undo_after_the_model_has_answered_shows_the_models_answer(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        editor = edit()
        editor.set_value(1, "label", "mine")
        run.keep(doubtful(1))
        assert state(read) is RowState.DONE
        editor.undo()
    assert state(read) is RowState.NEEDS_REVIEW


def test_taking_an_edit_back_does_not_call_off_the_wish_to_ask_again(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.answer_all()
        run.begin(again())
        editor = edit()
        editor.set_value(1, "label", "mine")
        assert run.claim() == []
        editor.clear_value(1, "label")
        assert state(read) is RowState.WAITING
        assert editor.clear_value(1, "label").row_ids == ()
        assert run.writer.look_again()
        assert run.claim() == [1]


def test_a_row_found_lost_and_answered_by_hand_is_lost_again_without_the_hand(
    path: Path, read: Read, edit: Edit
) -> None:
    make_job(path, one_column("a", ""))
    with Run(path) as run:
        run.answer_all()
    editor = edit()
    editor.set_value(2, "label", "mine")
    assert state(read, 2) is RowState.DONE
    editor.undo()
    # Its prompt is blank, as the next run finds again.
    assert state(read, 2) is RowState.WAITING
    with Run(path) as run:
        run.answer_all()
    assert state(read, 2) is RowState.FAILED


def test_texts_that_no_file_can_hold_can_be_typed(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    editor = edit()
    editor.set_value(1, "la\ud800bel", "x\udfffy")
    assert editor.set_value(1, "la\ud800bel", "x\udfffy").row_ids == ()
    editor.rename("n\ud800")
    editor.set_note("gold", {"column": "\ud800"})
    assert next(iter(read().rows([1])[0].hand.values())) is not None
    assert read().summary().name.startswith("n")
    assert read().note("gold") == {"column": "\ud800"}
    assert editor.clear_value(1, "la\ud800bel").row_ids == (1,)


def test_drafts_names_and_notes(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    editor = edit()
    assert read().draft() is None
    assert read().note("gold", 7) == 7
    editor.save_draft(RECIPE)
    editor.rename("better name")
    editor.set_note("gold", ["x"])
    assert read().draft() == RECIPE
    assert read().summary().name == "better name"
    assert read().note("gold") == ["x"]


def test_the_windows_edits_wait_for_the_worker_and_lose_nothing(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column(*map(str, range(200))))
    editor = edit()
    with Run(path) as run:
        for start in range(1, 201, 20):
            ids = run.claim(20)
            editor.set_value(start, "label", "mine")
            run.keep(*(done(row_id) for row_id in ids))
    assert read().counts() == Counts(done=200)
    assert [row.row_id for row in read().rows(range(1, 201)) if row.hand] == list(range(1, 201, 20))


def test_stored_replies_are_read_again_and_nothing_is_counted_as_asked(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a", "b", "c", "d", "a"))

    def answer(row_id: int, version: int) -> Outcome:
        if row_id == 4:
            return failed(row_id, version, raw="mixed")
        return doubtful(row_id, version, raw="" if row_id == 3 else "mixed" if row_id == 1 else "?")

    with Run(path) as run:
        # Row 5 is identical to row 1 and shares its reply.
        run.answer_all(answer)
    before = read().totals()

    def by_the_new_list(raw: str) -> Reading:
        good = raw == "mixed"
        return Reading(RowState.DONE if good else RowState.NEEDS_REVIEW, {"label": "mixed" if good else None})

    assert read().details(Cause.OFF_LIST, RowState.NEEDS_REVIEW) == [("“fine”", 4)]
    assert edit().read_again(Cause.OFF_LIST, by_the_new_list).row_ids == (1, 5)
    rows = read().rows([1, 2, 3, 4, 5])
    assert [row.state for row in rows] == [
        RowState.DONE, RowState.NEEDS_REVIEW, RowState.NEEDS_REVIEW, RowState.FAILED, RowState.DONE,
    ]  # fmt: skip
    assert (rows[0].values, rows[4].values, rows[0].cause, rows[0].detail) == ({"label": "mixed"},) * 2 + (None, "")
    assert rows[0].version == 1 and read().totals() == before
    assert edit().read_again(Cause.OFF_LIST, by_the_new_list).row_ids == ()
    check_job(path)
