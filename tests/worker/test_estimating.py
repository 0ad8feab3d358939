"""The estimate for the rows that wait, from those that were tried."""

from __future__ import annotations

from dataclasses import replace

from gui_app.jobs import Options, Price, RowFilter, RowState, RunOptions, Scope, Usage
from gui_app.pricing import Estimate
from gui_app.store.claims import JobWriter, Outcome, Prepared
from tests.worker.conftest import RECIPE, estimate_job

PAID = replace(RECIPE.with_model("compatible", "m", "https://x.example/v1"))
PRICE = RunOptions(price=Price(1.0, 10.0), concurrency=4)


def answer(job, recipe, rows, *, usage=Usage(100, 10), seconds=2.0, state=RowState.DONE):
    """Rows answered as if a run had asked them."""
    writer = JobWriter(job)
    try:
        version = writer.begin_run(recipe, Scope(rows=RowFilter(row_ids=tuple(rows))), {})

        def prepare(found):
            return [Prepared(row.row_id, "prompt", None, None) for row in found]

        claimed = writer.exchange([], len(rows), version, prepare)
        outcomes = [
            Outcome(
                item.row_id, version, state, sent_at=100.0, ended_at=100.0 + seconds,
                values={"sentiment": "positive"}, usage=usage, model="m",
            )
            for item, _tries, _first in claimed.sent
        ]  # fmt: skip
        writer.exchange(outcomes, 0, version, prepare)
    finally:
        writer.close()


def estimated(job, recipe=None, options=PRICE) -> Estimate:
    found = estimate_job(job, recipe, options)
    assert found is not None
    return found


def test_five_tried_rows_give_a_range_around_what_the_rest_would_cost(make_job):
    job = make_job(105)
    answer(job, PAID, range(1, 6))
    found = estimated(job)
    assert (found.rows, found.requests, found.tried) == (100, 100, 5)
    true_usd = 100 * (100 * 1.0 + 10 * 10.0) / 1e6
    assert found.now.low_usd is not None and found.now.high_usd is not None
    assert found.now.low_usd < true_usd < found.now.high_usd < 2 * true_usd
    assert found.now.low_minutes < 100 * 2.0 / 4 / 60 < found.now.high_minutes


def test_identical_rows_are_counted_once_where_they_are_asked_once(make_job):
    rows = [(str(n), f"text {n % 10}", "") for n in range(105)]
    job = make_job(rows)
    answer(job, PAID, range(1, 6))
    # Rows 1 to 5 are answered; of the ten different texts five are still to be asked.
    assert estimated(job).requests == 5
    each = replace(PAID, options=Options(ask_identical_once=False))
    assert estimated(job, each).requests == 100


def test_of_many_rows_a_sample_tells_without_telling_too_little(make_job):
    job = make_job(12_000)
    answer(job, PAID, range(1, 6))
    assert estimated(job).requests == 11_995
    same = make_job([(str(n), f"text {n % 50}", "") for n in range(12_000)], "same.rowmill")
    answer(same, PAID, range(1, 6))
    assert estimated(same).requests == 45


def test_nothing_is_told_before_this_very_recipe_has_answered_a_row(make_job):
    job = make_job(20)
    assert estimate_job(job, PAID, PRICE) is None
    answer(job, PAID, range(1, 6))
    other = replace(PAID, template="Something else: {review}")
    assert estimate_job(job, other, PRICE) is None
    assert estimate_job(job, PAID.with_model("compatible", "another", PAID.base_url), PRICE) is None
    assert estimate_job(job, PAID, PRICE) is not None


def test_money_is_unknown_without_a_price_and_nothing_on_the_practice_model(make_job):
    job = make_job(20)
    answer(job, PAID, range(1, 6))
    unknown = estimated(job, options=RunOptions())
    assert unknown.now.high_usd is None
    assert unknown.now.high_minutes > 0
    free = make_job(20, "free.rowmill")
    answer(free, RECIPE, range(1, 6))
    assert estimated(free, options=RunOptions()).now.high_usd == 0.0


def test_nothing_is_left_to_estimate_when_all_rows_are_answered(make_job):
    job = make_job(3)
    answer(job, PAID, range(1, 4))
    assert estimate_job(job, PAID, PRICE) is None


def test_blank_rows_and_failed_calls_cost_nothing(make_job):
    job = make_job([*((str(n), f"text {n}", "") for n in range(6)), *((str(n), "  ", "") for n in range(4))])
    answer(job, PAID, range(1, 4))
    answer(job, PAID, [4], usage=None, state=RowState.FAILED)
    found = estimated(job)
    assert (found.rows, found.requests, found.tried) == (6, 2, 3)


def run_with(job, calls_at_once: int, options: dict[str, object], *, pause_after: int | None = None) -> None:
    """300 rows answered in 2 s each, so many of them at once."""
    writer = JobWriter(job)
    try:
        version = writer.begin_run(PAID, Scope(), options)

        def prepare(found):
            return [Prepared(row.row_id, f"prompt {row.row_id}", None, None) for row in found]

        for number in range(300):
            claimed = writer.exchange([], 1, version, prepare)
            ((item, _tries, _first),) = claimed.sent
            sent_at = 100.0 + number * 2.0 / calls_at_once
            sent_at += 5_000.0 if pause_after is not None and number >= pause_after else 0.0
            outcome = Outcome(item.row_id, version, RowState.DONE, sent_at=sent_at, ended_at=sent_at + 2.0, usage=USED)
            writer.exchange([outcome], 0, version, prepare)
    finally:
        writer.close()


USED = Usage(100, 10)
AUTOMATIC = RunOptions(price=Price(1.0, 10.0))


def minutes_at(calls: float, rows: int = 1_700) -> float:
    return rows * 2.0 / calls / 60


def test_the_minutes_of_automatic_reach_from_where_it_starts_to_where_it_may_grow(make_job):
    job = make_job(2_005)
    answer(job, PAID, range(1, 6))
    found = estimated(job, options=AUTOMATIC).now
    # It starts at 10 calls at once here, and is reckoned to go to 200, though it may go further.
    assert 1.25 * minutes_at(200, 2_000) < found.low_minutes < 2 * minutes_at(200, 2_000)
    assert minutes_at(10, 2_000) < found.high_minutes < 1.6 * minutes_at(10, 2_000)


def test_the_minutes_of_automatic_go_by_what_the_job_s_last_run_reached(make_job):
    job = make_job(2_000)
    run_with(job, 40, {"concurrency": None})
    found = estimated(job, options=AUTOMATIC).now
    assert 0.8 * minutes_at(40) < found.low_minutes < found.high_minutes < 1.25 * minutes_at(40)


def test_a_run_with_a_number_of_its_own_says_nothing_of_automatic(make_job):
    job = make_job(2_000)
    run_with(job, 3, {"concurrency": 3})
    found = estimated(job, options=AUTOMATIC).now
    assert found.low_minutes < minutes_at(40)
    assert found.high_minutes < minutes_at(6)


def test_a_pause_is_no_part_of_the_time_that_calls_took(make_job):
    job = make_job(2_000)
    run_with(job, 40, {"concurrency": None}, pause_after=50)
    found = estimated(job, options=AUTOMATIC).now
    assert 0.8 * minutes_at(40) < found.low_minutes < found.high_minutes < 1.25 * minutes_at(40)


def test_a_server_on_this_computer_is_not_expected_to_take_more_calls_at_once(make_job):
    job = make_job(105)
    local = PAID.with_model("compatible", "m", "http://127.0.0.1:1/v1")
    answer(job, local, range(1, 6))
    found = estimated(job, local, AUTOMATIC).now
    assert minutes_at(4, 100) * 0.6 < found.low_minutes < found.high_minutes < minutes_at(2, 100) * 1.6
