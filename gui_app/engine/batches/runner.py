"""One run of a job overnight: parts submitted, looked after, and collected."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gui_app.engine import retry
from gui_app.engine.batches.lookout import Look, Lookout, Seen, other_place
from gui_app.engine.batches.part_source import Owner, PartSource, state_at_rest
from gui_app.engine.batches.rests import Rests
from gui_app.engine.batches.submission import Step, Submission
from gui_app.engine.batches.telling import Telling
from gui_app.engine.events import JobProgress
from gui_app.engine.job_source import plain_options
from gui_app.engine.judging import Pricing
from gui_app.engine.prompts import Prompts, no_rows
from gui_app.errors import StorageError
from gui_app.jobs import Cause, JobState, Question, Recipe, RunOptions, Scope
from gui_app.jobs.states import LEASE_LOST
from gui_app.providers.base import BatchProvider, CallFailed
from gui_app.store.lease import BEAT_EVERY_S
from gui_app.store.parts import PartView

T = TypeVar("T")

log = logging.getLogger(__name__)

TICK_S = 0.2
STORAGE_RETRY_S = 2.0
MOST_REFUSALS = 8
"""Attempts to submit one part that may fail in a row for reasons that waiting should help."""

VALIDATING = ("validating", "")
LET_IN_S = 600.0
"""A part that is not let in after so long holds up the next ones no more."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a run sends. Without one, it only looks after what is out already."""

    recipe: Recipe
    columns: Sequence[str]
    question: Question
    scope: Scope


class OvernightRunner:
    """Runs a job through a Batch API. `pause`, `stop` and `cancel` may be called at any moment, from the same loop.

    Rows that wait when it begins are submitted; then everything that is out is looked after until it has come back.
    What did not come back waits again, for whoever decides what becomes of it: nothing is sent twice by itself.

    Args:
        asking: None: nothing is sent.
        pricing_of: The prices overnight, for a recipe: parts keep the one they were asked with.
        owner: Whose batches these are. Parts of other owners are left alone, and told.
        linger: Stay until all has come back. Otherwise one look, and the rest is collected by a later run.
        poll_s: Seconds between looks, the first and the longest.
    """

    def __init__(
        self,
        path: Path,
        *,
        asking: Asking | None,
        provider: BatchProvider,
        pricing_of: Callable[[Recipe], Pricing],
        owner: Owner,
        options: RunOptions,
        on_progress: Callable[[JobProgress], None],
        linger: bool = True,
        poll_s: tuple[float, float] = (10.0, 300.0),
    ) -> None:
        self._path = path
        self._asking = asking
        self._provider = provider
        self._owner = owner
        self._options = options
        self._linger = linger
        self._poll_s = poll_s
        self._told = Telling(path, on_progress, JobState.SUBMITTED if asking is None else JobState.RUNNING)
        prompts = no_rows if asking is None else _prompts(asking, pricing_of(asking.recipe))
        self._source = PartSource(path, prompts, self._told.committed)
        self._lookout = Lookout(self._source, provider, owner, pricing_of, path.parent)
        self._submission: Submission | None = None
        self._wanted: JobState | None = None
        self._rests = Rests(self._over)
        self._cancel_parts = False
        self._doing: asyncio.Task[Any] | None = None
        self._exhausted = False
        self._came_back = 0
        self.opened = asyncio.Event()
        """Set once the job is ours: nothing refuses it any more."""

    async def run(self) -> JobProgress:
        """Until everything has come back, or until paused or stopped; without `linger`, after one look.

        Raises:
            JobInUse, JobFileError, StorageError: The job could not be opened; nothing was sent.
        """
        try:
            self._told.unknown_sent = await self._source.open()
            version = 0
            if self._asking is not None:
                asking = self._asking
                version = await self._source.begin(asking.recipe, asking.scope, plain_options(self._options))
            await self._source.look()
            self.opened.set()
            await self._run_opened(version)
        finally:
            await self._source.close()
        return self._told.tell(self._source)

    async def _run_opened(self, version: int) -> None:
        ticker = asyncio.create_task(self._tick())
        try:
            if self._asking is not None:
                self._submission = Submission(
                    self._source,
                    self._provider,
                    self._asking.question,
                    self._owner,
                    version=version,
                    folder=self._path.parent,
                    budget_usd=self._options.budget_usd,
                    told=self._told.uploaded,
                )
            await self._work()
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
            if self._submission is not None:
                await self._insist(self._submission.give_back)
        await self._settle()

    async def _settle(self) -> None:
        await self._source.look()
        told = self._told
        told.state = JobState.STOPPED
        if told.stopped[0] is None:
            told.state = await state_at_rest(self._source, self._wanted)
        await self._insist(lambda: self._source.set_state(told.state, *told.stopped))

    # -- from outside ----------------------------------------------------------------------------

    def pause(self, cause: Cause | None = None, detail: str = "") -> None:
        """Submit nothing more, and look no further. What is out stays out, and is collected by a later run."""
        if self._wanted is None:
            self._wanted, self._told.stopped = JobState.PAUSED, (cause, detail)
            self._rests.end()

    def stop(self, *, grace_s: float = 0.0, cause: Cause | None = None, detail: str = "") -> None:
        """As `pause`, and the part that is just on its way is broken off."""
        if self._wanted is not JobState.STOPPED:
            self._wanted, self._told.stopped = JobState.STOPPED, (cause, detail)
            self._rests.end()
        if self._doing is not None and cause is None:
            asyncio.get_running_loop().call_later(grace_s, self._doing.cancel)

    def cancel(self) -> None:
        """Ask the provider to end everything that is out. What is finished by then still comes, and is charged."""
        self._cancel_parts = self._lookout.cancelling = True
        if self._doing is not None:
            self._doing.cancel()
        self._rests.end()

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._rests.end()

    @property
    def only_looks(self) -> bool:
        """Nothing is sent any more by this run: it only waits for what is out."""
        return self._asking is None or self._exhausted

    def _over(self) -> bool:
        return self._wanted is JobState.STOPPED or (self._wanted is not None and not self._cancel_parts)

    # -- the way of a run ------------------------------------------------------------------------

    async def _work(self) -> None:
        delay_s = self._poll_s[0]
        while not self._over():
            await self._submit()
            if self._over():
                return
            out = await self._source.open_parts()
            self._find_stuck(out)
            if any(self._lookout.is_mine(part) for part in out):
                sent = self._submission is None or self._exhausted
                self._told.state = JobState.SUBMITTED if sent else JobState.RUNNING
                self._told.soon()
                before = self._came_back
                await self._look_at_all()
                if self._came_back > before:
                    delay_s, self._told.blocked = self._poll_s[0], None
                    continue
                if not self._linger:
                    return
            elif self._cancel_parts or self._told.blocked is None or not self._begin_again():
                return
            await self._rests.rest(delay_s)
            delay_s = min(delay_s * 1.5, self._poll_s[1])

    def _begin_again(self) -> bool:
        """Nothing is out, and still the next part was not taken. False when it never will be."""
        if self._submission is None:
            return False
        if self._told.blocked is Cause.SPENDING_LIMIT or not self._linger:
            self.stop(cause=self._told.blocked)
            return False
        self._submission.smaller()
        self._told.blocked = None
        return True

    # -- submitting ------------------------------------------------------------------------------

    async def _submit(self) -> None:
        """Until nothing waits any more, or the next part has to wait for one that is out."""
        refusals = 0
        submission = self._submission
        while submission is not None and not self._exhausted and self._told.blocked is None:
            if self._wanted is not None or self._cancel_parts:
                return
            self._told.state = JobState.RUNNING
            self._told.soon()
            try:
                step = await self._do(submission.next_part())
            except CallFailed as failure:
                refusals += 1
                if not self._may_go_on(failure, refusals):
                    return
                await self._rests.rest(retry.delay(refusals, failure.retry_after_s, start_s=2.0, cap_s=self._poll_s[1]))
                continue
            except StorageError as problem:
                self._told.storage(problem)
                await self._rests.rest(STORAGE_RETRY_S)
                continue
            refusals = 0
            self._told.all_is_well()
            if step is None:
                return
            if step is Step.EXHAUSTED:
                self._exhausted = True
            elif step is Step.OVER_BUDGET:
                self._told.blocked = Cause.SPENDING_LIMIT
            elif self._source.standing.counts.waiting:
                await self._until_taken()

    async def _do(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Work that `stop` and `cancel` may break off: None then."""
        doing = self._doing = asyncio.create_task(work)
        try:
            await asyncio.wait({doing})
            return None if doing.cancelled() else doing.result()
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)
            self._doing = None
            self._told.upload_over()

    def _may_go_on(self, failure: CallFailed, refusals: int) -> bool:
        if failure.cause in retry.OF_THE_NETWORK:
            self._told.offline = failure.cause
            self._told.soon()
            if self._linger or refusals < MOST_REFUSALS:
                return True
        if failure.cause in retry.WORTH_AGAIN and refusals < MOST_REFUSALS:
            return True
        self.stop(cause=failure.cause, detail=failure.detail)
        return False

    async def _until_taken(self) -> None:
        """Until the part that was just sent is let in.

        A batch that is too much for the provider's queue is refused a while after it was made. The next one would
        be refused, too, after its upload.
        """
        delay_s, until = self._poll_s[0] / 20, time.monotonic() + LET_IN_S
        while not self._over() and not self._cancel_parts and time.monotonic() < until:
            await self._rests.rest(delay_s)
            delay_s = min(delay_s * 1.5, self._poll_s[1])
            parts = await self._source.open_parts()
            newest = parts[-1] if parts else None
            if newest is None or newest.batch_id is None or newest.status not in VALIDATING:
                return
            if not await self._look_at_safely(newest, parts) or self._told.blocked is not None:
                return

    # -- looking after ---------------------------------------------------------------------------

    async def _look_at_all(self) -> None:
        parts = await self._source.open_parts()
        self._told.problem = None
        self._find_stuck(parts)
        for part in parts:
            if self._wanted is JobState.STOPPED:
                return
            if self._lookout.is_mine(part):
                await self._look_at_safely(part, parts)
                if self._told.offline is not None:
                    return
        self._told.soon()

    def _find_stuck(self, parts: Sequence[PartView]) -> None:
        """Parts that are somebody else's, and those of which the last look said so."""
        kept = {part.part_id: self._told.stuck.get(part.part_id) for part in parts}
        for part in parts:
            if not self._lookout.is_mine(part):
                kept[part.part_id] = other_place(part)
        self._told.stuck = {part_id: problem for part_id, problem in kept.items() if problem is not None}
        self._told.soon()

    async def _look_at_safely(self, part: PartView, parts: Sequence[PartView]) -> bool:
        """False when it could not be looked at; the others must not wait for that."""
        self._told.soon()
        try:
            look = await self._do(self._lookout.look_at(part, parts))
            self._told.offline = None
            if look is not None:
                self._take(part, look)
            return True
        except CallFailed as failure:
            self._told.offline = failure.cause if failure.cause in retry.OF_THE_NETWORK else None
            if failure.cause in retry.STOPS_THE_JOB and failure.status in (401, 402, 403):
                self.stop(cause=failure.cause, detail=failure.detail)
            log.info("a batch could not be looked at: %s", failure.cause)
        except StorageError as problem:
            self._told.storage(problem)
        return False

    def _take(self, part: PartView, look: Look) -> None:
        self._told.stuck.pop(part.part_id, None)
        if look.problem is not None:
            self._told.stuck[part.part_id] = look.problem
        if look.back:
            self._told.changed.many = True
        if look.seen in (Seen.CAME_BACK, Seen.NEVER_MADE):
            self._came_back += 1
        if look.seen is Seen.QUEUE_FULL:
            # Its rows wait here until something has come back.
            self._told.blocked = Cause.RATE_LIMIT
        if look.seen in (Seen.NEVER_MADE, Seen.QUEUE_FULL):
            # They were never run: this run, which is to send what waits, sends them.
            self._exhausted = False
            if self._submission is not None:
                self._told.state = JobState.RUNNING
        if look.stops is not None:
            self.stop(cause=look.stops.cause, detail=look.stops.detail)

    # -- waiting and telling ---------------------------------------------------------------------

    async def _insist(self, write: Callable[[], Awaitable[object]]) -> None:
        """Twice at the most; what cannot be written then is put right by the next owner."""
        try:
            await write()
        except StorageError as problem:
            self._told.storage(problem)
            await asyncio.sleep(STORAGE_RETRY_S)
            try:
                await write()
            except StorageError as still:
                self._told.storage(still)

    async def _tick(self) -> None:
        said, stored = self._told, None
        beat_at = time.monotonic() + BEAT_EVERY_S
        while True:
            try:
                if said.state is not stored:
                    await self._source.set_state(said.state, *said.stopped)
                    stored = said.state
                    said.soon()
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + BEAT_EVERY_S
                    if not await self._source.beat():
                        log.warning("the lease of a running job was lost")
                        self.stop(detail=LEASE_LOST)
            except StorageError as problem:
                self._told.storage(problem)
            said.tell_if_changed(self._source)
            await asyncio.sleep(TICK_S)


def _prompts(asking: Asking, pricing: Pricing) -> Prompts:
    return Prompts(asking.recipe, asking.columns, pricing.worst)
