"""Jobs overnight: what comes back is kept once, in its own row, and what does not waits again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from gui_app.engine import overnight
from gui_app.engine.batches.giving_up import give_up
from gui_app.jobs import Account, Cause, JobState, Lane, RowFilter, RowState, Scope, Secret
from gui_app.practice.faults import Batching, Faults
from gui_app.providers import catalog
from gui_app.providers.base import BatchPhase, BatchProvider, BatchResult, BatchStatus, CallFailed
from gui_app.store.parts import PartState
from gui_app.store.reading.queries import JobReader
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
from tests.helpers.practice import Practice

# Some forty commits a test wait for the disk, and seconds each where others keep it busy: with three programs that
# wrote and synced all the time, the usual minute was not enough.
pytestmark = pytest.mark.timeout(300)

BOTH = pytest.mark.parametrize("api", ["openai", "anthropic", "qwen"])
Start = Callable[..., Practice]


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Start]:
    started: list[Practice] = []

    def start(batching: Batching | None = None, faults: Faults | None = None) -> Practice:
        started.append(Practice(tmp_path / f"server{len(started)}", faults, batching).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


async def run(path: Path, server: Practice, api: str = "openai", *, limits: dict[str, int] | None = None, **options):
    provider = provider_on(server, api, **(limits or {}))
    try:
        return await Overnight(path, provider, recipe(api), **options).run()
    finally:
        await provider.close()


# -- the way through ---------------------------------------------------------------------------------


@BOTH
async def test_every_row_gets_its_own_answer_though_results_come_shuffled(practice, tmp_path, api):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(60))
    final = await run(job, server, api, limits={"requests": 25})
    assert final.state is JobState.FINISHED
    own_answers(job, 60)
    assert set(paid(server).values()) == {1}
    assert [part.rows for part in parts_of(job)] == [25, 25, 10]
    assert {part.state for part in parts_of(job)} == {PartState.COLLECTED}
    assert {row.lane for row in rows(job)} == {Lane.OVERNIGHT}


@BOTH
async def test_parts_stay_below_the_limit_of_bytes(practice, tmp_path, api):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(40))
    await run(job, server, api, limits={"size_bytes": 6000})
    assert len(parts_of(job)) > 2
    assert all(part.size_bytes <= 6000 for part in parts_of(job))
    own_answers(job, 40)


async def test_a_row_larger_than_any_part_fails_by_itself(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", [*texts(3), "x" * 9000])
    await run(job, server, limits={"size_bytes": 6000})
    assert states(job) == {"done": 3, "failed": 1}
    assert rows(job)[3].cause is Cause.TOO_LONG


async def test_without_lingering_a_run_ends_submitted_and_a_later_one_collects(practice, tmp_path):
    server, job = practice(Batching(seconds=0.5)), make_job(tmp_path / "j.rowmill", texts(10))
    final = await run(job, server, linger=False)
    assert final.state is JobState.SUBMITTED
    assert final.counts.running == 10
    (part,) = parts_of(job)
    assert part.state is PartState.SENT
    assert part.expires_at is not None and part.waiting == 10
    final = await run(job, server, collect=True)
    assert final.state is JobState.FINISHED
    own_answers(job, 10)
    assert set(paid(server).values()) == {1}


async def test_collecting_sends_nothing(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(10))
    await run(job, server, scope=Scope(first=4))
    await run(job, server, collect=True)
    assert states(job) == {"done": 4, "waiting": 6}
    assert len(paid(server)) == 4


async def test_identical_prompts_are_asked_once_and_shared(practice, tmp_path):
    server, job = practice(Batching(seconds=0.5)), make_job(tmp_path / "j.rowmill", texts(5) * 3)
    final = await run(job, server, linger=False)
    assert final.counts.running == 5
    await run(job, server, collect=True)
    assert states(job) == {"done": 15}
    assert paid(server) == dict.fromkeys(texts(5), 1)


async def test_a_row_answered_by_hand_meanwhile_keeps_its_hand_value(practice, tmp_path):
    from gui_app.store.edits import JobEditor

    server, job = practice(Batching(seconds=0.3)), make_job(tmp_path / "j.rowmill", texts(2))
    await run(job, server, linger=False)
    with closing(JobEditor(job)) as editor:
        editor.set_value(1, "said", "by hand")
    await run(job, server, collect=True)
    first = rows(job)[0]
    assert first.state is RowState.DONE
    assert first.hand["said"] == "by hand"


# -- the five ways in which langasync loses paid rows -------------------------------------------------


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


# -- collection --------------------------------------------------------------------------------------


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


# -- lost and found ----------------------------------------------------------------------------------


@BOTH
async def test_a_batch_whose_creation_was_never_answered_is_found_and_not_sent_again(practice, tmp_path, api):
    server = practice(Batching(lost_creates=1, seconds=0.3))
    job = make_job(tmp_path / "j.rowmill", texts(20))
    final = await run(job, server, api)
    assert final.state is JobState.FINISHED
    own_answers(job, 20)
    assert set(paid(server).values()) == {1}
    assert len(parts_of(job)) == 1


async def test_an_anthropic_batch_of_the_same_size_that_is_not_ours_is_left_alone(practice, tmp_path):
    server = practice(Batching(seconds=0.2))
    other, job = make_job(tmp_path / "o.rowmill", texts(20)), make_job(tmp_path / "j.rowmill", texts(20))
    await run(other, server, "anthropic", linger=False)
    server.set_faults(batching=Batching(lost_creates=1, seconds=0.2))
    await run(job, server, "anthropic")
    own_answers(job, 20)
    await run(other, server, "anthropic", collect=True)
    own_answers(other, 20)
    assert set(paid(server).values()) == {2}, "each job's own twenty"


@BOTH
async def test_a_batch_that_is_hidden_at_first_is_no_loss(practice, tmp_path, api):
    server = practice(Batching(hidden_gets=3))
    job = make_job(tmp_path / "j.rowmill", texts(10))
    await run(job, server, api)
    own_answers(job, 10)
    assert set(paid(server).values()) == {1}


async def test_a_lost_upload_starts_nothing_and_is_made_again(practice, tmp_path):
    server, job = practice(Batching(lost_uploads=1)), make_job(tmp_path / "j.rowmill", texts(10))
    final = await run(job, server)
    assert final.state is JobState.FINISHED
    assert [part.state for part in parts_of(job)] == [PartState.VOID, PartState.COLLECTED]
    assert set(paid(server).values()) == {1}


async def test_another_key_never_takes_a_part_for_lost(practice, tmp_path):
    from gui_app.engine.batches.part_source import Owner

    server, job = practice(Batching(lost_creates=1)), make_job(tmp_path / "j.rowmill", texts(5))
    provider = provider_on(server, settle_s=0.0)

    async def broken(since: float) -> AsyncGenerator[BatchStatus, None]:
        if since:
            raise CallFailed(Cause.SERVER_ERROR, status=500)
        yield BatchStatus("", BatchPhase.WORKING, "")

    async def nothing(since: float) -> AsyncGenerator[BatchStatus, None]:
        if not since:
            yield BatchStatus("", BatchPhase.WORKING, "")

    provider.list_recent = broken  # type: ignore[method-assign]
    await Overnight(job, provider, linger=False).run()
    # With another key the provider's list shows other batches.
    provider.list_recent = nothing  # type: ignore[method-assign]

    run_ = Overnight(job, provider, collect=True, linger=False, owner=Owner("openai", "test", "k2"))
    final = await run_.run()
    await provider.close()
    assert final.state is JobState.SUBMITTED
    assert final.problem is not None and "another key" in final.problem[0]
    assert states(job) == {"running": 5}


async def test_a_part_at_another_place_is_said_even_when_nothing_else_is_out(practice, tmp_path):
    from gui_app.engine.batches.part_source import Owner

    server, job = practice(Batching(seconds=60)), make_job(tmp_path / "j.rowmill", texts(5))
    await run(job, server, linger=False)
    provider = provider_on(server)
    moved = Overnight(job, provider, collect=True, owner=Owner("openai", "https://elsewhere.example/v1", "k1"))
    final = await moved.run()
    await provider.close()
    assert final.state is JobState.SUBMITTED
    assert final.stuck_parts == (1,)
    assert final.problem is not None
    assert final.problem[1] == {"provider": "openai", "host": "test"}


async def test_a_part_nobody_can_fetch_is_given_up_and_its_rows_wait_again_as_perhaps_paid(practice, tmp_path):
    server, job = practice(Batching(seconds=60)), make_job(tmp_path / "j.rowmill", texts(12))
    await run(job, server, limits={"requests": 8}, linger=False, pricing=DOLLAR)
    assert await give_up(job, {1}) == 8
    assert states(job) == {"waiting": 8, "running": 4}
    first, second = parts_of(job)
    assert (first.state, second.state) == (PartState.LOST, PartState.SENT)
    with closing(JobReader(job)) as reader:
        summary, totals = reader.summary(), reader.totals()
    assert summary.state is JobState.SUBMITTED
    assert summary.unknown_sent == 8
    # At their worst price: a limit must count what the provider may charge.
    assert (totals.unknown, totals.cost_usd) == (8, 16)
    assert await give_up(job, {1}) == 0, "repeating it changes nothing"
    assert await give_up(job, {2}) == 4
    with closing(JobReader(job)) as reader:
        assert reader.summary().state is JobState.DRAFT


async def test_a_job_that_runs_elsewhere_gives_up_nothing(practice, tmp_path):
    from gui_app.errors import JobInUse
    from gui_app.store.claims import JobWriter

    server, job = practice(Batching(seconds=60)), make_job(tmp_path / "j.rowmill", texts(3))
    await run(job, server, linger=False)
    with closing(JobWriter(job)), pytest.raises(JobInUse):
        await give_up(job, {1})
    assert states(job) == {"running": 3}


# -- queues, money, recipes --------------------------------------------------------------------------


async def test_too_much_for_the_providers_queue_waits_for_its_turn(practice, tmp_path):
    server = practice(Batching(seconds=0.2, enqueued_tokens=2_500))
    job = make_job(tmp_path / "j.rowmill", texts(60))
    provider = provider_on(server, requests=10)
    waited = Overnight(job, provider)
    final = await waited.run()
    await provider.close()
    assert final.state is JobState.FINISHED, (final.stopped_cause, final.stopped_detail)
    own_answers(job, 60)
    assert set(paid(server).values()) == {1}
    # While rows wait here for their turn it still runs, slowed down, and can be paused.
    assert {told.state for told in waited.told if told.slowed} == {JobState.RUNNING}
    assert any(part.state is PartState.VOID for part in parts_of(job)), "one was refused"


async def test_a_part_too_large_for_an_empty_queue_is_made_smaller(practice, tmp_path):
    server = practice(Batching(enqueued_tokens=4_000))
    job = make_job(tmp_path / "j.rowmill", texts(60))
    final = await run(job, server, limits={"size_bytes": 40_000})
    assert final.state is JobState.FINISHED, (final.stopped_cause, final.stopped_detail)
    own_answers(job, 60)


async def test_the_spending_limit_counts_whole_parts_at_their_worst(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(30))
    # Two dollars reserved a row, one paid: 10 dollars let 5 out, then 2, then 1, then 1, then none.
    final = await run(job, server, pricing=DOLLAR, budget_usd=10)
    assert final.state is JobState.STOPPED
    assert final.stopped_cause is Cause.SPENDING_LIMIT
    assert final.cost_usd <= 10
    assert states(job)["done"] == 9
    assert [part.rows for part in parts_of(job)] == [5, 2, 1, 1]


async def test_a_part_is_read_with_the_recipe_it_was_asked_with(practice, tmp_path):
    server, job = practice(Batching(seconds=0.3)), make_job(tmp_path / "j.rowmill", texts(6))
    provider = provider_on(server)
    await Overnight(job, provider, linger=False, scope=Scope(first=3)).run()
    other = replace(recipe(), fields=(replace(recipe().fields[0], name="else"),))
    await Overnight(job, provider, other).run()
    await provider.close()
    assert [sorted(row.values) for row in rows(job)] == [["said"]] * 3 + [["else"]] * 3


async def test_a_whole_batch_that_is_refused_stops_the_job_with_its_cause(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(3))
    provider = provider_on(server)
    honest = provider.request
    provider.request = lambda *given: honest(*given).replace(b'"POST"', b'"GET"')  # type: ignore[method-assign]
    final = await Overnight(job, provider).run()
    await provider.close()
    assert (final.state, final.stopped_cause) == (JobState.STOPPED, Cause.BAD_REQUEST)
    assert "POST" in final.stopped_detail
    assert states(job) == {"waiting": 3}


async def test_a_refused_key_stops_the_job_and_loses_nothing(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(3))
    server.token_was, provider = server.token, provider_on(server)
    provider._door._key = None  # type: ignore[attr-defined]
    final = await Overnight(job, provider).run()
    await provider.close()
    assert (final.state, final.stopped_cause) == (JobState.STOPPED, Cause.KEY_REFUSED)
    assert states(job) == {"waiting": 3}
    await run(job, server)
    own_answers(job, 3)


# -- stopping, and other lanes -----------------------------------------------------------------------


async def test_a_stopped_run_leaves_what_is_out_and_a_later_one_collects_it(practice, tmp_path):
    server, job = practice(Batching(seconds=0.5)), make_job(tmp_path / "j.rowmill", texts(20))
    provider = provider_on(server)
    run_ = Overnight(job, provider)
    task = asyncio.create_task(run_.run())
    while not parts_of(job) or parts_of(job)[0].batch_id is None:
        await asyncio.sleep(0.01)
    run_.runner.stop()
    assert (await task).state is JobState.SUBMITTED
    await Overnight(job, provider).run()
    await provider.close()
    own_answers(job, 20)
    assert set(paid(server).values()) == {1}


@asynccontextmanager
async def stalling_server() -> AsyncIterator[str]:
    """Takes a little of a body and then no more. Yields its address."""
    ended = asyncio.Event()

    async def take_little(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        await ended.wait()
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    listening = await asyncio.start_server(take_little, "127.0.0.1", 0, limit=1000)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        ended.set()
        listening.close()
        await asyncio.sleep(0.1)


async def test_an_anthropic_batch_broken_off_on_its_way_was_never_made_and_its_rows_wait_at_once(tmp_path):
    job = make_job(tmp_path / "j.rowmill", ["long " * 100_000 + str(n) for n in range(20)])
    async with stalling_server() as address:
        provider = catalog.open_batch_provider(Account("anthropic", address, Secret("key")))
        run_ = Overnight(job, provider, recipe("anthropic"))
        task = asyncio.create_task(run_.run())
        while not (sending := [told for told in run_.told if told.uploaded_bytes]):
            await asyncio.sleep(0.02)
        assert sending[0].state is JobState.RUNNING
        assert 0 < sending[0].uploaded_bytes < sending[0].upload_bytes
        run_.runner.stop()
        await task
        await provider.close()
    assert states(job) == {"waiting": 20}
    assert [part.state for part in parts_of(job)] == [PartState.VOID]


@pytest.mark.parametrize("how", ["cancel", "stop"])
async def test_an_upload_that_is_broken_off_leaves_its_rows_waiting(practice, tmp_path, how):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(5))
    provider = provider_on(server)
    begun = asyncio.Event()

    async def upload(*given: object) -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    provider.upload = upload  # type: ignore[method-assign, assignment]
    run_ = Overnight(job, provider)
    task = asyncio.create_task(run_.run())
    await begun.wait()
    assert states(job) == {"running": 5}, "on record before anything is sent"
    getattr(run_.runner, how)()
    await task
    await provider.close()
    assert states(job) == {"waiting": 5}
    assert [part.state for part in parts_of(job)] == [PartState.VOID]
    await run(job, server)
    own_answers(job, 5)
    assert set(paid(server).values()) == {1}


async def test_a_network_that_is_gone_while_waiting_is_waited_for(practice, tmp_path):
    server, job = practice(Batching(seconds=0.3)), make_job(tmp_path / "j.rowmill", texts(10))
    provider = provider_on(server)
    run_ = Overnight(job, provider)
    task = asyncio.create_task(run_.run())
    while not parts_of(job) or parts_of(job)[0].batch_id is None:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(server.go_away)
    while not run_.told[-1].offline_cause:
        await asyncio.sleep(0.02)
    assert run_.told[-1].state is JobState.SUBMITTED
    await asyncio.to_thread(server.come_back)
    assert (await task).state is JobState.FINISHED
    await provider.close()
    own_answers(job, 10)


async def test_rows_asked_live_and_overnight_live_in_one_job(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", texts(8))
    await run(job, server, scope=Scope(rows=RowFilter(row_ids=(2, 5))))
    assert states(job) == {"done": 2, "waiting": 6}
    await run(job, server, scope=Scope(first=4))
    assert states(job) == {"done": 5, "waiting": 3}
    await run(job, server)
    own_answers(job, 8)
    assert set(paid(server).values()) == {1}


async def test_ids_are_ours_and_hold_nothing_of_the_row(practice, tmp_path):
    import re

    server, job = practice(), make_job(tmp_path / "j.rowmill", ["Secret, Ünïcode \N{PILE OF POO} and \ud800"])
    await run(job, server)
    (entry,) = [entry for entry in server.journal() if entry.endpoint == "batch"]
    assert re.fullmatch(r"[0-9a-f]{16}-1", entry.custom_id)
    assert states(job) == {"done": 1}


async def test_upload_progress_is_told(practice, tmp_path):
    server, job = practice(), make_job(tmp_path / "j.rowmill", ["long " * 40_000 + str(n) for n in range(20)])
    provider = provider_on(server)
    run_ = Overnight(job, provider)
    seen: list[tuple[int, int]] = []
    honest = run_.runner._told.uploaded

    def told(sent_bytes: int, of_bytes: int) -> None:
        seen.append((sent_bytes, of_bytes))
        honest(sent_bytes, of_bytes)

    run_.runner._told.uploaded = told  # type: ignore[method-assign]
    await run_.run()
    await provider.close()
    assert seen[-1][0] == seen[-1][1] > 4_000_000
    assert len(seen) > 10


# -- as a library ------------------------------------------------------------------------------------


@BOTH
async def test_overnight_as_a_library_gives_answers_in_the_order_of_the_inputs(practice, tmp_path, api):
    server = practice(Batching(duplicated=0.3))
    provider: BatchProvider = provider_on(server, api)
    found = await overnight(texts(30), recipe(api), provider, poll_s=(0.05, 0.2))
    await provider.close()
    assert [row.cells[0] for row in found] == texts(30)
    assert all(row.cells[0] in str(row.values["said"]) for row in found)


async def test_overnight_as_a_library_goes_on_where_it_was(practice, tmp_path):
    server, job = practice(Batching(seconds=0.5)), tmp_path / "kept.rowmill"
    provider = provider_on(server)
    task = asyncio.create_task(overnight(texts(10), recipe(), provider, job=job, poll_s=(0.05, 0.2)))
    while not job.exists() or not parts_of(job) or parts_of(job)[0].batch_id is None:
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    found = await overnight(texts(10), recipe(), provider, job=job, poll_s=(0.05, 0.2))
    with pytest.raises(ValueError, match="other inputs"):
        await overnight(texts(9), recipe(), provider, job=job)
    await provider.close()
    assert all(row.state is RowState.DONE for row in found)
    assert set(paid(server).values()) == {1}


def test_progress_with_an_upload_crosses_the_pipe():
    from gui_app.engine.events import JobProgress
    from gui_app.jobs import Counts

    told = JobProgress("j", JobState.SUBMITTED, Counts(running=3), upload_bytes=10, uploaded_bytes=4)
    assert JobProgress.from_dict(json.loads(json.dumps(told.to_dict()))) == told
