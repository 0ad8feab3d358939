"""Letting go of what is out overnight and can never be fetched: its key, its host or its batch is gone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gui_app.engine.batches.part_source import PartSource, state_at_rest
from gui_app.engine.prompts import no_rows
from gui_app.jobs import Cause
from gui_app.store.parts import PartState


async def give_up(job: Path, part_ids: Collection[int]) -> int:
    """Let parts go, with nobody asked. Their rows wait again, and count as sent, reply unknown, at their worst price.

    Whoever has the batch may still finish and charge it: asking those rows again is then paid for twice.

    Returns:
        How many rows wait again.

    Raises:
        JobInUse, JobFileError, StorageError: Those not let go of yet are as they were.
    """
    source = PartSource(job, no_rows, lambda _outcomes, _others: None)
    try:
        await source.open()
        back = 0
        for part in await source.open_parts():
            if part.part_id in part_ids:
                back += await source.close_part(part.part_id, PartState.LOST, Cause.UNKNOWN)
        await source.look()
        await source.set_state(await state_at_rest(source))
        return back
    finally:
        await source.close()
