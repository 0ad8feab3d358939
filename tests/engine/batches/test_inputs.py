"""The overnight lane as a library."""

from __future__ import annotations

import asyncio

import pytest

from gui_app.engine import overnight
from gui_app.jobs import RowState
from gui_app.practice.faults import Batching
from gui_app.providers.base import BatchProvider
from tests.engine.batches.nights import BOTH, SLOW_DISK
from tests.helpers.overnight import (
    paid,
    parts_of,
    provider_on,
    recipe,
    texts,
)

pytestmark = SLOW_DISK


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
