"""The spending limit, whatever comes back and in whatever order."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui_app.engine.budget import Budget, SpendingLimitReached
from gui_app.engine.judging import Pricing
from gui_app.jobs import Cause, Counts, JobState, Reply, Usage
from gui_app.providers.base import CallFailed
from tests.engine.running import Model, make_job, numbered, runner
from tests.engine.virtual_time import in_virtual_time

WORST = 0.01


@settings(max_examples=60, deadline=None)
@given(
    limit_usd=st.floats(0.0, 1.0),
    spent_usd=st.floats(0.0, 0.3),
    calls=st.lists(st.tuples(st.floats(0.0, 0.4), st.floats(0.0, 1.0), st.floats(0.0, 3.0)), max_size=40),
    workers=st.integers(1, 12),
)
def test_a_limit_is_never_exceeded_with_what_is_out_at_its_worst(
    limit_usd: float, spent_usd: float, calls: list[tuple[float, float, float]], workers: int
) -> None:
    async def go() -> None:
        budget = Budget(limit_usd, spent_usd)
        left = list(calls)
        out: list[float] = []

        async def work() -> None:
            while left:
                worst, share, takes_s = left.pop()
                try:
                    await budget.reserve(worst)
                except SpendingLimitReached:
                    assert not out
                    continue
                out.append(worst)
                assert budget.spent_usd + sum(out) <= limit_usd + 1e-9
                await asyncio.sleep(takes_s)
                out.remove(worst)
                budget.settle(worst, worst * share)

        await asyncio.gather(*(work() for _ in range(workers)))

    in_virtual_time(go())


async def test_a_wait_for_money_can_be_given_up() -> None:
    budget = Budget(1.0, 0.0)
    await budget.reserve(0.8)
    waiting = [asyncio.create_task(budget.reserve(0.5)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    budget.settle(0.8, 0.1)
    done, left = await asyncio.wait(waiting, timeout=0.05)
    assert len(done) == 2 and len(left) == 1
    left.pop().cancel()
    budget.settle(0.5, 0.1)
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("usage", [Usage(10, 5), None])
async def test_a_job_stops_before_its_limit_and_the_rest_waits(
    path: Path, quick_retries: None, usage: Usage | None
) -> None:
    """A reply that does not say what it used counts as the worst."""
    rng = random.Random(4)

    async def answer(prompt: str, before: int) -> Reply:
        await asyncio.sleep(rng.uniform(0, 0.01))
        if rng.random() < 0.2:
            raise CallFailed(Cause.UNREADABLE, usage=usage)
        return Reply(f"re: {prompt}", usage=usage)

    def cost(found: Usage | None, model: str) -> float | None:
        return None if found is None else rng.uniform(0.0, WORST)

    make_job(path, numbered(300))
    final = await runner(
        path,
        Model(answer),
        concurrency=16,
        budget_usd=0.5,
        pricing=Pricing(cost, lambda prompt: WORST),
    ).run()
    assert final.state is JobState.STOPPED
    assert final.stopped_cause is Cause.SPENDING_LIMIT
    assert 0.5 - WORST * 1.01 <= final.cost_usd <= 0.5 + 1e-9
    assert final.counts.waiting and not final.counts.running


async def test_a_limit_holds_over_all_runs_of_a_job(path: Path) -> None:
    make_job(path, numbered(100))
    pricing = Pricing(lambda usage, model: WORST, lambda prompt: WORST)
    first = await runner(path, Model(), budget_usd=0.205, pricing=pricing).run()
    again = await runner(path, Model(), budget_usd=0.205, pricing=pricing).run()
    assert (first.counts, again.counts) == (Counts(waiting=80, done=20),) * 2
    assert again.stopped_cause is Cause.SPENDING_LIMIT
    more = await runner(path, Model(), budget_usd=5.0, pricing=pricing).run()
    assert more.counts == Counts(done=100)


async def test_pausing_while_many_wait_for_money_ends_at_once(path: Path) -> None:
    make_job(path, numbered(40))
    pricing = Pricing(lambda usage, model: 0.0, lambda prompt: 1.0)
    model = Model(latency_s=lambda: 0.3)
    job = runner(path, model, concurrency=20, budget_usd=1.5, pricing=pricing)
    running = asyncio.create_task(job.run())
    while not model.asked:
        await asyncio.sleep(0.01)
    job.pause()
    final = await running
    assert (final.state, len(model.asked)) == (JobState.PAUSED, 1)
    assert final.counts == Counts(waiting=39, done=1)


@pytest.mark.parametrize(
    ("failure", "counted"),
    [
        (CallFailed(Cause.UNREADABLE, status=200), WORST),
        (CallFailed(Cause.UNREADABLE), WORST),
        (CallFailed(Cause.NETWORK, cut_off=True), WORST),
        (CallFailed(Cause.UNREADABLE, status=304), 0.0),
        (CallFailed(Cause.SERVER_ERROR, status=503), 0.0),
        (CallFailed(Cause.NETWORK), 0.0),
    ],
)
async def test_a_reply_that_came_and_cannot_be_read_counts_as_paid(
    path: Path, quick_retries: None, failure: CallFailed, counted: float
) -> None:
    """At its worst: a server that answers with rubbish would else be asked past any limit."""
    make_job(path, numbered(20))

    async def answer(prompt: str, before: int) -> Reply:
        if prompt == "row 7" and not before:
            raise failure
        return Reply("ok", usage=Usage(10, 5), model="m")

    pricing = Pricing(lambda usage, model: 0.001, lambda prompt: WORST)
    final = await runner(path, Model(answer), pricing=pricing, concurrency=3).run()
    assert final.counts == Counts(done=20)
    assert final.cost_usd == pytest.approx(20 * 0.001 + counted)


async def test_a_call_whose_line_died_counts_as_paid_burns_no_attempt_and_is_sent_again(path: Path) -> None:
    make_job(path, numbered(20))

    async def answer(prompt: str, before: int) -> Reply:
        if prompt == "row 7" and before < 6:
            # More often than a row may fail by itself, with others answered meanwhile.
            await asyncio.sleep(0.02)
            raise CallFailed(Cause.NETWORK, line_dead=True)
        return Reply("ok", usage=Usage(10, 5), model="m")

    pricing = Pricing(lambda usage, model: 0.001, lambda prompt: WORST)
    final = await runner(path, Model(answer), pricing=pricing, concurrency=3).run()
    assert final.counts == Counts(done=20)
    assert final.cost_usd == pytest.approx(20 * 0.001 + 6 * WORST)
