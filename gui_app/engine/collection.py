"""From a batch's results to stored answers: matched by id alone, each counted once, repeated harmlessly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gui_app.engine import retry
from gui_app.engine.attempt import Pricing
from gui_app.engine.part_source import PartSource
from gui_app.engine.retry import Action
from gui_app.engine.submission import row_of
from gui_app.jobs import Lane, Reply, RowState
from gui_app.providers.base import BatchProvider, BatchResult, BatchStatus, CallFailed
from gui_app.recipes.fields import ReplyReader
from gui_app.store.claims import Outcome
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
        self._reader = reader
        self._pricing = pricing
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
            return lambda row_id, tries, sent_at: self._answered(reply, row_id, tries, sent_at)
        if failure is not None:
            if failure.cause in retry.STOPS_THE_JOB:
                self._stops = failure
            return lambda row_id, tries, sent_at: self._failed(failure, row_id, tries, sent_at)
        return None

    def _answered(self, reply: Reply, row_id: int, tries: int, sent_at: float) -> Outcome:
        reading = self._reader.read(reply)
        return Outcome(
            row_id,
            self._part.version,
            reading.state,
            sent_at=sent_at,
            ended_at=self._source.now(),
            cause=reading.cause,
            detail=reading.detail,
            raw=reply.text,
            values=reading.values,
            confidence=reply.confidence,
            model=reply.model,
            usage=reply.usage,
            cost_usd=self._pricing.cost(reply.usage, reply.model),
            tries=tries,
            lane=Lane.OVERNIGHT,
        )

    def _failed(self, failure: CallFailed, row_id: int, tries: int, sent_at: float) -> Outcome:
        decision = retry.decide(failure.cause, tries)
        # Errors are not charged, except where the answer says that tokens were used.
        cost = 0.0 if failure.usage is None else self._pricing.cost(failure.usage, "")
        return Outcome(
            row_id,
            self._part.version,
            RowState.FAILED if decision.action is Action.FAIL else RowState.WAITING,
            sent_at=sent_at,
            ended_at=self._source.now(),
            cause=failure.cause,
            detail=failure.detail,
            usage=failure.usage,
            cost_usd=cost,
            tries=decision.tries,
            lane=Lane.OVERNIGHT,
        )
