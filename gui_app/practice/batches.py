"""Batches in motion: validated, worked through row by row in their own time, finished, cancelled or expired."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from gui_app.practice.answering import Answering
from gui_app.practice.batch import Batch, Stage
from gui_app.practice.batch_rows import BatchWire, Breath, Rows, item_at, lines_of
from gui_app.practice.faults import Batching
from gui_app.practice.state import State

log = logging.getLogger(__name__)

_TICK_S = 0.1


class Batches:
    """All batches of a server, of both wires.

    Args:
        folder: The server's folder; inputs lie below it.
        keep_prompts: The journal holds the prompts of rows.
    """

    def __init__(self, folder: Path, state: State, answering: Answering, *, seed: int, keep_prompts: bool) -> None:
        self.folder = folder
        self._state = state
        self._answering = answering
        self._seed = seed
        self._keep_prompts = keep_prompts
        self._wires: dict[str, BatchWire] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stirred: dict[str, asyncio.Event] = {}
        self._struck: Counter[str] = Counter()
        self._looks: Counter[str] = Counter()
        self.known: dict[str, Batch] = {}
        """By id, oldest first."""

    def start(self, wires: Mapping[str, BatchWire]) -> None:
        """Take up the batches of before."""
        self._wires = dict(wires)
        for document in reversed(self._state.batches()):
            batch = Batch.from_document(document)
            self.known[batch.id] = batch
            if not batch.ended:
                self._begin(batch)
            elif time.time() > batch.created_at + batch.options.results_kept_s:
                self.remove(batch)

    async def stop(self) -> None:
        """Leave all batches as they are, to be taken up again."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def add(self, batch: Batch) -> None:
        """Remember a new batch and begin to work on it."""
        self.known[batch.id] = batch
        self._save(batch)
        self._begin(batch)

    def options(self, model: str | None = None) -> Batching:
        """How batches of a model go; of any model when it is not known yet."""
        desk = self._answering.desks.get(model or "")
        return (desk or next(iter(self._answering.desks.values()))).model.batching

    def options_as_document(self, model: str) -> dict[str, Any]:
        """The same, to be kept with a batch."""
        return asdict(self.options(model))

    def strikes(self, fault: str) -> bool:
        """Whether one of the faults that hit "so many first" requests hits this one. Counts it."""
        if self._struck[fault] >= getattr(self.options(), fault):
            return False
        self._struck[fault] += 1
        return True

    def forget_strikes(self) -> None:
        """Begin to count anew: the faults have been changed."""
        self._struck.clear()

    def look(self, batch_id: str, wire: str) -> Batch | None:
        """A batch as a caller finds it; None also while a new one is hidden."""
        batch = self.known.get(batch_id)
        if batch is None or batch.wire != wire:
            return None
        self._looks[batch_id] += 1
        return None if self._looks[batch_id] <= batch.options.hidden_gets else batch

    def page(self, wire: str, after: str, limit: int) -> tuple[list[Batch], bool]:
        """Batches of a wire, newest first, those older than `after`; and whether there are more."""
        batches = [batch for batch in reversed(self.known.values()) if batch.wire == wire]
        ids = [batch.id for batch in batches]
        begin = ids.index(after) + 1 if after in ids else 0
        return batches[begin : begin + limit], len(batches) > begin + limit

    def cancel(self, batch: Batch) -> None:
        """Stop a batch; it says "cancelling" for a while. No effect on one that is ending or has ended."""
        if batch.ended or batch.stage in (Stage.CANCELLING, Stage.FINALIZING):
            return
        batch.stopped_at_row = batch.done
        batch.enter(Stage.CANCELLING)
        self._save(batch)
        self._stirred[batch.id].set()

    def remove(self, batch: Batch) -> None:
        """Forget a batch that has ended, with its files."""
        del self.known[batch.id]
        self._state.remove_batch(batch.id)
        self._wires[batch.wire].drop(batch)

    def _begin(self, batch: Batch) -> None:
        self._stirred[batch.id] = asyncio.Event()
        task = asyncio.create_task(self._run(batch), name=f"batch {batch.id}")
        self._tasks[batch.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(batch.id, None))

    def _save(self, batch: Batch) -> None:
        self._state.save_batch(batch.to_document())

    # The way of one batch.

    async def _run(self, batch: Batch) -> None:
        try:
            await self._go(batch)
        except Exception as error:
            log.exception("the practice server failed on a batch")
            batch.errors = [{"code": "server_error", "message": str(error)[:300], "param": None, "line": None}]
            batch.enter(Stage.FAILED)
            self._save(batch)

    async def _go(self, batch: Batch) -> None:
        wire = self._wires[batch.wire]
        path = self.folder / batch.input
        errors = await wire.validate(batch, path, Breath()) or self._too_many_waiting(batch)
        if errors:
            batch.errors = errors
            batch.enter(Stage.FAILED)
            self._save(batch)
            return
        if batch.stage is Stage.VALIDATING:
            await self._pause(batch, batch.created_at + min(2.0, 0.05 * batch.duration_s))
        if batch.stage is Stage.VALIDATING:
            batch.enter(Stage.IN_PROGRESS)
            self._save(batch)
        # After a restart the rows are worked on again from the first: nothing of them was shown before the end, and
        # the rules give the same results.
        batch.start_over()
        end = await self._work(batch, wire, path)
        wire.publish(batch)
        batch.enter(end)
        self._save(batch)

    async def _work(self, batch: Batch, wire: BatchWire, path: Path) -> Stage:
        with path.open("rb") as source:
            offsets = await lines_of(source)
            order = array("I", range(len(offsets)))
            random.Random(batch.id).shuffle(order)
            places = wire.places(batch)
            for place in set(places):
                place.parent.mkdir(parents=True, exist_ok=True)
            with places[0].open("wb") as good:
                bad = good if places[0] == places[1] else places[1].open("wb")
                try:
                    rows = Rows(
                        batch,
                        wire,
                        self._answering,
                        self._state,
                        good,
                        bad,
                        seed=self._seed,
                        keep_prompts=self._keep_prompts,
                    )
                    late = await self._reach(batch, rows, source, offsets, order)
                    return await self._finish(batch, rows, source, offsets, order, late)
                finally:
                    bad.close()

    async def _reach(
        self, batch: Batch, rows: Rows, source: BinaryIO, offsets: array[int], order: array[int]
    ) -> array[int]:
        """Work through the rows at the batch's own pace, until all are done or it is stopped.

        Returns:
            The rows that were passed over, to expire.
        """
        breath = Breath()
        late = array("I")
        while batch.done < batch.total:
            stop = batch.total if batch.stopped_at_row is None else batch.stopped_at_row
            due = min(stop, self._due(batch))
            while batch.done < due:
                number = order[batch.done]
                if not rows.work(item_at(source, offsets[number])):
                    late.append(number)
                batch.done += 1
                await breath.take()
            if batch.done >= stop or time.time() >= batch.expires_at:
                break
            await self._pause(batch, time.time() + _TICK_S)
        return late

    async def _finish(
        self,
        batch: Batch,
        rows: Rows,
        source: BinaryIO,
        offsets: array[int],
        order: array[int],
        late: array[int],
    ) -> Stage:
        """Write what was not reached, and wait out the last stage."""
        breath = Breath()
        canceled = batch.stage is Stage.CANCELLING
        if canceled:
            begun = batch.since(Stage.CANCELLING) or time.time()
            await self._wait_until(begun + batch.options.cancelling_s)
        else:
            batch.enter(Stage.FINALIZING)
            self._save(batch)
            await self._wait_until(time.time() + min(2.0, 0.05 * batch.duration_s))
        unreached = order[batch.done :]
        for number in (*late, *unreached):
            rows.unreached(item_at(source, offsets[number]), canceled=canceled)
            await breath.take()
        for number in range(batch.options.unknown_ids):
            rows.unknown(item_at(source, offsets[order[0]]), number)
        if canceled:
            return Stage.CANCELLED
        return Stage.EXPIRED if batch.expired else Stage.COMPLETED

    def _due(self, batch: Batch) -> int:
        """How many rows are to be done by now."""
        if batch.duration_s <= 0 or batch.stage is Stage.CANCELLING:
            return batch.total
        return int(batch.total * min(1.0, (time.time() - batch.created_at) / batch.duration_s))

    def _too_many_waiting(self, batch: Batch) -> list[dict[str, Any]]:
        limit = batch.options.enqueued_tokens
        if limit is None or batch.stage is not Stage.VALIDATING:
            return []
        waiting = sum(other.waiting_tokens for other in self.known.values() if not other.ended)
        if waiting <= limit:
            return []
        message = (
            f"Enqueued token limit reached for {batch.model}. Limit: {limit:,} enqueued tokens. "
            "Please try again once some in_progress batches have been completed."
        )
        return [{"code": "token_limit_exceeded", "message": message, "param": None, "line": None}]

    async def _pause(self, batch: Batch, until: float) -> None:
        """Wait until a time of day, or until the batch is cancelled."""
        left = until - time.time()
        if left <= 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self._stirred[batch.id].wait(), left)
        except TimeoutError:
            return

    async def _wait_until(self, until: float) -> None:
        await asyncio.sleep(max(0.0, until - time.time()))
