"""A job from waiting rows to stored answers."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.engine.events import JobProgress
from gui_app.engine.guard import FIRST_LOOK
from gui_app.engine.pacing.pace import Pace
from gui_app.engine.runner import JobRunner
from gui_app.jobs import Cause, Counts, JobState, Reply, RowFilter, RowState, Scope
from gui_app.jobs.states import GUARD
from gui_app.providers.base import CallFailed
from gui_app.store.reading.queries import JobReader
from tests.engine.running import (
    Model,
    answers,
    counts,
    forget_owner,
    make_job,
    numbered,
    refuses,
    runner,
    shuffled,
    state,
)
from tests.helpers.waiting import until


async def test_every_row_gets_its_own_answer_whatever_the_order_of_the_replies(path: Path) -> None:
    make_job(path, numbered(300))
    final = await runner(path, Model(latency_s=shuffled(0.02))).run()
    assert final.state is JobState.FINISHED
    assert answers(path) == {text: f"re: {text}" for text in numbered(300)}


async def test_a_failed_row_never_blocks_the_others(path: Path) -> None:
    async def answer(prompt: str, before: int) -> str:
        if prompt.endswith("7"):
            raise CallFailed(Cause.REFUSED, "no")
        return f"re: {prompt}"

    make_job(path, numbered(50))
    final = await runner(path, Model(answer), concurrency=3).run()
    assert final.counts == Counts(done=45, failed=5)
    assert final.state is JobState.FINISHED


async def test_a_row_that_waits_for_its_retry_holds_no_slot(path: Path) -> None:
    async def answer(prompt: str, before: int) -> str:
        if prompt == "row 1" and before == 0:
            raise CallFailed(Cause.SERVER_ERROR, retry_after_s=2.0)
        return f"re: {prompt}"

    make_job(path, numbered(20))
    model = Model(answer)
    await runner(path, model, concurrency=1).run()
    # With one slot only, everything else went out while row 1 waited.
    assert model.asked[0] == "row 1" and "row 1" not in model.asked[1:10]
    assert len(answers(path)) == 20


async def test_a_row_fails_after_five_attempts_of_its_own(path: Path, quick_retries: None) -> None:
    make_job(path, ["a"])
    model = Model(refuses(Cause.SERVER_ERROR, status=500))
    final = await runner(path, model).run()
    assert final.counts == Counts(failed=1)
    assert len(model.asked) == 5


async def test_being_asked_to_wait_burns_no_attempt(path: Path, quick_retries: None) -> None:
    async def answer(prompt: str, before: int) -> str:
        if before < 8:
            raise CallFailed(Cause.RATE_LIMIT, retry_after_s=0.001, status=429)
        return "at last"

    make_job(path, ["a"])
    final = await runner(path, Model(answer)).run()
    assert final.counts == Counts(done=1)


async def test_a_paused_job_sends_nothing_and_keeps_what_was_out(path: Path) -> None:
    make_job(path, numbered(200))
    model = Model(latency_s=lambda: 0.05)
    job = runner(path, model, concurrency=10)
    running = asyncio.create_task(job.run())
    await until(lambda: len(model.asked) >= 30)
    job.pause()
    sent = len(model.asked)
    final = await running
    assert final.state is JobState.PAUSED and state(path) == "paused"
    assert len(model.asked) == sent
    assert final.counts == Counts(waiting=200 - sent, done=sent)
    assert (await runner(path, model).run()).counts == Counts(done=200)
    assert len(model.asked) == 200


async def test_a_job_paused_while_it_is_opened_sends_nothing(path: Path) -> None:
    make_job(path, numbered(5))
    model = Model()
    job = runner(path, model)
    running = asyncio.create_task(job.run())
    job.pause()
    assert (await running).state is JobState.PAUSED
    assert model.asked == []


async def test_a_pause_does_not_wait_for_a_far_retry_after(path: Path) -> None:
    make_job(path, numbered(50))
    model = Model(refuses(Cause.RATE_LIMIT, retry_after_s=1e9, status=429))
    seen: list[JobProgress] = []
    job = runner(path, model, concurrency=5, on_progress=seen.append)
    running = asyncio.create_task(job.run())
    await until(lambda: seen and seen[-1].waiting_s > 100)
    assert len(model.asked) <= 5 and seen[-1].waiting_s <= 300.0 and seen[-1].slowed
    job.pause()
    async with asyncio.timeout(5):
        final = await running
    assert final.state is JobState.PAUSED
    assert counts(path) == Counts(waiting=50)


async def test_stop_lets_go_after_its_grace_and_counts_the_worst(path: Path) -> None:
    from gui_app.engine.judging import Pricing

    make_job(path, numbered(10))
    model = Model(latency_s=lambda: 30.0)
    job = runner(path, model, concurrency=4, pricing=Pricing(lambda usage, name: 0.001, lambda prompt: 0.5))
    running = asyncio.create_task(job.run())
    await until(lambda: model.in_flight == 4)
    job.stop(grace_s=0.05)
    final = await running
    assert final.state is JobState.STOPPED
    assert final.counts == Counts(waiting=10)
    assert final.cost_usd == pytest.approx(2.0)
    with closing(JobReader(path)) as reader:
        assert reader.summary().unknown_sent == 4
        assert [attempt.outcome for attempt in reader.attempts(1)] == ["unknown"]


async def test_a_second_stop_shortens_the_grace_of_the_first(path: Path) -> None:
    make_job(path, numbered(3))
    model = Model(latency_s=lambda: 60.0)
    job = runner(path, model)
    running = asyncio.create_task(job.run())
    await until(lambda: model.in_flight == 3)
    job.stop(grace_s=100.0)
    job.stop(grace_s=0.0)
    async with asyncio.timeout(5):
        assert (await running).state is JobState.STOPPED


async def test_a_cause_that_needs_the_user_stops_the_job_with_the_rest_waiting(path: Path) -> None:
    async def answer(prompt: str, before: int) -> str:
        if prompt == "row 20":
            raise CallFailed(Cause.BALANCE_GONE, "insufficient_quota", status=429)
        return f"re: {prompt}"

    make_job(path, numbered(500))
    model = Model(answer, latency_s=lambda: 0.02)
    final = await runner(path, model, concurrency=8).run()
    assert final.state is JobState.STOPPED
    assert (final.stopped_cause, final.stopped_detail) == (Cause.BALANCE_GONE, "insufficient_quota")
    assert len(model.asked) <= 20 + 8
    assert final.counts == Counts(waiting=500 - (len(model.asked) - 1), done=len(model.asked) - 1)


async def test_most_early_rows_failing_for_one_reason_pauses_the_job(path: Path) -> None:
    make_job(path, numbered(500))
    model = Model(refuses(Cause.REFUSED))
    final = await runner(path, model, concurrency=4, guarded=True).run()
    assert final.state is JobState.PAUSED
    assert (final.stopped_cause, final.stopped_detail) == (Cause.REFUSED, GUARD)
    assert FIRST_LOOK <= final.counts.failed < 120


async def test_a_part_of_the_rows_ends_as_a_draft(path: Path) -> None:
    make_job(path, numbered(30))
    model = Model()
    final = await runner(path, model, scope=Scope(first=5)).run()
    assert final.state is JobState.DRAFT
    assert final.counts == Counts(waiting=25, done=5)
    assert sorted(model.asked) == numbered(5)


async def test_a_retry_of_failed_rows_asks_them_alone(path: Path) -> None:
    from gui_app.jobs import ScopeKind

    async def answer(prompt: str, before: int) -> str:
        if prompt in ("row 3", "row 4") and before == 0:
            raise CallFailed(Cause.REFUSED)
        return f"re: {prompt}"

    make_job(path, numbered(10))
    model = Model(answer)
    assert (await runner(path, model).run()).counts == Counts(done=8, failed=2)
    model.asked.clear()
    scope = Scope(ScopeKind.RETRY, RowFilter(states=frozenset({RowState.FAILED})))
    assert (await runner(path, model, scope=scope).run()).counts == Counts(done=10)
    assert sorted(model.asked) == ["row 3", "row 4"]


async def test_what_an_event_says_is_on_disk_at_that_moment(path: Path) -> None:
    make_job(path, numbered(400))
    reader = JobReader(path)
    checked = 0

    def look(progress: JobProgress) -> None:
        nonlocal checked
        stored = reader.counts()
        assert stored.done >= progress.counts.done
        ids = [row for first, last in progress.changed for row in range(first, last + 1)]
        # Nothing went wrong here, so a row that is said to have changed is out or done, and stored as that.
        assert {view.state for view in reader.rows(ids)} <= {RowState.RUNNING, RowState.DONE}
        checked += len(ids)

    try:
        await runner(path, Model(latency_s=shuffled(0.03)), on_progress=look).run()
    finally:
        reader.close()
    assert checked >= 400


async def test_identical_prompts_are_asked_once(path: Path) -> None:
    make_job(path, ["same", "other", "same", "same"] * 25)
    model = Model(latency_s=shuffled())
    final = await runner(path, model).run()
    assert sorted(model.asked) == ["other", "same"]
    assert final.counts == Counts(done=100)
    assert final.identical_saved == 98


async def test_rows_are_claimed_for_the_calls_the_pace_allows_not_for_all_it_might_come_to(path: Path) -> None:
    make_job(path, numbered(300))
    slots, claimed = asyncio.Semaphore(4), []

    async def answer(prompt: str, before: int) -> str:
        async with slots:
            await asyncio.sleep(0.02)
        return prompt

    def look(progress: JobProgress) -> None:
        claimed.append(progress.counts.running)

    final = await runner(path, Model(answer), pace=Pace(200, start=4), on_progress=look).run()
    assert final.counts == Counts(done=300)
    assert 4 <= max(claimed) <= 60


async def test_a_blank_prompt_is_not_sent(path: Path) -> None:
    make_job(path, ["a", "  ", "b"])
    model = Model()
    assert (await runner(path, model).run()).counts == Counts(done=2, failed=1)
    assert sorted(model.asked) == ["a", "b"]


async def test_a_killed_run_is_continued_and_asks_no_answered_row_again(path: Path) -> None:
    make_job(path, numbered(200))
    model = Model(latency_s=lambda: 0.02)
    running = asyncio.create_task(runner(path, model, concurrency=10).run())
    await until(lambda: len(model.asked) > 60)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    forget_owner(path)
    stored = set(answers(path))
    assert 20 < len(stored) < 200
    again = Model()
    final = await runner(path, again).run()
    assert final.counts == Counts(done=200)
    assert stored.isdisjoint(again.asked)


@pytest.mark.parametrize("rows", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
async def test_there_is_no_task_for_each_row(path: Path, rows: int) -> None:
    make_job(path, numbered(rows))
    most = 0

    async def answer(prompt: str, before: int) -> str:
        nonlocal most
        if prompt.endswith("77"):
            most = max(most, len(asyncio.all_tasks()))
        return prompt

    final = await runner(path, Model(answer), concurrency=30).run()
    assert final.counts == Counts(done=rows)
    assert 0 < most <= 30 + 6


async def test_two_jobs_share_one_pace(tmp_path: Path) -> None:
    paths = [make_job(tmp_path / f"{name}.rowmill", numbered(60)) for name in "ab"]
    model = Model(latency_s=lambda: 0.01)
    pace = Pace(8)
    jobs: list[JobRunner] = [runner(path, model, pace=pace) for path in paths]
    for final in await asyncio.gather(*(job.run() for job in jobs)):
        assert final.counts == Counts(done=60)
    assert model.most_in_flight == 8
    assert pace.in_flight == 0


async def test_a_number_set_for_a_job_is_never_exceeded(path: Path) -> None:
    make_job(path, numbered(60))
    model = Model(latency_s=lambda: 0.005)
    await runner(path, model, pace=Pace(50), concurrency=3).run()
    assert model.most_in_flight == 3


async def test_a_reply_nobody_foresaw_fails_its_row_and_no_other(path: Path, expect_log) -> None:
    expect_log("a call failed in a way nobody foresaw")

    async def answer(prompt: str, before: int) -> Reply | str:
        if prompt == "row 2":
            raise ZeroDivisionError
        return prompt

    make_job(path, numbered(5))
    job = runner(path, Model(answer), deadline_s=5.0)
    running = asyncio.create_task(job.run())
    await until(lambda: counts(path).done == 4)
    job.pause()
    await running
    with closing(JobReader(path)) as reader:
        view = reader.rows([2])[0]
        assert view.state is RowState.WAITING and view.detail == "ZeroDivisionError"
