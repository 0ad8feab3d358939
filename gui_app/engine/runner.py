"""One run of a job over live calls: from waiting rows to stored answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gui_app.engine.attempt import Attempts
from gui_app.engine.budget import Budget
from gui_app.engine.deadline import LATE_S, slept_s
from gui_app.engine.events import Changed, JobProgress, told
from gui_app.engine.flow import STORAGE_RETRY_S, Flow
from gui_app.engine.guard import Guard
from gui_app.engine.job_source import JobSource, SentRow, plain_options, unsent
from gui_app.engine.judging import Judging, Pricing
from gui_app.engine.network import NetworkGate
from gui_app.engine.pacing.pace import Pace
from gui_app.engine.prompts import Prompts
from gui_app.engine.rate import FinishRate
from gui_app.engine.silence import Reach, Silence
from gui_app.engine.standing import standing_of
from gui_app.engine.still_ours import StillOurs
from gui_app.errors import RowmillError, StorageError, UserError
from gui_app.jobs import Cause, JobState, Question, Recipe, RowState, RunOptions, Scope
from gui_app.jobs.states import GUARD, LEASE_LOST, LIMIT_OFFLINE
from gui_app.providers.base import LiveProvider
from gui_app.recipes.fields import ReplyReader
from gui_app.store.claims import Outcome
from gui_app.store.lease import BEAT_EVERY_S, OwnerUnknown
from gui_app.store.network.copy_back import StoredMeanwhile

log = logging.getLogger(__name__)

TICK_S = 0.1
STOP_GRACE_S = 10.0
DEADLINE_S = 180.0
SAVED_EVERY_S = 2.0


class JobRunner:
    """Runs a job once. `pause` and `stop` may be called at any moment, from the same event loop.

    Args:
        question: What all requests share, made from `recipe` by `recipes.question`.
        pace: Shared by all jobs of the same provider, host and key.
        on_progress: Called a few times a second, and at every change of state.
        deadline_s: Of one attempt.
        monotonic: What deadlines and silence are measured by.
        slept_s: How long this computer has slept, beside what `monotonic` counts.
        reach: Tells whether the server can be reached; asked when calls that are out say nothing. None: never asked.
        offline_limit_s: Stop when the network was gone for so long. None: wait for ever.
    """

    def __init__(
        self,
        path: Path,
        *,
        recipe: Recipe,
        columns: Sequence[str],
        question: Question,
        provider: LiveProvider,
        pace: Pace,
        pricing: Pricing,
        scope: Scope,
        options: RunOptions,
        on_progress: Callable[[JobProgress], None],
        deadline_s: float = DEADLINE_S,
        offline_limit_s: float | None = None,
        guarded: bool = True,
        storage_retry_s: float = STORAGE_RETRY_S,
        monotonic: Callable[[], float] = time.monotonic,
        slept_s: Callable[[], float] = slept_s,
        reach: Reach | None = None,
    ) -> None:
        self._path = path
        self._recipe = recipe
        self._pace = pace
        self._pricing = pricing
        self._scope = scope
        self._options = options
        self._on_progress = on_progress
        self._offline_limit_s = offline_limit_s
        self._storage_retry_s = storage_retry_s
        self._monotonic = monotonic
        self._slept_s = slept_s
        self._source = JobSource(
            path, Prompts(recipe, columns, pricing.worst), self._committed, lambda: monotonic() + slept_s()
        )
        self._network = NetworkGate(self._announce_soon, now=monotonic)
        self._silence = None if reach is None else Silence(self._network, reach, monotonic)
        self._guard = Guard(active=guarded)
        self._changed = Changed()
        self._state = self._stored = JobState.RUNNING
        self._stopped: tuple[Cause | None, str] = (None, "")
        self._problem: UserError | None = None
        self._not_copied_back: StorageError | None = None
        self._ours = StillOurs(self._source, self._beat, self._storage, storage_retry_s)
        self._unknown_sent = 0
        self._saved = 0
        self._version = 0
        self._workers = 1
        self._dirty = True
        self._rate = FinishRate()
        self._flow: Flow[SentRow, Outcome] | None = None
        self._attempts: Attempts | None = None
        self._question = question
        self._provider = provider
        self._deadline_s = deadline_s
        self._grace: asyncio.TimerHandle | None = None
        self._let_go = False
        self._settled = False
        self._wanted: JobState | None = None
        self.opened = asyncio.Event()
        """Set once the job is ours and its run has begun: nothing refuses it any more."""

    async def run(self) -> JobProgress:
        """Run until every row of the scope has its state, or until paused or stopped.

        Returns:
            The last progress: what the job file says, too.

        Raises:
            JobInUse, JobFileError, StorageError: The job could not be opened, and nothing was sent; or, with `opened`
                set, it was taken over, damaged, or had to be stopped while nothing could be stored.
            InternalError: A mistake of ours. What was out is stored, and the rest still waits.
        """
        try:
            self._unknown_sent = await self._source.open(self._watch_owner)
            self._version = await self._source.begin(self._recipe, self._scope, plain_options(self._options))
            self._problem = None
            self.opened.set()
            await self._run_opened()
        except RowmillError as error:
            if self._problem is not None and not self.opened.is_set():
                # What was said while the owner was watched holds no more.
                self._on_progress(await asyncio.to_thread(standing_of, self._path))
            if self.opened.is_set():
                # The file may say that it still runs; whoever watches is told the truth.
                self._state, self._problem = JobState.STOPPED, error if isinstance(error, UserError) else None
                self._on_progress(self._progress())
            raise
        finally:
            if self._grace is not None:
                self._grace.cancel()
            await self._source.close()
        progress = self._progress()
        self._on_progress(progress)
        return progress

    async def _run_opened(self) -> None:
        self._attempts = await self._make_attempts()
        self._flow = self._make_flow(self._attempts)
        if self._wanted is not None:
            self._flow.drain()
        ticker = asyncio.create_task(self._tick())
        ticker.add_done_callback(self._ticker_ended)
        try:
            await self._flow.run()
            await self._settle()
        except BaseException:
            self._settled = True
            with contextlib.suppress(UserError):  # What ended the run says more.
                await self._source.set_state(JobState.STOPPED, *self._stopped)
            raise
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
            if self._silence is not None:
                await self._silence.close()

    async def _make_attempts(self) -> Attempts:
        spent_usd = await self._source.spent_usd() + await self._source.reserved_usd()
        return Attempts(
            provider=self._provider,
            question=self._question,
            judging=Judging(ReplyReader(self._recipe.fields), self._pricing, self._version, self._source.now),
            pace=self._pace,
            network=self._network,
            budget=Budget(self._options.budget_usd, spent_usd),
            version=self._version,
            now=self._source.now,
            deadline_s=self._deadline_s,
            stop_job=self._stop_for,
            monotonic=self._monotonic,
        )

    def _make_flow(self, attempts: Attempts) -> Flow[SentRow, Outcome]:
        self._workers = self._options.concurrency or self._options.ceiling or self._pace.ceiling
        return Flow(
            self._source,
            admit=self._admit,
            put_back=attempts.put_back,
            attempt=attempts.attempt,
            unsent=lambda row: unsent(row, self._version),
            lost=attempts.lost,
            workers=max(1, min(self._workers, max(1, self._source.standing.run_rows))),
            room=lambda: self._pace.window,
            on_storage=self._storage,
            storage_retry_s=self._storage_retry_s,
        )

    def _ticker_ended(self, ticker: asyncio.Task[None]) -> None:
        error = None if ticker.cancelled() else ticker.exception()
        if error is not None and self._flow is not None:
            self._flow.fail(error)

    async def _settle(self) -> None:
        """Store the job's last state; wait for the disk as long as nobody stops the job."""
        self._settled = True
        while True:
            counts = self._source.standing.counts
            # When only a part was asked (five rows tried, a filter), the rest still waits for its run.
            state = self._wanted or JobState.DRAFT
            if not counts.waiting and not counts.running:
                state, self._stopped = JobState.FINISHED, (None, "")
            try:
                self._saved = await self._source.identical_saved()
                await self._source.set_state(state, *self._stopped)
            except StorageError as error:
                if self._let_go:
                    raise
                self._storage(error)
                await asyncio.sleep(self._storage_retry_s)
            else:
                self._state, self._problem = state, None
                return

    @property
    def over(self) -> bool:
        """Its last state is stored, and may have been told."""
        return self._settled and self._state not in (JobState.RUNNING, JobState.PAUSING)

    # -- from outside ----------------------------------------------------------------------------

    def pause(self, cause: Cause | None = None, detail: str = "") -> None:
        """Send nothing new; what is out comes back."""
        if self._wanted is None:
            self._wanted, self._stopped = JobState.PAUSED, (cause, detail)
            self._drain()

    def stop(self, *, grace_s: float = STOP_GRACE_S, cause: Cause | None = None, detail: str = "") -> None:
        """As `pause`, and what is still out after `grace_s` is let go of."""
        if self._wanted is not JobState.STOPPED:
            self._wanted, self._stopped = JobState.STOPPED, (cause, detail)
            self._drain()
        loop = asyncio.get_running_loop()
        if self._grace is None or loop.time() + grace_s < self._grace.when():
            if self._grace is not None:
                self._grace.cancel()
            self._grace = loop.call_later(grace_s, self._cancel)

    def _drain(self) -> None:
        self._state = JobState.PAUSING
        if self._flow is not None:
            self._flow.drain()
        self._announce_soon()

    def _cancel(self) -> None:
        self._let_go = True
        if self._flow is not None:
            self._flow.cancel()

    def _stop_for(self, cause: Cause, detail: str) -> None:
        self.stop(grace_s=max(STOP_GRACE_S, self._deadline_s), cause=cause, detail=detail)

    async def _watch_owner(self, unknown: OwnerUnknown) -> bool:
        """Say once why nothing goes on yet; go on watching until somebody pauses or stops."""
        if self._problem is None:
            self._problem = unknown
            standing = await asyncio.to_thread(standing_of, self._path)
            self._on_progress(replace(standing, state=JobState.RUNNING, problem=told(unknown)))
        return self._wanted is None

    # -- rows ------------------------------------------------------------------------------------

    async def _admit(self, row: SentRow) -> None:
        assert self._attempts is not None
        await self._attempts.admit(row)
        try:
            await self._ours.make_sure()
        except BaseException:
            self._attempts.put_back(row)
            raise

    def _committed(self, outcomes: Sequence[Outcome], others: Sequence[int]) -> None:
        self._changed.add(outcome.row_id for outcome in outcomes)
        self._changed.add(others)
        self._dirty = True
        for outcome in outcomes:
            if outcome.sent and outcome.state is not RowState.WAITING:
                shared = self._guard.saw(outcome.cause)
                if shared is not None:
                    self.pause(shared, GUARD)

    def _storage(self, problem: StorageError | None) -> None:
        self._problem = problem
        self._dirty = True

    # -- telling ---------------------------------------------------------------------------------

    def _announce_soon(self) -> None:
        self._dirty = True

    async def _tick(self) -> None:
        self._stored = self._state
        beat_at, saved_at = self._monotonic() + BEAT_EVERY_S, -math.inf
        ticked_at = self._monotonic() + self._slept_s()
        while True:
            now = self._monotonic()
            if now + self._slept_s() - ticked_at > LATE_S and self._attempts is not None:
                self._attempts.woke()
            ticked_at = now + self._slept_s()
            self._rate.note(now, self._source.standing.run_finished)
            try:
                await self._store_state()
                if now >= saved_at:
                    saved_at = now + SAVED_EVERY_S
                    self._saved = await self._source.identical_saved()
                if now >= beat_at:
                    beat_at = now + BEAT_EVERY_S
                    await self._beat()
            except StorageError:
                pass  # The exchange meets the same trouble and says so.
            self._look_around()
            await asyncio.sleep(TICK_S)

    async def _store_state(self) -> None:
        """The very last one is stored by `_settle`."""
        state = self._shown_state()
        if state is not self._stored and not self._settled:
            self._stored = state
            self._announce_soon()
            await self._source.set_state(state, *self._stopped)

    def _look_around(self) -> None:
        self._check_offline()
        self._check_copied_back()
        if self._silence is not None and self._flow is not None:
            self._silence.look(self._flow.sending)
        if self._dirty or self._pace.waiting_s:
            self._dirty = False
            self._on_progress(self._progress())

    async def _beat(self) -> bool:
        owned = await self._source.beat()
        if not owned:
            log.warning("the lease of a running job was lost")
            self.stop(grace_s=0.0, detail=LEASE_LOST)
        return owned

    def _check_offline(self) -> None:
        since = self._network.offline_since
        if since is None or self._offline_limit_s is None or self._wanted is not None:
            return
        if self._monotonic() - since > self._offline_limit_s:
            self.stop(cause=self._network.offline_cause, detail=LIMIT_OFFLINE)

    def _check_copied_back(self) -> None:
        trouble = self._source.not_copied_back
        if trouble is not self._not_copied_back:
            self._not_copied_back, self._dirty = trouble, True
            if isinstance(trouble, StoredMeanwhile):
                # Two computers would pay for the same rows.
                self.pause()

    def _shown_state(self) -> JobState:
        if self._state is JobState.RUNNING and self._network.offline:
            return JobState.OFFLINE
        return self._state

    def _progress(self) -> JobProgress:
        changed, many = self._changed.take()
        standing = self._source.standing
        rate = self._rate.per_s()
        left = standing.run_rows - standing.run_finished
        finished = standing.counts.finished
        problem = self._problem or self._source.not_copied_back
        return JobProgress(
            job=str(self._path),
            state=self._shown_state(),
            counts=standing.counts,
            changed=changed,
            many=many,
            run_rows=standing.run_rows,
            run_finished=standing.run_finished,
            rows_per_minute=None if rate is None else rate * 60,
            eta_s=left / rate if rate else None,
            cost_usd=standing.spent_usd,
            projected_usd=standing.spent_usd * (1 + left / finished) if finished else None,
            concurrency=min(self._pace.window, self._workers),
            in_flight=0 if self._flow is None else self._flow.sending,
            waiting_s=self._pace.waiting_s,
            slowed=self._pace.slowed,
            offline_cause=self._network.offline_cause,
            stopped_cause=self._stopped[0],
            stopped_detail=self._stopped[1],
            problem=None if problem is None else told(problem),
            identical_saved=self._saved,
            unknown_sent=self._unknown_sent,
        )
