"""What comes back of a batch is kept once, in its own row; what does not waits again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gui_app.jobs import Cause, JobState, RowState
from gui_app.practice.faults import Batching, Faults
from gui_app.providers.base import BatchResult, BatchStatus, CallFailed
from gui_app.store.parts import PartState
from gui_app.store.reading.queries import JobReader
from tests.engine.batches.nights import BOTH, SLOW_DISK, run
from tests.helpers.overnight import (
    DOLLAR,
    Overnight,
    answers,
    attempts,
    make_job,
    own_answers,
    paid,
    parts_of,
    provider_on,
    recipe,
    rows,
    states,
    texts,
)

pytestmark = SLOW_DISK


@BOTH
async def test_finished_rows_of_an_expired_batch_are_kept_and_the_others_wait(practice, tmp_path, api):
    server, job = practice(Batching(expired=0.4)), make_job(tmp_path / "j.rowmill", texts(60))
    final = await run(job, server, api)
    assert final.state is JobState.DRAFT
    found = states(job)
    assert found["done"] == len(paid(server)) > 10
    assert found["waiting"] == 60 - found["done"] > 10
    assert all(text in said for text, said in answers(job).items())
    # Overnight again is one click, and asks the others alone.
    await run(job, server, api)
    own_answers(job, 60)
    assert set(paid(server).values()) == {1}


@BOTH
async def test_cancelling_is_not_an_end(practice, tmp_path, api):
    server = practice(Batching(seconds=2, cancelling_s=0.6))
    job = make_job(tmp_path / "j.rowmill", texts(200))
    provider = provider_on(server, api)
    run_ = Overnight(job, provider, recipe(api))
    task = asyncio.create_task(run_.run())
    while not len(paid(server)) > 20:
        await asyncio.sleep(0.02)
    run_.runner.cancel()
    while not any(part.state is PartState.CANCELLING for part in parts_of(job)):
        assert not task.done()
        await asyncio.sleep(0.01)
    assert not task.done()
    final = await task
    await provider.close()
    # What was finished by then is paid, and kept.
    assert states(job)["done"] == len(paid(server)) >= 20
    assert final.counts.waiting == 200 - len(paid(server)) > 0
    assert {part.state for part in parts_of(job)} == {PartState.COLLECTED}


@BOTH
async def test_a_missing_row_shifts_no_other(practice, tmp_path, api):
    server, job = practice(Batching(missing=0.1)), make_job(tmp_path / "j.rowmill", texts(80))
    await run(job, server, api)
    found = answers(job)
    assert 40 < len(found) < 80
    assert all(text in said for text, said in found.items())
    assert states(job)["waiting"] == 80 - len(found)


async def test_a_null_response_fails_its_own_row_alone_and_it_waits_again(practice, tmp_path):
    server, job = practice(Batching(null_response=0.2)), make_job(tmp_path / "j.rowmill", texts(50))
    await run(job, server)
    found = states(job)
    assert found["waiting"] > 0 and found["done"] == 50 - found["waiting"]
    waiting = [row for row in rows(job) if row.state is RowState.WAITING]
    assert {row.cause for row in waiting} == {Cause.SERVER_ERROR}
    await run(job, server)
    own_answers(job, 50)
    assert set(paid(server).values()) == {1}


async def test_a_part_that_cannot_be_looked_at_does_not_hold_up_the_others(practice, tmp_path):
    server, job = practice(Batching(seconds=0.2)), make_job(tmp_path / "j.rowmill", texts(30))
    provider = provider_on(server, requests=10)
    honest, first = provider.status, ""

    async def status(batch_id: str):
        nonlocal first
        first = first or batch_id
        if batch_id == first:
            raise CallFailed(Cause.SERVER_ERROR, status=500)
        return await honest(batch_id)

    provider.status = status  # type: ignore[method-assign]
    run_ = Overnight(job, provider)
    task = asyncio.create_task(run_.run())
    while states(job)["done"] < 20:
        await asyncio.sleep(0.02)
    run_.runner.stop()
    assert (await task).state is JobState.SUBMITTED
    await provider.close()
    assert states(job) == {"done": 20, "running": 10}


async def test_output_and_error_file_are_both_read_and_bodies_may_be_strings(practice, tmp_path):
    server = practice(Batching(string_body=0.5, errored=0.2))
    job = make_job(tmp_path / "j.rowmill", texts(60))
    await run(job, server)
    found = states(job)
    assert found["done"] == len(paid(server))
    assert found["waiting"] == 60 - found["done"] > 0
    assert all(text in said for text, said in answers(job).items())
    with closing(JobReader(job)) as reader:
        assert reader.totals().requests == 60


@BOTH
async def test_duplicates_and_strangers_count_for_nothing(practice, tmp_path, api):
    server = practice(Batching(duplicated=0.5, unknown_ids=5))
    job = make_job(tmp_path / "j.rowmill", texts(40))
    await run(job, server, api, pricing=DOLLAR)
    own_answers(job, 40)
    with closing(JobReader(job)) as reader:
        assert reader.totals().cost_usd == 40
        assert reader.totals().requests == 40


@BOTH
async def test_a_stranger_with_a_rows_number_is_not_taken_for_that_row(practice, tmp_path, api):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(8))
    provider = provider_on(server, api)
    honest = provider.results

    async def strangers_first(status: BatchStatus, folder: Path) -> AsyncGenerator[BatchResult, None]:
        found = [result async for result in honest(status, folder)]
        for number in range(1, 9):
            yield replace(found[number % 8], custom_id=f"stranger-{number}")
        for result in found:
            yield result

    provider.results = strangers_first  # type: ignore[method-assign]
    await Overnight(job, provider, recipe(api)).run()
    await provider.close()
    own_answers(job, 8)


@BOTH
async def test_all_rows_failed_and_there_is_no_output_file(practice, tmp_path, api):
    server, job = practice(Batching(errored=1.0)), make_job(tmp_path / "j.rowmill", texts(10))
    final = await run(job, server, api, pricing=DOLLAR)
    assert final.counts.waiting == 10
    assert attempts(job) == [1] * 10
    with closing(JobReader(job)) as reader:
        assert reader.totals().cost_usd == 0


async def test_a_row_that_the_provider_fails_again_and_again_fails_in_the_end(practice, tmp_path):
    server, job = practice(Batching(errored=1.0, times=100)), make_job(tmp_path / "j.rowmill", texts(2))
    for _ in range(5):
        await run(job, server)
    assert states(job) == {"failed": 2}
    assert rows(job)[0].cause is Cause.SERVER_ERROR


@BOTH
async def test_what_is_the_rows_own_fault_fails_it_with_its_cause(practice, tmp_path, api):
    server = practice(faults=Faults(refused=0.3, too_long=0.3))
    job = make_job(tmp_path / "j.rowmill", texts(40))
    final = await run(job, server, api)
    assert final.state is JobState.FINISHED
    assert states(job).keys() == {"done", "failed"}
    assert {row.cause for row in rows(job) if row.state is RowState.FAILED} == {Cause.REFUSED, Cause.TOO_LONG}


async def test_mixed_results_of_an_anthropic_batch_each_go_their_own_way(practice, tmp_path):
    server = practice(Batching(errored=0.2, expired=0.2), Faults(refused=0.2))
    job = make_job(tmp_path / "j.rowmill", texts(80))
    await run(job, server, "anthropic")
    found = states(job)
    assert min(found["done"], found["failed"], found["waiting"]) > 3
    waiting = [row for row in rows(job) if row.state is RowState.WAITING]
    assert {row.cause for row in waiting} == {None, Cause.SERVER_ERROR}, "expired ones were never run"


@BOTH
async def test_a_download_that_is_cut_off_is_begun_again_and_counted_once(practice, tmp_path, api):
    server = practice(Batching(cut_downloads=2))
    job = make_job(tmp_path / "j.rowmill", texts(300))
    await run(job, server, api, pricing=DOLLAR)
    own_answers(job, 300)
    with closing(JobReader(job)) as reader:
        assert reader.totals().cost_usd == 300


@BOTH
async def test_collecting_half_and_dying_repeats_harmlessly(practice, tmp_path, api):
    server, job = practice(Batching(seconds=0.1)), make_job(tmp_path / "j.rowmill", texts(600))
    provider = provider_on(server, api)
    await Overnight(job, provider, recipe(api), linger=False, pricing=DOLLAR).run()
    honest = provider.results

    async def half(status, folder):
        count = 0
        async for result in honest(status, folder):
            count += 1
            if count > 400:
                raise RuntimeError("died")
            yield result

    provider.results = half  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="died"):
        await Overnight(job, provider, recipe(api), collect=True, pricing=DOLLAR).run()
    assert 0 < states(job)["done"] < 600
    provider.results = honest  # type: ignore[method-assign]
    await Overnight(job, provider, recipe(api), collect=True, pricing=DOLLAR).run()
    await provider.close()
    own_answers(job, 600)
    with closing(JobReader(job)) as reader:
        assert reader.totals().cost_usd == 600
