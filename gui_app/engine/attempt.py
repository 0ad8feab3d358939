"""One attempt of one row: admitted, sent, read, judged, priced."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from gui_app.engine import retry
from gui_app.engine.budget import Budget, SpendingLimitReached
from gui_app.engine.job_source import SentRow
from gui_app.engine.network import NetworkGate
from gui_app.engine.pace import Pace
from gui_app.engine.retry import Action
from gui_app.jobs import Cause, Question, Reply, RowState, Usage
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.recipes.fields import ReplyReader
from gui_app.store.claims import Outcome

LATE_S = 3.0
"""A deadline that fires so much late did so because the computer slept or the process was stopped."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """What calls cost. None from either: no price is known.

    Attributes:
        cost: Of a reply, by its usage (None: the server did not say) and returned model.
        worst: The most a prompt's call can cost.
    """

    cost: Callable[[Usage | None, str], float | None]
    worst: Callable[[str], float | None]


class Attempts:
    """Makes outcomes out of rows. Shared by all workers of one run.

    Args:
        now: Seconds since the epoch on a clock that nobody sets.
        stop_job: Told when the job cannot go on.
    """

    def __init__(
        self,
        *,
        provider: LiveProvider,
        question: Question,
        reader: ReplyReader,
        pricing: Pricing,
        pace: Pace,
        network: NetworkGate,
        budget: Budget,
        version: int,
        now: Callable[[], float],
        deadline_s: float,
        stop_job: Callable[[Cause, str], None],
    ) -> None:
        self._provider = provider
        self._question = question
        self._reader = reader
        self._pricing = pricing
        self._pace = pace
        self._network = network
        self._budget = budget
        self._version = version
        self._now = now
        self._deadline_s = deadline_s
        self._stop_job = stop_job

    async def admit(self, row: SentRow) -> None:
        """Hold a row back until network, money and pace allow it to go out."""
        if self._network.offline:
            await self._network.admit()
        try:
            await self._reserve(row)
            try:
                await self._pace.acquire()
            except BaseException:
                await self._budget.settle(row.reserved_usd, None)
                raise
        except BaseException:
            self._network.given_up()
            raise

    async def _reserve(self, row: SentRow) -> None:
        try:
            await self._budget.reserve(row.reserved_usd)
        except SpendingLimitReached:
            self._stop_job(Cause.SPENDING_LIMIT, "")
            # The run is being drained, which cancels whoever waits here.
            await asyncio.Event().wait()

    async def attempt(self, row: SentRow) -> Outcome:
        """Send a row once. The pace's place and the money reserved in `admit` are given back."""
        sent_at, began = self._now(), time.monotonic()
        failure: CallFailed | None = None
        reply: Reply | None = None
        try:
            async with asyncio.timeout(self._deadline_s):
                reply = await self._provider.ask(self._question, row.prompt)
        except CallFailed as error:
            failure = error
        except TimeoutError:
            failure = CallFailed(Cause.DEADLINE)
        except asyncio.CancelledError:
            self._pace.release(Cause.UNKNOWN, sent_at=began)
            self._network.given_up()
            await self._budget.settle(row.reserved_usd, row.reserved_usd)
            raise
        if reply is not None:
            self._pace.release(None, limits=reply.limits, sent_at=began)
            outcome = self._read(row, reply, sent_at)
        else:
            assert failure is not None
            self._pace.release(
                failure.cause, limits=failure.limits, retry_after_s=failure.retry_after_s, sent_at=began
            )
            outcome = self._failed(row, failure, sent_at, began)
        if failure is None or failure.cause not in retry.OF_THE_NETWORK | {Cause.DEADLINE}:
            self._network.answered()
        await self._budget.settle(row.reserved_usd, outcome.cost_usd)
        return outcome

    def lost(self, row: SentRow) -> Outcome:
        """The outcome of a row whose reply nobody waited for."""
        now = self._now()
        return Outcome(
            row.row_id,
            self._version,
            RowState.WAITING,
            unknown=True,
            sent_at=now,
            ended_at=now,
            cause=Cause.UNKNOWN,
            tries=row.tries,
            cost_usd=row.reserved_usd,
        )

    def _read(self, row: SentRow, reply: Reply, sent_at: float) -> Outcome:
        reading = self._reader.read(reply)
        return Outcome(
            row.row_id,
            self._version,
            reading.state,
            sent_at=sent_at,
            ended_at=self._now(),
            cause=reading.cause,
            detail=reading.detail,
            raw=reply.text,
            values=reading.values,
            confidence=reply.confidence,
            model=reply.model,
            usage=reply.usage,
            cost_usd=self._pricing.cost(reply.usage, reply.model),
            tries=row.tries,
        )

    def _failed(self, row: SentRow, failure: CallFailed, sent_at: float, began: float) -> Outcome:
        cause = failure.cause
        decision = retry.decide(
            cause,
            row.tries,
            counts=self._counts(cause, began),
            retry_after_s=failure.retry_after_s,
            age_s=self._now() - (row.first_sent_at or sent_at),
        )
        if decision.action is Action.STOP_JOB:
            self._stop_job(cause, failure.detail)
        again = decision.action is Action.AGAIN
        return Outcome(
            row.row_id,
            self._version,
            RowState.FAILED if decision.action is Action.FAIL else RowState.WAITING,
            sent_at=sent_at,
            ended_at=self._now(),
            cause=cause,
            detail=failure.detail,
            usage=failure.usage,
            cost_usd=self._cost_of_failure(row, failure),
            tries=decision.tries,
            not_before=self._now() + decision.delay_s if again else 0.0,
        )

    def _counts(self, cause: Cause, began: float) -> bool:
        """False when the attempt did not fail by itself."""
        if cause is Cause.DEADLINE:
            return time.monotonic() - began < self._deadline_s + LATE_S
        if cause in retry.OF_THE_NETWORK:
            return self._network.failed(cause, began)
        return True

    def _cost_of_failure(self, row: SentRow, failure: CallFailed) -> float | None:
        if failure.usage is not None:
            return self._pricing.cost(failure.usage, "")
        # Nobody can say whether a call that was given up on is charged: count the worst.
        return row.reserved_usd if failure.cause is Cause.DEADLINE else 0.0
