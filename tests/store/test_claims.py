"""Taking rows, marking them sent, keeping what came back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gui_app.errors import InternalError, JobFileError, StorageError
from gui_app.jobs import Cause, Counts, JobState, Lane, Row, RowState, Usage
from gui_app.store.claims import JobWriter, Outcome, Prepared
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from tests.store.making import (
    OTHER_RECIPE,
    RECIPE,
    Edit,
    Read,
    Run,
    again_later,
    done,
    doubtful,
    each_alone,
    failed,
    forget_owner,
    make_job,
    never_sent,
    one_column,
    prepare,
    remaining,
)


def test_rows_are_taken_in_file_order_and_marked_before_they_go_out(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b", "c"))
    with Run(path) as run:
        assert run.claim(2) == [1, 2]
        assert [row.state for row in read().rows([1, 2, 3])] == [RowState.RUNNING, RowState.RUNNING, RowState.WAITING]
        assert run.writer.counts() == Counts(waiting=1, running=2)
        assert run.claim(2) == [3]
        assert run.claim(2) == []


def test_an_answer_is_kept_with_all_that_came_with_it(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        outcome = done(
            1,
            confidence={"label": 0.75},
            model="model-3",
            usage=Usage(input_tokens=10, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2),
            raw="Good!",
        )
        run.keep(outcome)
    (row,) = read().rows([1])
    assert (row.state, row.values, row.confidence) == (RowState.DONE, {"label": "good"}, {"label": 0.75})
    assert (row.model, row.cost_usd, row.version, row.input_tokens, row.output_tokens) == ("model-3", 0.001, 1, 10, 5)
    (attempt,) = read().attempts(1)
    assert (attempt.raw, attempt.outcome, attempt.sent_at, attempt.ended_at) == ("Good!", "done", 1.0, 2.0)
    assert attempt.usage == Usage(10, 5, 4, 0, 2)
    totals = read().totals()
    assert (totals.requests, totals.input_tokens, totals.cost_usd) == (1, 10, 0.001)


def test_each_outcome_reaches_its_own_row_whatever_the_order(path: Path, read: Read) -> None:
    make_job(path, one_column(*(f"text {i}" for i in range(1, 51))))
    with Run(path) as run:
        ids = run.claim()
        run.keep(*(done(row_id, value=f"answer {row_id}") for row_id in reversed(ids)))
    assert all(row.values == {"label": f"answer {row.row_id}"} for row in read().rows(range(1, 51)))


def test_a_prompt_in_another_rows_place_is_refused(path: Path) -> None:
    make_job(path, one_column("a", "b"))

    def shuffled(rows: Sequence[Row]) -> Sequence[Prepared]:
        return prepare(rows)[::-1]

    with Run(path, prepare=shuffled) as run, pytest.raises(InternalError):
        run.claim()


def test_one_exchange_keeps_and_takes_together_or_not_at_all(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim(1)

        def broken(rows: Sequence[Row]) -> Sequence[Prepared]:
            raise OSError("no prompt")

        with pytest.raises(OSError, match="no prompt"):
            run.writer.exchange([done(1)], 1, run.version, broken)
        assert read().counts() == Counts(waiting=1, running=1)
        assert read().attempts(1) == []
        assert run.exchange([done(1)], 1).sent[0][0].row_id == 2


def test_a_row_to_be_tried_again_waits_until_it_is_due(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        assert run.claim(1, now=1000.0) == [1]
        run.exchange([again_later(1, 1030.0)], 0, now=1001.0)
        assert run.writer.next_due(now=1001.0) == 1030.0
        assert run.claim(1, now=1002.0) == [2]
        assert run.claim(1, now=1029.0) == []
        taken = run.exchange((), 5, now=1030.0)
        assert [(item.row_id, tries, first) for item, tries, first in taken.sent] == [(1, 1, 1000.0)]
        assert run.writer.next_due(now=1030.0) is None
    assert read().attempts(1)[0].cause is Cause.RATE_LIMIT


def test_a_retry_set_by_a_clock_that_was_turned_back_is_due(path: Path) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim(now=900_000.0)
        run.exchange([again_later(1, 900_060.0)], 0, now=900_000.0)
        assert run.writer.next_due(now=500_000.0) == 500_000.0
        assert run.claim(now=500_000.0) == [1]


def test_a_retry_without_a_time_is_due_at_once(path: Path) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.keep(again_later(1, 0.0))
        assert run.claim(now=1000.0) == [1]


def test_due_retries_go_before_fresh_rows(path: Path) -> None:
    make_job(path, one_column("a", "b", "c"))
    with Run(path) as run:
        run.claim(1, now=1000.0)
        run.keep(again_later(1, 1001.0))
        assert run.claim(2, now=1002.0) == [1, 2]


def test_a_row_that_never_went_out_waits_as_if_nothing_had_been(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim(2, now=1000.0)
        run.keep(never_sent(1), never_sent(2))
        assert read().totals().requests == 0
        taken = run.exchange((), 5, now=2000.0)
        # Its time starts with its first request, not with a mark that came to nothing.
        assert [(item.row_id, first) for item, _, first in taken.sent] == [(1, None), (2, None)]


def test_the_first_time_of_a_row_outlives_a_later_mark_that_came_to_nothing(path: Path) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.keep(again_later(1, 1010.0, tries=2))
        run.claim(now=1020.0)
        run.keep(never_sent(1))
        assert [(tries, first) for _, tries, first in run.exchange((), 1, now=1030.0).sent] == [(2, 1000.0)]


def test_an_outcome_for_a_row_that_is_not_out_is_paid_for_but_changes_nothing(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "a"))
    with Run(path) as run:
        run.claim(1)
        run.keep(done(1))
        run.keep(done(1, value="bad", cost_usd=0.5), failed(2))
        (row,) = read().rows([1])
        assert row.values == {"label": "good"}
        assert read().rows([2])[0].state is RowState.WAITING
        assert run.writer.spent_usd() == pytest.approx(0.502)


def test_blank_prompts_fail_without_a_request(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "", "b"))
    with Run(path) as run:
        claimed = run.exchange((), 10)
        assert [item.row_id for item, _, _ in claimed.sent] == [1, 3]
        assert claimed.settled == [2]
    (row,) = read().rows([2])
    assert (row.state, row.cause, row.cost_usd) == (RowState.FAILED, Cause.BLANK_PROMPT, None)


def test_the_reserved_price_of_what_is_out_goes_when_it_comes_back(path: Path) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        reserved = "SELECT reserved_usd FROM status"
        assert run.writer.db.execute(reserved).fetchone() == (0.01,)
        run.keep(done(1))
        assert run.writer.db.execute(reserved).fetchone() == (None,)


def test_rows_of_a_dead_owner_wait_again_and_count_as_spent(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    first = Run(path)
    first.claim(1, now=1000.0)
    first.writer.db.close()  # As if the process had ended here; the lease is this living process's, though.
    forget_owner(path)
    assert read().summary().unknown_sent == 1
    with Run(path) as run:
        assert run.lost == 1
        (row,) = read().rows([1])
        assert (row.state, row.cause) == (RowState.WAITING, Cause.UNKNOWN)
        assert read().summary().unknown_sent == 1
        (attempt,) = read().attempts(1)
        assert (attempt.outcome, attempt.cost_usd, attempt.sent_at) == ("unknown", 0.01, 1000.0)
        assert read().totals().unknown == 1
        # The days the job lay still do not count against the row.
        taken = run.exchange((), 1)
        assert [(item.row_id, first) for item, _, first in taken.sent] == [(1, None)]
        run.keep(done(1))
        assert read().summary().unknown_sent == 0


def test_a_row_of_a_dead_owner_that_was_answered_by_hand_is_done(path: Path, read: Read, edit: Edit) -> None:
    make_job(path, one_column("a"))
    first = Run(path)
    first.claim()
    editor = edit()
    editor.set_value(1, "label", "bad")
    first.writer.db.close()
    forget_owner(path)
    with Run(path) as run:
        assert run.claim() == []
    assert read().rows([1])[0].state is RowState.DONE


def test_rows_taken_for_a_batch_that_was_never_written_down_wait_again(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    first = Run(path)
    first.claim(lane=Lane.OVERNIGHT)
    first.writer.db.execute("UPDATE status SET part_id = 7 WHERE row_id = 2")
    first.writer.db.close()
    forget_owner(path)
    with Run(path) as run:
        assert run.lost == 0
        assert [row.state for row in read().rows([1, 2])] == [RowState.WAITING, RowState.RUNNING]
        assert read().totals().requests == 0


def test_starting_a_run_freezes_the_recipe_once(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        assert run.version == 1
        run.begin(recipe=OTHER_RECIPE)
        assert run.version == 2
        run.begin(recipe=RECIPE)
        assert run.version == 1
    assert [(v.version, v.recipe) for v in read().recipe_versions()] == [(1, RECIPE), (2, OTHER_RECIPE)]
    assert read().draft() == RECIPE


def test_answers_of_an_older_version_are_marked(path: Path, read: Read) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim(1)
        run.keep(done(1))
        run.begin(recipe=OTHER_RECIPE)
        run.answer_all()
    assert [row.stale for row in read().rows([1, 2])] == [True, False]


def test_the_time_a_paused_job_lay_still_does_not_count_against_its_rows(path: Path) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim(now=1000.0)
        run.keep(again_later(1, 1005.0, tries=1))
        run.begin()
        assert [(tries, first) for _, tries, first in run.exchange((), 1, now=90_000.0).sent] == [(1, None)]


def test_the_run_counts_its_own_rows(path: Path) -> None:
    make_job(path, one_column("a", "b", "c", "d"))
    with Run(path) as run:
        assert run.writer.in_run() == (4, 0)
        run.claim(1)
        run.keep(done(1))
        assert run.writer.in_run() == (4, 1)
        run.begin(remaining(first=3))
        assert run.writer.in_run() == (3, 1)
        run.claim()
        run.keep(failed(2), doubtful(3))
        assert run.writer.in_run() == (3, 3)
        assert not run.writer.look_again()


def test_the_state_and_its_reason_are_stored(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        assert read().summary().state is JobState.RUNNING
        run.writer.set_state(JobState.STOPPED, Cause.KEY_REFUSED, "401 \ud800")
    summary = read().summary()
    assert (summary.state, summary.stopped_cause) == (JobState.STOPPED, Cause.KEY_REFUSED)
    assert summary.stopped_detail.startswith("401 ")


def test_a_running_job_without_a_living_owner_is_shown_as_paused(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    Run(path).close()
    assert read().summary().state is JobState.PAUSED


def test_a_job_whose_table_was_not_read_to_its_end_is_not_run(path: Path) -> None:
    create_job(path, name="x")
    writer = RowsWriter(path)
    writer.begin(["a"], source_name="t", import_settings={})
    writer.add([(["1"], "")])
    writer.close()
    with pytest.raises(JobFileError, match="not read to its end"):
        JobWriter(path)


def test_a_claim_of_long_rows_ends_before_memory_does(path: Path) -> None:
    make_job(path, one_column(*(f"{i}" + "x" * 3_000_000 for i in range(6))))
    with Run(path) as run:
        claimed = run.exchange((), 6)
        assert (len(claimed.sent), claimed.more) == (3, True)
        # There is more to be had at once.
        assert run.writer.next_due(now=5.0) == 5.0
        assert len(run.claim(6)) == 3


def test_a_claim_of_rows_that_need_no_request_ends_in_time(path: Path) -> None:
    make_job(path, one_column(*["same"] * 300))

    def slow(rows: Sequence[Row]) -> Sequence[Prepared]:
        time.sleep(0.06)
        return prepare(rows)

    with Run(path, prepare=slow) as run:
        claimed = run.exchange((), 50)
        assert (len(claimed.sent), claimed.more) == (1, True)
        assert claimed.followers < 299
        run.prepare = prepare
        while run.exchange((), 50).more:
            pass
        run.keep(done(1))
        assert run.writer.counts() == Counts(done=300)


def test_rows_can_be_asked_each_for_itself(path: Path) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path, prepare=each_alone) as run:
        assert run.claim() == [1, 2]


def test_texts_that_no_file_can_hold_are_kept_all_the_same(path: Path, read: Read) -> None:
    make_job(path, one_column("a \ud83d b", "nul \x00 nul"))
    with Run(path, prepare=each_alone) as run:
        run.claim()
        run.keep(
            done(1, value="lone \udcff", raw="raw \ud800", model="m\ud800", detail="d\ud800"),
            done(2, value="nul \x00 end", raw="\x00"),
        )
    one, two = read().rows([1, 2])
    assert one.cells == ("a \ud83d b",)
    assert two.cells == ("nul \x00 nul",)
    assert str(one.values["label"]).startswith("lone \ufffd")
    assert two.values == {"label": "nul \x00 end"}
    assert dict(read().label_counts("label")) == {one.values["label"]: 1, "nul \x00 end": 1}


def test_numbers_that_are_none_are_no_value(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.claim()
        run.keep(Outcome(1, 1, RowState.DONE, values={"label": float("nan")}, confidence={"label": float("inf")}))
    assert read().rows([1])[0].values == {"label": None}
    assert read().label_counts("label") == [(None, 1)]


def test_nothing_is_written_into_a_file_that_was_moved_away(path: Path) -> None:
    make_job(path, one_column("a", "b"))
    with Run(path) as run:
        run.claim(1)
        away = path.with_name("elsewhere")
        path.rename(away)
        with pytest.raises(StorageError, match="moved or deleted"):
            run.exchange([done(1)], 1)
        away.rename(path)
        assert run.exchange([done(1)], 1).sent[0][0].row_id == 2
