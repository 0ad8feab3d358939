"""All running jobs of one process: their runners, the providers and paces they share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gui_app.engine.batches.giving_up import give_up
from gui_app.engine.batches.runner import OvernightRunner
from gui_app.engine.events import JobProgress
from gui_app.engine.runner import DEADLINE_S, STOP_GRACE_S, JobRunner
from gui_app.engine.standing import standing_of
from gui_app.errors import N_, JobInUse, UserError
from gui_app.jobs import Account, Cause, JobState, Lane, Question
from gui_app.practice import launch
from gui_app.providers import catalog
from gui_app.providers.base import BatchProvider, CallFailed, ModelInfo
from gui_app.providers.reach import unreachable
from gui_app.recipes.question import build_question, check_recipe
from gui_app.store.reading.queries import JobReader
from gui_app.worker.awake import Awake
from gui_app.worker.connections import Connections
from gui_app.worker.overnight import has_open_parts, open_overnight
from gui_app.worker.prices import load_prices, pricing_of
from gui_app.worker.protocol import KeyTest, RunOrder

log = logging.getLogger(__name__)

REVIVE_EVERY_S = 5.0

LOCAL_DEADLINE_S = 900.0
"""A model on somebody's own computer may think for minutes."""


class Conductor:
    """Runs jobs on the event loop it is used from.

    Args:
        on_progress: Called with every progress of every job.
    """

    def __init__(self, on_progress: Callable[[JobProgress], None]) -> None:
        self._listener = on_progress
        self._closing = False
        self._practising: set[str] = set()
        self._reviving: asyncio.Task[None] | None = None
        self._runners: dict[str, JobRunner | OvernightRunner] = {}
        self._batches: dict[str, BatchProvider] = {}
        self._tasks: dict[str, asyncio.Task[JobProgress]] = {}
        self._connections = Connections()
        self._awake = Awake()

    @property
    def busy(self) -> bool:
        """A job is running."""
        return bool(self._tasks)

    async def run(self, order: RunOrder) -> asyncio.Task[JobProgress]:
        """Start a job. Returns once it is sure that it can start; the task ends with the run.

        Raises:
            RecipeError: The recipe cannot be run.
            JobInUse: It is running here already.
            JobFileError, StorageError: The job file cannot be read.
            UserError: The provider cannot be used at all (address refused, no such provider).
        """
        job = order.job
        if self._closing:
            raise UserError(N_("Rowmill is closing, so nothing new is started. Start it again to continue."))
        if job in self._tasks:
            if order.collect and self._looks_already(job):
                return self._tasks[job]
            await self._end_lookout(job)
        columns = await asyncio.to_thread(_columns, Path(job))
        if order.collect:
            await load_prices(order.recipe)
            return await self._begin(order, await self._overnight(order, columns, None), None)
        check_recipe(order.recipe, columns)
        question = build_question(order.recipe)
        await load_prices(order.recipe)
        prices = pricing_of(order.recipe, order.options, question)
        if order.options.lane is Lane.OVERNIGHT:
            return await self._begin(order, await self._overnight(order, columns, question), None)
        connection = await self._connections.open(
            Account(order.recipe.provider, order.recipe.base_url, order.key), order.options.concurrency
        )
        local = catalog.entry(order.recipe.provider).local
        runner = JobRunner(
            Path(job),
            recipe=order.recipe,
            columns=columns,
            question=question,
            provider=connection.provider,
            pace=connection.pace,
            pricing=prices,
            scope=order.scope,
            options=order.options,
            on_progress=self._tell,
            deadline_s=order.deadline_s or (LOCAL_DEADLINE_S if local else DEADLINE_S),
            offline_limit_s=order.offline_limit_s,
            reach=partial(unreachable, connection.address),
        )
        return await self._begin(order, runner, columns)

    async def _begin(
        self, order: RunOrder, runner: JobRunner | OvernightRunner, columns: Sequence[str] | None
    ) -> asyncio.Task[JobProgress]:
        """Start a runner; with `columns`, what is out overnight is looked after when it is through."""
        job = order.job
        if job in self._tasks or self._closing:
            raise JobInUse(N_("This job is already running."))
        if order.recipe.provider == "practice":
            self._practising.add(job)
        task = asyncio.create_task(self._go(order, runner, columns), name=f"run {Path(job).name}")
        self._runners[job], self._tasks[job] = runner, task
        task.add_done_callback(lambda _: self._forget(job))
        # Everything that refuses a job does so while it is opened; let that reach the caller.
        opened = asyncio.create_task(runner.opened.wait())
        try:
            await asyncio.wait({task, opened}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
        if task.done() and not runner.opened.is_set():
            await task
        return task

    async def _go(
        self, order: RunOrder, runner: JobRunner | OvernightRunner, columns: Sequence[str] | None
    ) -> JobProgress:
        # What is out overnight goes on at the provider while this computer sleeps; live calls do not.
        awake = self._awake.held() if isinstance(runner, JobRunner) else contextlib.nullcontext()
        try:
            with awake:
                progress = await runner.run()
        finally:
            await self._close_batches(order.job)
        if columns is None or self._closing or progress.state in (JobState.PAUSED, JobState.STOPPED):
            return progress
        if not await asyncio.to_thread(has_open_parts, Path(order.job)):
            return progress
        try:
            after = await self._overnight(order, columns, None)
        except UserError:
            # This provider has no such lane: the rest is collected with the one that has it.
            return progress
        self._runners[order.job] = after
        try:
            return await after.run()
        finally:
            await self._close_batches(order.job)

    async def _overnight(self, order: RunOrder, columns: Sequence[str], question: Question | None) -> OvernightRunner:
        runner, provider = await open_overnight(
            order,
            columns,
            question,
            pricing_of=lambda recipe, options: pricing_of(recipe, options, build_question(recipe)),
            memory=self._connections.memory,
            on_progress=self._tell,
        )
        if order.job in self._batches:
            await provider.close()
            raise JobInUse(N_("This job is already running."))
        self._batches[order.job] = provider
        return runner

    async def _close_batches(self, job: str) -> None:
        provider = self._batches.pop(job, None)
        if provider is not None:
            await provider.close()

    async def cancel_overnight(self, order: RunOrder) -> None:
        """Ask the provider to end what is out of a job. What is finished by then still comes, and is charged.

        Raises:
            UserError: As `run`, where the job does not run here yet.
        """
        if order.job not in self._tasks:
            await self.run(replace(order, collect=True))
        runner = self._runners.get(order.job)
        if not isinstance(runner, OvernightRunner):
            raise JobInUse(N_("This job is asking rows right now. Pause it first, then cancel what is out overnight."))
        runner.cancel()

    async def give_up_overnight(self, job: str, part_ids: Collection[int]) -> int:
        """Let parts go whose answers can never be fetched; see `engine.batches.giving_up`.

        Returns:
            How many rows wait again.

        Raises:
            UserError: The job is sending rows just now, or its file cannot be used.
        """
        await self._end_lookout(job)
        back = await give_up(Path(job), part_ids)
        self._tell(await asyncio.to_thread(standing_of, Path(job)))
        return back

    def _looks_already(self, job: str) -> bool:
        """Whether what is out of a job is being looked after; it is looked at once more at once."""
        runner = self._runners.get(job)
        if isinstance(runner, OvernightRunner):
            runner.look_now()
            return True
        return False

    async def _end_lookout(self, job: str) -> None:
        """Make way for what the user wants of a job that only waits for its batches, or has just ended."""
        while isinstance(ended := self._runners.get(job), JobRunner) and ended.over:
            # Its end is told already; whether something comes after it is known in a moment.
            await asyncio.wait({self._tasks[job]}, timeout=0.05)
        task, runner = self._tasks.get(job), self._runners.get(job)
        if task is None:
            return
        if not isinstance(runner, OvernightRunner) or not runner.only_looks:
            raise JobInUse(N_("This job is already running."))
        runner.pause()
        await asyncio.wait({task})

    def _forget(self, job: str) -> None:
        self._runners.pop(job, None)
        self._tasks.pop(job, None)
        self._practising.discard(job)

    def _tell(self, progress: JobProgress) -> None:
        lost = progress.offline_cause is not None and progress.job in self._practising and not self._closing
        if lost and (self._reviving is None or self._reviving.done()):
            self._reviving = asyncio.create_task(self._revive(), name="revive the practice server")
        try:
            self._listener(progress)
        except Exception:  # Whoever shows it may fail; the run goes on.
            log.exception("a progress could not be told")

    async def _revive(self) -> None:
        # No network will bring this one back: it is a process of ours that has ended.
        with contextlib.suppress(UserError):
            await asyncio.to_thread(launch.ensure_running)
        await asyncio.sleep(REVIVE_EVERY_S)

    def pause(self, job: str) -> None:
        """Send nothing new for a job; what is out comes back. Harmless when it does not run."""
        if job in self._runners:
            self._runners[job].pause()

    def stop(self, job: str, *, grace_s: float = STOP_GRACE_S) -> None:
        """As `pause`, and what is still out after `grace_s` is let go of."""
        if job in self._runners:
            self._runners[job].stop(grace_s=grace_s)

    async def list_models(self, account: Account) -> list[ModelInfo]:
        """What a provider offers.

        Raises:
            CallFailed: It could not be asked.
            UserError: The provider cannot be used at all.
        """
        connection = await self._connections.open(account, None)
        try:
            async with asyncio.timeout(30):
                return await connection.provider.list_models()
        except TimeoutError:
            raise CallFailed(Cause.DEADLINE) from None

    async def test_key(self, account: Account) -> KeyTest:
        """Ask for the models, which costs nothing and needs the key."""
        try:
            return KeyTest(True, models=len(await self.list_models(account)))
        except CallFailed as failure:
            return KeyTest(False, failure.cause, failure.detail)

    async def close(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """Pause all jobs, wait until what is out is stored, and close the connections.

        Args:
            grace_s: What is still out after so long is let go of.
        """
        self._closing = True
        for runner in list(self._runners.values()):
            runner.pause()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=grace_s)
        for runner in list(self._runners.values()):
            runner.stop(grace_s=0.0)
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()))
        if self._reviving is not None:
            self._reviving.cancel()
        await self._connections.close()
        await asyncio.to_thread(self._awake.join)


def _columns(path: Path) -> tuple[str, ...]:
    reader = JobReader(path)
    try:
        return reader.columns()
    finally:
        reader.close()
