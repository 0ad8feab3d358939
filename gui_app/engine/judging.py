"""What becomes of a row when its reply or its failure is there: the same in both lanes, and counted the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gui_app.engine.retry import Action, Decision
from gui_app.jobs import Cause, Lane, Reading, Reply, RowState, Usage
from gui_app.providers.base import CallFailed
from gui_app.recipes.fields import ReplyReader
from gui_app.store.outcomes import Outcome, SentOut

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pricing:
    """What calls cost. None from either: no price is known.

    Attributes:
        cost: Of a reply, by its usage (None: the server did not say) and returned model.
        worst: The most a prompt's call can cost.
    """

    cost: Callable[[Usage | None, str], float | None]
    worst: Callable[[str], float | None]


class Judging:
    """Makes outcomes.

    Args:
        version: Of the recipe the rows were asked with.
        now: Seconds since the epoch on a clock that nobody sets.
    """

    def __init__(
        self, reader: ReplyReader, pricing: Pricing, version: int, now: Callable[[], float], lane: Lane = Lane.NOW
    ) -> None:
        self._reader, self._pricing, self._version, self._now, self._lane = reader, pricing, version, now, lane

    def answered(self, row: SentOut, reply: Reply) -> Outcome:
        """A reply came. What it says decides."""
        reading = self._read(reply)
        return Outcome(
            row.row_id,
            self._version,
            reading.state,
            sent_at=row.sent_at,
            ended_at=self._now(),
            cause=reading.cause,
            detail=reading.detail,
            raw=reply.text,
            values=reading.values,
            confidence=reply.confidence,
            model=reply.model,
            usage=reply.usage,
            cost_usd=self._cost(row, reply.usage, reply.model),
            tries=row.tries,
            lane=self._lane,
        )

    def failed(self, row: SentOut, failure: CallFailed, decision: Decision) -> Outcome:
        """It failed, and what is to be done was decided."""
        # A batch that goes out later needs no wait of its own.
        waits = decision.action is Action.AGAIN and self._lane is Lane.NOW
        return Outcome(
            row.row_id,
            self._version,
            RowState.FAILED if decision.action is Action.FAIL else RowState.WAITING,
            sent_at=row.sent_at,
            ended_at=self._now(),
            cause=failure.cause,
            detail=failure.detail,
            usage=failure.usage,
            cost_usd=self._cost_of_failure(row, failure),
            tries=decision.tries,
            not_before=self._now() + decision.delay_s if waits else 0.0,
            lane=self._lane,
        )

    def _read(self, reply: Reply) -> Reading:
        try:
            return self._reader.read(reply)
        except Exception as error:
            # A mistake of ours, met by one reply: it must not take the other rows along.
            log.error("a reply could not be read in a way nobody foresaw", exc_info=error)
            return Reading(RowState.FAILED, {}, Cause.UNREADABLE, type(error).__name__)

    def _cost(self, row: SentOut, usage: Usage | None, model: str) -> float | None:
        cost_usd = self._pricing.cost(usage, model)
        # A server that does not say what it used is counted at the worst, or a limit would mean nothing.
        return row.reserved_usd if cost_usd is None else cost_usd

    def _cost_of_failure(self, row: SentOut, failure: CallFailed) -> float | None:
        if failure.usage is not None:
            return self._cost(row, failure.usage, "")
        # Nobody can say whether a call that was given up on is charged, and one that was answered with what nobody
        # can read is: count the worst. In a batch, what has no answer is not charged.
        answered = failure.cut_off or (failure.cause is Cause.UNREADABLE and failure.status in (None, *range(200, 300)))
        perhaps_paid = answered or failure.cause is Cause.DEADLINE or failure.line_dead
        return row.reserved_usd if perhaps_paid and self._lane is Lane.NOW else 0.0
