"""Batches whose id was never received, and parts at another place: found, left alone, or said."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from gui_app.jobs import Cause, JobState
from gui_app.practice.faults import Batching
from gui_app.providers.base import BatchPhase, BatchStatus, CallFailed
from gui_app.store.parts import PartState
from tests.engine.batches.nights import BOTH, SLOW_DISK, run
from tests.helpers.overnight import (
    Overnight,
    make_job,
    own_answers,
    paid,
    parts_of,
    provider_on,
    states,
    texts,
)

pytestmark = SLOW_DISK


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
