"""Jobs overnight: submitted in parts, looked after, stopped, and gone on with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace

import pytest

from gui_app.jobs import Account, Cause, JobState, Lane, RowFilter, RowState, Scope, Secret
from gui_app.practice.faults import Batching
from gui_app.providers import catalog
from gui_app.store.parts import PartState
from tests.engine.batches.nights import BOTH, SLOW_DISK, run
from tests.helpers.overnight import (
    DOLLAR,
    Overnight,
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


def test_progress_with_an_upload_crosses_the_pipe():
    from gui_app.engine.events import JobProgress
    from gui_app.jobs import Counts

    told = JobProgress("j", JobState.SUBMITTED, Counts(running=3), upload_bytes=10, uploaded_bytes=4)
    assert JobProgress.from_dict(json.loads(json.dumps(told.to_dict()))) == told
