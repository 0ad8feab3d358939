"""Rows with the very same prompt are asked once, by one of them, for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gui_app.jobs import Cause, Counts, Row, RowState
from gui_app.store.claims import Prepared
from tests.store.making import (
    OTHER_RECIPE,
    Edit,
    Read,
    Run,
    again,
    again_later,
    done,
    doubtful,
    failed,
    forget_owner,
    make_job,
    never_sent,
    one_column,
    prepare,
    remaining,
    retry,
)


def states(read: Read, count: int) -> list[str]:
    return [row.state.value for row in read().rows(range(1, count + 1))]


def test_one_is_asked_and_the_others_get_its_answer(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "other", "same", "same"))
    with Run(path) as run:
        claimed = run.exchange((), 10)
        assert [item.row_id for item, _, _ in claimed.sent] == [1, 2]
        assert claimed.followers == 2
        # Those that get a result with it are told, so that they can be drawn.
        assert run.keep(done(1, value="good")).settled == [3, 4]
        assert run.writer.identical_saved() == 2
    rows = read().rows([3, 4])
    assert all((row.state, row.values, row.source_row_id) == (RowState.DONE, {"label": "good"}, 1) for row in rows)
    assert read().totals().identical_saved == 2
    assert read().totals().requests == 1
    assert [attempt.raw for attempt in read().attempts(4)] == ["good"]


def test_a_row_that_comes_later_takes_the_answer_that_is_there(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(1)
        run.keep(done(1))
        claimed = run.exchange((), 10)
        assert (claimed.sent, claimed.settled) == ([], [2])
    assert read().rows([2])[0].source_row_id == 1


def test_they_need_review_or_fail_together_and_are_retried_as_one(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same", "doubt", "doubt"))
    with Run(path) as run:
        run.claim()
        run.keep(failed(1), doubtful(3))
        assert states(read, 4) == ["failed", "failed", "needs review", "needs review"]
        assert [group.count for group in read().failure_groups()] == [2, 2]
        # Whichever of the two is chosen.
        run.begin(retry(row_ids=(2,)))
        assert run.writer.in_run() == (2, 0)
        assert len(run.claim()) == 1
        run.keep(done(1))
        run.begin(retry(causes=frozenset({Cause.OFF_LIST})))
        assert run.claim() == [3]
        run.keep(done(3))
    assert states(read, 4) == ["done"] * 4


def test_a_hundred_thousand_that_failed_as_one_are_retried_quickly(path: Path) -> None:
    count = 20_000
    make_job(path, one_column(*["same"] * count))
    with Run(path) as run:
        while run.exchange((), 10).more:
            pass
        run.keep(failed(1))
        run.begin(retry())
        assert run.writer.in_run() == (count, 0)


def test_they_follow_the_one_asked_through_its_retries(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.exchange([again_later(1, 1010.0)], 0, now=1000.0)
        assert run.claim(now=1005.0) == []
        assert not run.writer.look_again()
        assert run.claim(now=1010.0) == [1]
        run.keep(done(1))
    assert states(read, 2) == ["done", "done"]


def test_a_row_that_waits_for_another_is_not_due_itself(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(now=1000.0)
        assert run.writer.next_due(now=1000.0) is None
        (row,) = read().rows([2])
        assert (row.state, row.follows, row.not_before) == (RowState.WAITING, 1, 0.0)


def test_an_answer_for_a_row_that_is_not_out_is_not_shared(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.exchange([again_later(1, 1010.0)], 0, now=1000.0)
        assert run.keep(done(1)).settled == []
        assert states(read, 2) == ["waiting", "waiting"]


def test_when_the_one_asked_never_went_out_another_may(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(never_sent(1))
        assert run.writer.look_again()
        assert run.claim() == [1]
        run.keep(done(1))
    assert states(read, 2) == ["done", "done"]


def test_when_the_one_asked_is_answered_by_hand_the_others_are_asked(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("same", "same", "same"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.exchange([again_later(1, 2000.0)], 0, now=1000.0)
        edit().set_value(1, "label", "bad")
        assert run.writer.look_again()
        assert run.claim(now=1001.0) == [2]
        run.keep(done(2, value="good"))
    one, two, three = read().rows([1, 2, 3])
    assert (one.shown("label"), two.shown("label"), three.shown("label")) == ("bad", "good", "good")
    assert three.source_row_id == 2


def test_what_was_changed_by_hand_is_not_shared(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(1)
        edit().set_value(1, "label", "bad")
        run.keep(done(1, value="good"))
        run.exchange((), 10)
    one, two = read().rows([1, 2])
    assert (one.shown("label"), one.values) == ("bad", {"label": "good"})
    assert (two.shown("label"), two.hand) == ("good", {})


def test_a_row_answered_by_hand_before_anything_was_sent_has_nothing_to_share(
    path: Path, read: Read, edit: Edit
) -> None:
    make_job(path, one_column("same", "same"))
    edit().set_value(1, "label", "bad")
    with Run(path) as run:
        assert run.claim() == [2]


def test_a_follower_answered_by_hand_keeps_that(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim()
        edit().set_value(2, "label", "bad")
        run.keep(done(1, value="good"))
    (row,) = read().rows([2])
    assert (row.state, row.shown("label"), row.source_row_id, row.follows) == (RowState.DONE, "bad", None, None)


def test_another_recipe_version_asks_again(path: Path) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(1)
        run.keep(done(1))
        run.begin(recipe=OTHER_RECIPE)
        assert run.claim() == [2]


def test_a_follower_of_one_version_gets_no_answer_of_the_next(path: Path, read: Read) -> None:
    """Two rows whose prompts are alike in one version may differ in the next."""
    make_job(path, [["same", "x"], ["same", "y"]], ["text", "more"])
    with Run(path) as run:
        run.claim(now=1000.0)
        run.exchange([again_later(1, 1010.0)], 0, now=1000.0)
        assert read().rows([2])[0].follows == 1
        run.prepare = by_second_cell
        run.begin(recipe=OTHER_RECIPE)
        assert sorted(run.claim(now=1020.0)) == [1, 2]
        run.keep(done(1, 2, value="of one"), done(2, 2, value="of two"))
    assert [row.values["label"] for row in read().rows([1, 2])] == ["of one", "of two"]


def by_second_cell(rows: Sequence[Row]) -> list[Prepared]:
    return prepare([Row(row.row_id, row.cells[1:]) for row in rows])


def test_ask_this_row_again_goes_out_by_itself(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1, value="good"))
        run.begin(again(row_ids=(3,)))
        assert run.claim() == [3]
        run.keep(done(3, value="bad"))
    assert [row.values["label"] for row in read().rows([1, 2, 3])] == ["good", "good", "bad"]
    assert [row.source_row_id for row in read().rows([1, 2, 3])] == [None, 1, None]


def test_again_never_brings_back_an_old_answer_of_an_identical_row(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1, value="good"))
        run.begin(again(row_ids=(2,)))
        run.claim()
        run.keep(done(2, value="bad"))
        # Row 2 has an answer of its own now; row 1 was asked this prompt too.
        run.begin(again(row_ids=(2,)))
        assert run.claim() == [2]
        run.keep(done(2, value="third"))
    assert [row.values["label"] for row in read().rows([1, 2])] == ["good", "third"]


def test_again_over_a_whole_job_leaves_out_what_was_answered_by_hand_and_its_old_reply(
    path: Path, read: Read, edit: Edit
) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(done(1, value="old"))
        edit().set_value(1, "label", "mine")
        run.begin(again())
        assert run.claim() == [2]
        run.keep(done(2, value="new"))
    assert [row.shown("label") for row in read().rows([1, 2])] == ["mine", "new"]


def test_identical_rows_asked_again_together_are_asked_once(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same", "same"))
    with Run(path) as run:
        run.answer_all()
        run.begin(again())
        assert run.claim() == [1]
        run.keep(done(1, value="new"))
    assert [row.values["label"] for row in read().rows([1, 2, 3])] == ["new", "new", "new"]
    assert read().totals().requests == 2


def test_the_wish_to_be_asked_again_outlives_the_process(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.answer_all()
        run.begin(again(row_ids=(2,)))
    with Run(path) as run:
        assert run.claim() == [2]


def test_a_done_row_is_not_asked_again_because_its_likes_are_retried(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(failed(1))
        run.begin(again(row_ids=(1,)))
        run.claim()
        run.keep(done(1, value="good"))
        run.begin(retry())
        # One request for both that are left; the one that is done and paid for stays as it is.
        assert run.writer.in_run() == (2, 0)
        assert len(run.claim()) == 1
        run.keep(done(2, value="later"))
    assert [row.values["label"] for row in read().rows([1, 2, 3])] == ["good", "later", "later"]


def test_retry_works_although_the_one_asked_was_answered_by_hand(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("same", "same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(failed(1))
        edit().set_value(1, "label", "mine")
        run.begin(retry())
        assert run.claim() == [2]
        run.keep(done(2))
    assert states(read, 3) == ["done", "done", "done"]
    assert read().rows([1])[0].hand == {"label": "mine"}


def test_a_run_over_some_rows_does_not_wait_for_one_that_is_not_among_them(path: Path) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.exchange([again_later(1, 1500.0)], 0, now=1000.0)
        run.begin(remaining(row_ids=(2,)))
        assert run.claim(now=1001.0) == [2]


def test_followers_of_a_dead_owner_are_placed_anew(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    first = Run(path)
    first.claim()
    first.writer.db.close()
    forget_owner(path)
    with Run(path) as run:
        assert run.claim() == [1]
        run.keep(done(1))
    assert read().counts() == Counts(done=2)
    assert read().totals().requests == 2


def test_an_identical_row_that_was_asked_under_another_version_since_has_nothing_to_share(path: Path) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim(1)
        run.keep(done(1))
        run.begin(again(row_ids=(1,)), OTHER_RECIPE)
        run.claim()
        run.keep(done(1, 2))
        run.begin()
        assert run.version == 1
        assert run.claim() == [2]
