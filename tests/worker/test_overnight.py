"""The conductor and the overnight lane: submitted, collected, cancelled, and beside live rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gui_app.engine.events import JobProgress
from gui_app.engine.judging import Pricing
from gui_app.errors import JobInUse, UserError
from gui_app.jobs import JobState, Lane, Recipe, RowFilter, RowState, RunOptions, Scope, Secret, Usage
from gui_app.practice.faults import Batching, Faults
from gui_app.recipes.question import build_question
from gui_app.store.parts import PartState
from gui_app.worker.conductor import Conductor
from gui_app.worker.overnight import open_overnight, owner_of
from gui_app.worker.prices import pricing_of
from gui_app.worker.protocol import RunOrder
from tests.helpers.overnight import FREE, SAID, make_job, own_answers, paid, parts_of, recipe, rows, states, texts
from tests.helpers.practice import Practice

OVERNIGHT = RunOptions(lane=Lane.OVERNIGHT)
Order = Callable[..., RunOrder]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path / "server", batching=Batching(seconds=0.5)) as started:
        yield started


@pytest.fixture
def order(server: Practice, tmp_path: Path) -> Order:
    def make(job: Path, api: str = "openai", options: RunOptions = OVERNIGHT, **more: object) -> RunOrder:
        address = server.root_url if api == "anthropic" else server.base_url
        asked = replace(recipe(api), base_url=address)
        return replace(RunOrder(str(job), asked, options=options, key=Secret(server.token)), **more)  # type: ignore[arg-type]

    return make


@asynccontextmanager
async def conducted(told: list[JobProgress] | None = None) -> AsyncIterator[Conductor]:
    conductor = Conductor((told if told is not None else []).append)
    try:
        yield conductor
    finally:
        await conductor.close()


@pytest.mark.parametrize("api", ["openai", "anthropic"])
async def test_submitted_by_one_process_and_collected_by_the_next(server, order, tmp_path, api):
    job = make_job(tmp_path / "j.rowmill", texts(10))
    async with conducted() as first:
        final = await (await first.run(order(job, api, linger=False)))
    assert final.state is JobState.SUBMITTED
    (part,) = parts_of(job)
    assert part.host == (server.root_url if api == "anthropic" else server.base_url)
    assert server.token not in str(part)
    async with conducted() as second:
        final = await (await second.run(order(job, api, collect=True)))
    assert final.state is JobState.FINISHED
    own_answers(job, 10)
    assert set(paid(server).values()) == {1}


async def test_a_job_that_is_closed_while_it_waits_stays_submitted(order, tmp_path):
    job = make_job(tmp_path / "j.rowmill", texts(10))
    told: list[JobProgress] = []
    async with conducted(told) as conductor:
        task = await conductor.run(order(job))
        while not parts_of(job) or parts_of(job)[0].state is not PartState.SENT:
            await _a_moment()
    assert (await task).state is JobState.SUBMITTED
    assert told[-1].state is JobState.SUBMITTED


async def test_live_rows_and_overnight_rows_in_one_run(server, order, tmp_path):
    job = make_job(tmp_path / "j.rowmill", texts(12))
    async with conducted() as conductor:
        await (await conductor.run(order(job, scope=Scope(first=8), linger=False)))
        assert states(job) == Counter(running=8, waiting=4)
        final = await (await conductor.run(order(job, options=RunOptions())))
    assert final.state is JobState.FINISHED
    own_answers(job, 12)
    assert len(paid(server)) == 8
    assert server.answers() == 12


async def test_the_rest_is_asked_live_while_a_part_is_out_and_the_part_is_collected_after(server, order, tmp_path):
    server.set_faults(batching=Batching(seconds=2))
    job = make_job(tmp_path / "j.rowmill", texts(12))
    told: list[JobProgress] = []
    async with conducted(told) as conductor:
        waiting = await conductor.run(order(job, scope=Scope(first=8)))
        while not told or told[-1].state is not JobState.SUBMITTED:
            await _a_moment()
        # It waits for its batch; what the user wants now goes first.
        task = await conductor.run(order(job, options=RunOptions()))
        assert waiting.done() and task is not waiting
        final = await task
    assert final.state is JobState.FINISHED
    own_answers(job, 12)
    assert (len(paid(server)), server.answers()) == (8, 12)


async def test_what_did_not_come_back_is_asked_again_overnight_or_now_each_once(server, order, tmp_path):
    server.set_faults(batching=Batching(expired=0.5))
    job = make_job(tmp_path / "j.rowmill", texts(40))
    async with conducted() as conductor:
        final = await (await conductor.run(order(job)))
        assert final.state is JobState.DRAFT
        left = states(job)["waiting"]
        assert 5 < left < 35
        await (await conductor.run(order(job, scope=Scope(rows=RowFilter(row_ids=tuple(_waiting(job)[:3]))))))
        final = await (await conductor.run(order(job, options=RunOptions())))
    assert final.state is JobState.FINISHED
    own_answers(job, 40)
    assert len(paid(server)) == 40 - left + 3
    assert server.answers() == 40


async def test_looking_now_needs_no_second_run(server, order, tmp_path):
    server.set_faults(batching=Batching(seconds=1))
    job = make_job(tmp_path / "j.rowmill", texts(4))
    async with conducted() as conductor:
        task = await conductor.run(order(job))
        assert await conductor.run(order(job, collect=True)) is task
        await task
    own_answers(job, 4)


async def test_a_part_is_given_up_while_it_is_waited_for(server, order, tmp_path):
    server.set_faults(batching=Batching(seconds=60))
    job = make_job(tmp_path / "j.rowmill", texts(10))
    told: list[JobProgress] = []
    async with conducted(told) as conductor:
        task = await conductor.run(order(job))
        while not told or told[-1].state is not JobState.SUBMITTED:
            await _a_moment()
        assert await conductor.give_up_overnight(str(job), {1}) == 10
        assert task.done() and not conductor.busy
        assert (told[-1].state, told[-1].counts.waiting) == (JobState.DRAFT, 10), "whoever watches is told"
    assert states(job) == {"waiting": 10}


async def test_rows_being_asked_live_are_not_given_up_by_mistake(server, order, tmp_path):
    server.set_faults(Faults(latency_ms=(300, 300)))
    job = make_job(tmp_path / "j.rowmill", texts(10))
    async with conducted() as conductor:
        await conductor.run(order(job, options=RunOptions()))
        with pytest.raises(JobInUse):
            await conductor.give_up_overnight(str(job), {1})


async def test_what_was_out_is_priced_at_the_batch_price_whatever_lane_is_chosen_now(order, tmp_path):
    job, seen = make_job(tmp_path / "j.rowmill", texts(2)), []

    def pricing_of(asked: Recipe, options: RunOptions) -> Pricing:
        seen.append(options)
        return FREE

    asked = order(job, options=RunOptions(budget_usd=1.0))
    question = build_question(asked.recipe)
    _runner, provider = await open_overnight(
        asked, ("text",), question, pricing_of=pricing_of, memory={}, on_progress=lambda _: None
    )
    await provider.close()
    assert seen == [OVERNIGHT]


def test_a_night_costs_half(tmp_path):
    asked = Recipe("{text}", (SAID,), "openai", "gpt-6-luna")
    question, usage = build_question(asked), Usage(1_000, 100)
    now, overnight = (pricing_of(asked, RunOptions(lane=lane), question).cost(usage, "gpt-6-luna") for lane in Lane)
    assert now is not None and overnight is not None
    assert overnight == pytest.approx(now / 2)


async def test_cancelling_what_is_out_of_a_job_that_does_not_run_here(server, order, tmp_path):
    server.set_faults(batching=Batching(seconds=60))
    job = make_job(tmp_path / "j.rowmill", texts(10))
    async with conducted() as conductor:
        await (await conductor.run(order(job, linger=False)))
        await conductor.cancel_overnight(order(job))
        while conductor.busy:
            await _a_moment()
    assert states(job) == {"waiting": 10}
    assert [part.state for part in parts_of(job)] == [PartState.COLLECTED]


async def test_rows_being_asked_live_are_not_cancelled_by_mistake(server, order, tmp_path):
    server.set_faults(Faults(latency_ms=(300, 300)))
    job = make_job(tmp_path / "j.rowmill", texts(10))
    async with conducted() as conductor:
        await conductor.run(order(job, options=RunOptions()))
        with pytest.raises(JobInUse, match="is asking rows right now"):
            await conductor.cancel_overnight(order(job))


async def test_a_provider_without_an_overnight_lane_is_refused_before_anything_is_sent(order, tmp_path):
    job = make_job(tmp_path / "j.rowmill", texts(3))
    async with conducted() as conductor:
        with pytest.raises(UserError, match="no overnight lane"):
            await conductor.run(
                replace(order(job), recipe=replace(recipe("deepseek"), base_url="http://127.0.0.1:9/v1"))
            )
    assert states(job) == {"waiting": 3}


def test_a_key_hint_tells_keys_apart_and_no_more():
    from gui_app.jobs import Account

    one, two = (owner_of(Account("openai", None, Secret(f"sk-{n}"))) for n in (1, 2))
    assert one.host == two.host == "https://api.openai.com/v1"
    assert one.key_hint != two.key_hint
    assert len(one.key_hint) == 6


def _waiting(job: Path) -> list[int]:
    return [row.row_id for row in rows(job) if row.state is RowState.WAITING]


async def _a_moment() -> None:
    import asyncio

    await asyncio.sleep(0.02)
