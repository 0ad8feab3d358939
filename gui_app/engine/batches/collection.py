"""From a batch's results to stored answers: matched by id alone, each counted once, repeated harmlessly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gui_app.engine import retry
from gui_app.engine.batches.part_source import PartSource
from gui_app.engine.batches.submission import row_of
from gui_app.engine.judging import Judging, Pricing
from gui_app.jobs import Lane
from gui_app.providers.base import BatchProvider, BatchResult, BatchStatus, CallFailed
from gui_app.recipes.fields import ReplyReader
from gui_app.store.parts import Judge, PartState, PartView

GROUP = 250
"""Results kept in one commit."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of a part.

    Attributes:
        back: Rows that did not come back, and wait again.
        stops: Why the job cannot go on, when a row was told so.
    """

    back: int
    stops: CallFailed | None = None


class Collection:
    """Reads the results of one part.

    Args:
        pricing: At the batch price, of the recipe the part was asked with.
    """

    def __init__(self, source: PartSource, reader: ReplyReader, pricing: Pricing, part: PartView) -> None:
        self._source = source
        self._judging = Judging(reader, pricing, part.version, source.now, Lane.OVERNIGHT)
        self._part = part
        self._stops: CallFailed | None = None

    async def collect(self, provider: BatchProvider, status: BatchStatus, folder: Path) -> Collected:
        """Bring everything in. What did not come back waits again; only then is the part over.

        Raises:
            CallFailed: The results were not read to their end. What was is kept; begin again.
            StorageError: Nothing of the last group was kept; begin again.
        """
        judges: dict[int, Judge] = {}
        results = provider.results(status, folder)
        try:
            async for result in results:
                row_id = row_of(self._part.nonce, result.custom_id)
                if row_id is None:
                    continue  # Nobody sent it.
                judge = self._judge(result)
                if judge is None:
                    continue  # Not reached: it waits again with all that did not come back.
                # The first counts: a second one of the same row is the same answer.
                judges.setdefault(row_id, judge)
                if len(judges) >= GROUP:
                    await self._source.collect(self._part.part_id, judges)
                    judges = {}
        finally:
            await results.aclose()
        if judges:
            await self._source.collect(self._part.part_id, judges)
        failure = status.failure
        back = await self._source.close_part(
            self._part.part_id,
            PartState.VOID if failure is not None else PartState.COLLECTED,
            None if failure is None else failure.cause,
            "" if failure is None else failure.detail,
        )
        return Collected(back, self._stops)

    def _judge(self, result: BatchResult) -> Judge | None:
        reply, failure = result.reply, result.failure
        if reply is not None:
            return lambda row: self._judging.answered(row, reply)
        if failure is not None:
            if failure.cause in retry.STOPS_THE_JOB:
                self._stops = failure
            return lambda row: self._judging.failed(row, failure, retry.decide(failure.cause, row.tries))
        return None
