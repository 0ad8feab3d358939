"""One run of a job over live calls: from waiting rows to stored answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gui_app.engine.attempt import Attempts, Pricing
from gui_app.engine.budget import Budget
from gui_app.engine.events import Changed, JobProgress
from gui_app.engine.flow import Flow
from gui_app.engine.guard import Guard
from gui_app.engine.job_source import JobSource, SentRow, unsent
from gui_app.engine.network import NetworkGate
from gui_app.engine.pace import Pace
from gui_app.errors import InternalError, StorageError
from gui_app.jobs import Cause, JobState, Question, Recipe, Row, RowState, RunOptions, Scope
from gui_app.providers.base import LiveProvider
from gui_app.recipes.fields import ReplyReader
from gui_app.recipes.template import Template
from gui_app.store.claims import Outcome, Prepared
from gui_app.store.lease import BEAT_EVERY_S

log = logging.getLogger(__name__)

TICK_S = 0.1
RATE_OVER_S = 30.0
STOP_GRACE_S = 10.0
DEADLINE_S = 180.0

GUARD = "guard"
"""The `stopped_detail` of a job that paused itself because most early rows went wrong."""

LIMIT_OFFLINE = "offline too long"


class JobRunner:
    """Runs a job once. `pause` and `stop` may be called at any moment, from the same event loop.

    Args:
        question: What all requests share, made from `recipe` by `recipes.question`.
        pace: Shared by all jobs of the same provider, host and key.
        on_progress: Called a few times a second, and at every change of state.
        deadline_s: Of one attempt.
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
    ) -> None:
        self._path = path
        self._recipe = recipe
        self._template = Template(recipe.template, columns)
        self._pace = pace
        self._pricing = pricing
        self._scope = scope
        self._options = options
        self._on_progress = on_progress
        self._offline_limit_s = offline_limit_s
        self._source = JobSource(path, self._prepare, self._committed)
        self._network = NetworkGate(self._announce_soon)
        self._guard = Guard(active=guarded)
        self._changed = Changed()
        self._state = JobState.RUNNING
        self._stopped: tuple[Cause | None, str] = (None, "")
        self._problem: StorageError | None = None
        self._unknown_sent = 0
        self._saved = 0
        self._version = 0
        self._dirty = True
        self._history: deque[tuple[float, int, float]] = deque()
        self._flow: Flow[SentRow, Outcome] | None = None
        self._attempts: Attempts | None = None
        self._question = question
        self._provider = provider
        self._deadline_s = deadline_s
        self._grace: asyncio.TimerHandle | None = None
        self._wanted: JobState | None = None
        self.opened = asyncio.Event()
        """Set once the job is ours and its run has begun: nothing refuses it any more."""

    async def run(self) -> JobProgress:
        """Run until every row of the scope has its state, or until paused or stopped.

        Returns:
            The last progress: what the job file says, too.

        Raises:
            JobInUse, JobFileError, StorageError: The job could not be opened; nothing was sent.
        """
        try:
            self._unknown_sent = await self._source.open()
            self._version = await self._source.begin(self._recipe, self._scope, _plain(self._options))
            self.opened.set()
            await self._run_opened()
        finally:
            if self._grace is not None:
                self._grace.cancel()
            await self._source.close()
        progress = self._progress()
        self._on_progress(progress)
        return progress

    async def _run_opened(self) -> None:
        budget = Budget(self._options.budget_usd, await self._source.spent_usd())
        self._attempts = Attempts(
            provider=self._provider,
            question=self._question,
            reader=ReplyReader(self._recipe.fields),
            pricing=self._pricing,
            pace=self._pace,
            network=self._network,
            budget=budget,
            version=self._version,
            now=self._source.now,
            deadline_s=self._deadline_s,
            stop_job=self._stop_for,
        )
        workers = self._pace.ceiling if self._options.concurrency is None else self._options.concurrency
        self._flow = Flow(
            self._source,
            admit=self._attempts.admit,
            attempt=self._attempts.attempt,
            unsent=lambda row: unsent(row, self._version),
            lost=self._attempts.lost,
            workers=max(1, min(workers, max(1, self._source.standing.run_rows))),
            on_storage=self._storage,
        )
        if self._wanted is not None:
            self._flow.drain()
        ticker = asyncio.create_task(self._tick())
        try:
            await self._flow.run()
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
        self._saved = await self._source.identical_saved()
        await self._settle()

    async def _settle(self) -> None:
        counts = self._source.standing.counts
        if self._wanted is not None:
            self._state = self._wanted
        elif counts.waiting or counts.running:
            # A part was asked (five rows tried, a filter): the rest still waits for its run.
            self._state = JobState.DRAFT
        else:
            self._state = JobState.FINISHED
        if not counts.waiting and not counts.running and self._wanted is JobState.PAUSED:
            self._state = JobState.FINISHED
        await self._source.set_state(self._state, *self._stopped)

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
        if self._grace is None:
            self._grace = asyncio.get_running_loop().call_later(grace_s, self._cancel)

    def _drain(self) -> None:
        self._state = JobState.PAUSING
        if self._flow is not None:
            self._flow.drain()
        self._announce_soon()

    def _cancel(self) -> None:
        if self._flow is not None:
            self._flow.cancel()

    def _stop_for(self, cause: Cause, detail: str) -> None:
        self.stop(grace_s=max(STOP_GRACE_S, self._deadline_s), cause=cause, detail=detail)

    # -- rows ------------------------------------------------------------------------------------

    def _prepare(self, rows: Sequence[Row]) -> list[Prepared]:
        once = self._recipe.options.ask_identical_once
        prepared = []
        for row in rows:
            prompt: str | None = self._template.render(row.cells)
            if prompt is None or Template.is_blank(prompt) or self._template.cells_are_blank(row.cells):
                prepared.append(Prepared(row.row_id, None, None, None))
                continue
            digest = None
            if once:
                digest = hashlib.blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            prepared.append(Prepared(row.row_id, prompt, digest, self._pricing.worst(prompt)))
        return prepared

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
        beat_at = time.monotonic() + BEAT_EVERY_S
        saved_at = 0.0
        told = self._state
        while True:
            now = time.monotonic()
            if self._history and now - self._history[-1][0] < 0.5:
                pass
            else:
                self._note_rate(now)
            state = self._shown_state()
            if state is not told:
                with contextlib.suppress(StorageError):
                    await self._source.set_state(state, *self._stopped)
                told, self._dirty = state, True
            if now >= saved_at:
                self._saved, saved_at = await self._source.identical_saved(), now + 2.0
            if now >= beat_at:
                beat_at = now + BEAT_EVERY_S
                await self._beat()
            self._check_offline()
            if self._dirty or self._pace.waiting_s:
                self._dirty = False
                self._on_progress(self._progress())
            await asyncio.sleep(TICK_S)

    async def _beat(self) -> None:
        try:
            if not await self._source.beat():
                log.warning("the lease of a running job was lost")
                self.stop(detail="lease lost")
        except StorageError:
            pass  # The exchange meets the same trouble and says so.

    def _check_offline(self) -> None:
        since = self._network.offline_since
        if since is not None and self._offline_limit_s is not None and self._wanted is None:
            if time.monotonic() - since > self._offline_limit_s:
                self.stop(cause=self._network.offline_cause, detail=LIMIT_OFFLINE)

    def _shown_state(self) -> JobState:
        if self._state is JobState.RUNNING and self._network.offline:
            return JobState.OFFLINE
        return self._state

    def _note_rate(self, now: float) -> None:
        standing = self._source.standing
        self._history.append((now, standing.run_finished, standing.spent_usd))
        while now - self._history[0][0] > RATE_OVER_S:
            self._history.popleft()

    def _rate_per_s(self) -> float | None:
        if len(self._history) < 2:
            return None
        (began, first, _), (ended, last, _) = self._history[0], self._history[-1]
        return (last - first) / (ended - began) if ended - began > 0.9 else None

    def _progress(self) -> JobProgress:
        changed, many = self._changed.take()
        standing = self._source.standing
        rate = self._rate_per_s()
        left = standing.run_rows - standing.run_finished
        finished = standing.counts.finished
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
            concurrency=self._pace.window,
            in_flight=0 if self._flow is None else self._flow.sending,
            waiting_s=self._pace.waiting_s,
            slowed=self._pace.slowed,
            offline_cause=self._network.offline_cause,
            stopped_cause=self._stopped[0],
            stopped_detail=self._stopped[1],
            problem=None if self._problem is None else (self._problem.sentence, self._problem.details),
            identical_saved=self._saved,
            unknown_sent=self._unknown_sent,
        )


def _plain(options: RunOptions) -> dict[str, Any]:
    return {"lane": options.lane.value, "concurrency": options.concurrency, "budget_usd": options.budget_usd}


def unexpected(error: BaseException) -> InternalError:
    """Wrap a mistake of ours, logged with its traceback."""
    log.error("the run of a job failed", exc_info=error)
    return InternalError(str(error))
