"""Orders that come at an awkward moment."""

from __future__ import annotations

import asyncio

from gui_app.engine.events import JobProgress
from gui_app.jobs import JobState, RowFilter, Scope
from gui_app.worker.conductor import Conductor
from gui_app.worker.protocol import RunOrder
from tests.worker.conftest import RECIPE, states


async def test_whoever_hears_that_a_job_has_ended_may_run_it_again_at_once(practice, make_job):
    job = make_job(4)
    again = RunOrder(str(job), RECIPE, Scope(rows=RowFilter(row_ids=(3, 4))))
    orders: list[asyncio.Task[asyncio.Task[JobProgress]]] = []

    def heard(progress: JobProgress) -> None:
        if progress.counts.done == 2 and progress.state not in (JobState.RUNNING, JobState.PAUSING) and not orders:
            orders.append(asyncio.create_task(conductor.run(again)))

    conductor = Conductor(heard)
    try:
        await (await conductor.run(RunOrder(str(job), RECIPE, Scope(first=2))))
        await (await orders[0])
    finally:
        await conductor.close()
    assert states(job) == {"done": 4}
    assert len(practice.asked()) == 4
