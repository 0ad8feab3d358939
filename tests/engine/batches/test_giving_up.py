"""What can never be fetched is let go of, and by nobody while the job runs elsewhere."""

from __future__ import annotations

from contextlib import closing

import pytest

from gui_app.engine.batches.giving_up import give_up
from gui_app.jobs import JobState
from gui_app.practice.faults import Batching
from gui_app.store.parts import PartState
from gui_app.store.reading.queries import JobReader
from tests.engine.batches.nights import SLOW_DISK, run
from tests.helpers.overnight import (
    DOLLAR,
    make_job,
    parts_of,
    states,
    texts,
)

pytestmark = SLOW_DISK


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
