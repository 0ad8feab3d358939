"""Two windows, or a window and a command, on one job: one owner, and the other is told who."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gui_app.errors import JobInUse
from gui_app.jobs import JobState, RunOptions, Scope
from gui_app.practice.faults import Faults
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.terminal import practice_in, rowmill
from tests.worker.conftest import labels, make_job, states, working  # noqa: F401

# Short forms: `tests/store/test_lease.py`, and a job that runs elsewhere in `test_headless.py`.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ROWS = 400


async def test_two_windows_that_start_one_job_at_once_have_one_owner(home, make_job):  # noqa: F811
    job: Path = make_job(ROWS)
    with practice_in(home, Faults(latency_ms=(500, 700))) as practice:
        async with working() as (one, seen_by_one), working() as (two, seen_by_two):
            await asyncio.gather(one.start(), two.start())
            started = await asyncio.gather(
                *(client.run(job, RECIPE, Scope(), RunOptions(concurrency=2)) for client in (one, two)),
                return_exceptions=True,
            )
            refused = [error for error in started if error is not None]
            assert len(refused) == 1 and isinstance(refused[0], JobInUse)
            owner, other, watch = (one, two, seen_by_one) if started[0] is None else (two, one, seen_by_two)
            # Who it is stands in the sentence, and the other may look.
            assert str(owner.pid) in str(refused[0])
            assert sum(states(job).values()) == ROWS
            # A command is no better off.
            done = await asyncio.to_thread(rowmill, "resume", job)
            assert states(job).get("waiting"), "it was still being run"
            assert done.code == 2 and str(owner.pid) in done.err
            await owner.pause(job)
            assert (await watch.end_of(job)).state is JobState.PAUSED
            # Once it is free, the other may have it.
            practice.set_faults(Faults())
            later = seen_by_two if owner is one else seen_by_one
            while True:
                try:
                    await other.run(job, RECIPE, Scope(), RunOptions(concurrency=20))
                    break
                except JobInUse:  # A moment after its last word it is let go of.
                    await asyncio.sleep(0.1)
            assert (await later.end_of(job)).state is JobState.FINISHED
        assert len(practice.asked()) == ROWS
    assert len(labels(job)) == ROWS


async def test_a_job_that_is_run_by_a_command_can_be_looked_at_in_a_window(home, make_job):  # noqa: F811
    job: Path = make_job(ROWS)
    with practice_in(home, Faults(latency_ms=(60, 120))) as practice:
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(first=1), RunOptions())
            await watch.end_of(job)
            command = asyncio.create_task(asyncio.to_thread(rowmill, "resume", job, "--concurrency", "4"))
            while len(practice.asked()) < 10 and not command.done():
                await asyncio.sleep(0.02)
            with pytest.raises(JobInUse, match="another Rowmill"):
                await client.run(job, RECIPE, Scope(), RunOptions())
            assert states(job)["done"] > 0
            assert (await command).code == 0
        assert len(practice.asked()) == ROWS
    assert states(job) == {"done": ROWS}
