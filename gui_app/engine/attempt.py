"""One attempt of one row: admitted, sent, read, judged, priced."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from gui_app.engine import retry
from gui_app.engine.budget import Budget, SpendingLimitReached
from gui_app.engine.deadline import LATE_S, Deadline
from gui_app.engine.job_source import SentRow
from gui_app.engine.judging import Judging
from gui_app.engine.network import NetworkGate
from gui_app.engine.pacing.pace import Pace, Ticket
from gui_app.engine.retry import Action
from gui_app.jobs import Cause, Question, Reply, RowState
from gui_app.providers.base import CallFailed, LiveProvider
from gui_app.store.outcomes import Outcome, SentOut

log = logging.getLogger(__name__)

REMEMBERED_ROWS = 10_000


class Attempts:
    """Makes outcomes out of rows. Shared by all workers of one run.

    Args:
        now: Seconds since the epoch on a clock that nobody sets.
        stop_job: Told when the job cannot go on.
        monotonic: What deadlines are measured by.
    """

    def __init__(
        self,
        *,
        provider: LiveProvider,
        question: Question,
        judging: Judging,
        pace: Pace,
        network: NetworkGate,
        budget: Budget,
        version: int,
        now: Callable[[], float],
        deadline_s: float,
        stop_job: Callable[[Cause, str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._question = question
        self._judging = judging
        self._pace = pace
        self._network = network
        self._budget = budget
        self._version = version
        self._now = now
        self._deadline_s = deadline_s
        self._stop_job = stop_job
        self._monotonic = monotonic
        self._woke_at = -1e9
        self._tickets: dict[int, Ticket] = {}
        self._refusals: dict[int, int] = {}
        self._cuts: dict[int, int] = {}

    def woke(self) -> None:
        """The computer slept or the process was stopped until now: deadlines that fire of it mean nothing."""
        self._woke_at = self._monotonic()

    async def admit(self, row: SentRow) -> None:
        """Hold a row back until network, money and pace allow it to go out."""
        try:
            while True:
                await self._network.admit(row.row_id)
                await self._reserve(row)
                try:
                    ticket = await self._pace.acquire()
                except BaseException:
                    self._budget.settle(row.reserved_usd, None)
                    raise
                if self._network.lets(row.row_id):
                    self._tickets[row.row_id] = ticket
                    return
                # The network went away while this row waited for its turn.
                self._pace.give_back(ticket)
                self._budget.settle(row.reserved_usd, None)
        except BaseException:
            self._network.given_up(row.row_id)
            raise

    def put_back(self, row: SentRow) -> None:
        """A row that was admitted is not sent after all."""
        self._pace.give_back(self._tickets.pop(row.row_id))
        self._budget.settle(row.reserved_usd, None)
        self._network.given_up(row.row_id)

    async def _reserve(self, row: SentRow) -> None:
        try:
            await self._budget.reserve(row.reserved_usd)
        except SpendingLimitReached:
            self._stop_job(Cause.SPENDING_LIMIT, "")
            # The run is being drained, which cancels whoever waits here.
            await asyncio.Event().wait()

    async def attempt(self, row: SentRow) -> Outcome:
        """Send a row once. The pace's place and the money reserved in `admit` are given back."""
        ticket = self._tickets.pop(row.row_id)
        sent_at, began = self._now(), self._monotonic()
        failure: CallFailed | None = None
        reply: Reply | None = None
        try:
            async with Deadline(self._deadline_s, lambda: self._woke_at >= began):
                reply = await self._provider.ask(self._question, row.prompt)
        except CallFailed as error:
            failure = error
        except TimeoutError:
            failure = CallFailed(Cause.DEADLINE)
        except asyncio.CancelledError:
            self._pace.release(ticket, Cause.UNKNOWN)
            self._network.given_up(row.row_id)
            self._budget.settle(row.reserved_usd, row.reserved_usd)
            raise
        except Exception as error:
            # A mistake of ours, met by one reply: it must not take the other rows along.
            log.error("a call failed in a way nobody foresaw", exc_info=error)
            failure = CallFailed(Cause.UNREADABLE, type(error).__name__)
        # From here on nothing waits: what came back cannot be lost to a cancellation.
        if reply is not None:
            self._pace.release(ticket, None, limits=reply.limits, usage=reply.usage)
            self._network.answered(row.row_id)
            self._refusals.pop(row.row_id, None)
            self._cuts.pop(row.row_id, None)
            outcome = self._judging.answered(SentOut(row.row_id, row.tries, sent_at, row.reserved_usd), reply)
        else:
            assert failure is not None
            self._pace.release(ticket, failure.cause, limits=failure.limits, retry_after_s=failure.retry_after_s)
            outcome = self._failed(row, failure, sent_at, began)
        self._budget.settle(row.reserved_usd, outcome.cost_usd)
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

    def _failed(self, row: SentRow, failure: CallFailed, sent_at: float, began: float) -> Outcome:
        cause = failure.cause
        attempts = self._attempts_made(row, failure, began)
        decision = retry.decide(
            cause,
            row.tries,
            attempts=attempts,
            retry_after_s=failure.retry_after_s,
            refusals=self._refused_again(row, cause),
            age_s=self._now() - (row.first_sent_at or sent_at),
        )
        if decision.action is Action.STOP_JOB:
            self._stop_job(cause, failure.detail)
        sent = SentOut(row.row_id, row.tries, sent_at, row.reserved_usd)
        return self._judging.failed(sent, failure, decision)

    def _attempts_made(self, row: SentRow, failure: CallFailed, began: float) -> int:
        """How many more of the row's attempts have failed by themselves."""
        cause = failure.cause
        if cause in retry.OF_THE_NETWORK:
            made = self._network.failed(row.row_id, cause, began)
            # Others may have been answered meanwhile, over lines that are newer.
            if failure.line_dead:
                return 0
            # A network that goes takes a reply along once. A server whose replies never end would be paid for ever.
            return max(made, 1) if failure.cut_off and _counted(self._cuts, row.row_id) > 1 else made
        if cause is Cause.DEADLINE:
            self._network.given_up(row.row_id)
            late = self._monotonic() - began >= self._deadline_s + LATE_S
            gone = self._network.offline or self._network.gone_at >= began
            return 0 if late or self._woke_at >= began or gone else 1
        self._network.answered(row.row_id)
        return 0 if cause in retry.ASKED_TO_WAIT else 1

    def _refused_again(self, row: SentRow, cause: Cause) -> int:
        if cause not in retry.ASKED_TO_WAIT:
            self._refusals.pop(row.row_id, None)
            return 0
        return _counted(self._refusals, row.row_id)


def _counted(seen: dict[int, int], row_id: int) -> int:
    """How often by now, this time included."""
    if len(seen) >= REMEMBERED_ROWS:
        seen.clear()
    seen[row_id] = seen.get(row_id, 0) + 1
    return seen[row_id]
