"""All running jobs of one process: their runners, the providers and paces they share."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gui_app import pricing
from gui_app.engine.attempt import Pricing
from gui_app.engine.events import JobProgress
from gui_app.engine.pace import Pace
from gui_app.engine.runner import DEADLINE_S, STOP_GRACE_S, JobRunner
from gui_app.errors import N_, JobInUse, RecipeError
from gui_app.jobs import Account, Cause, Question, Recipe, RunOptions, Secret, Usage
from gui_app.practice import launch
from gui_app.providers import catalog
from gui_app.providers.base import CallFailed, LiveProvider, ModelInfo
from gui_app.recipes.question import build_question, check_recipe
from gui_app.store.queries import JobReader
from gui_app.worker.protocol import KeyTest, RunOrder

log = logging.getLogger(__name__)

LOCAL_DEADLINE_S = 900.0
"""A model on somebody's own computer may think for minutes."""


@dataclass(slots=True)
class _Connection:
    provider: LiveProvider
    pace: Pace


class Conductor:
    """Runs jobs on the event loop it is used from.

    Args:
        on_progress: Called with every progress of every job.
    """

    def __init__(self, on_progress: Callable[[JobProgress], None]) -> None:
        self._on_progress = on_progress
        self._runners: dict[str, JobRunner] = {}
        self._tasks: dict[str, asyncio.Task[JobProgress]] = {}
        self._connections: dict[tuple[str, str, str], _Connection] = {}
        self._connecting = asyncio.Lock()

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
        if job in self._tasks:
            raise JobInUse(N_("This job is already running."))
        columns = await asyncio.to_thread(_columns, Path(job))
        check_recipe(order.recipe, columns)
        question = build_question(order.recipe, columns)
        # The price catalogue takes a second to read the first time.
        await asyncio.to_thread(pricing.preload)
        prices = self._pricing(order.recipe, order.options, question)
        connection = await self._connect(
            Account(order.recipe.provider, order.recipe.base_url, order.key), order.options.concurrency
        )
        if job in self._tasks:
            raise JobInUse(N_("This job is already running."))
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
            on_progress=self._on_progress,
            deadline_s=order.deadline_s or (LOCAL_DEADLINE_S if local else DEADLINE_S),
            offline_limit_s=order.offline_limit_s,
        )
        task = asyncio.create_task(runner.run(), name=f"run {Path(job).name}")
        self._runners[job], self._tasks[job] = runner, task
        task.add_done_callback(lambda _: self._forget(job))
        # Everything that refuses a job does so while it is opened; let that reach the caller.
        opened = asyncio.create_task(runner.opened.wait())
        await asyncio.wait({task, opened}, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if task.done() and not runner.opened.is_set():
            await task
        return task

    def _forget(self, job: str) -> None:
        self._runners.pop(job, None)
        self._tasks.pop(job, None)

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
        connection = await self._connect(account, None)
        async with asyncio.timeout(30):
            return await connection.provider.list_models()

    async def test_key(self, account: Account) -> KeyTest:
        """Ask for the models, which costs nothing and needs the key."""
        try:
            return KeyTest(True, models=len(await self.list_models(account)))
        except CallFailed as failure:
            return KeyTest(False, failure.cause, failure.detail)
        except TimeoutError:
            return KeyTest(False, Cause.DEADLINE)

    async def close(self, *, pause: bool = True) -> None:
        """Pause all jobs, wait until what is out is stored, and close the connections."""
        for runner in list(self._runners.values()):
            if pause:
                runner.stop()
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
        for connection in self._connections.values():
            await connection.provider.close()
        self._connections.clear()

    async def _connect(self, account: Account, concurrency: int | None) -> _Connection:
        # One at a time: the first one of a provider imports its SDK.
        async with self._connecting:
            if account.provider == "practice":
                server = await asyncio.to_thread(launch.ensure_running)
                account = replace(account, base_url=server.base_url, key=Secret(server.token))
            slot = (account.provider, account.base_url or "", _fingerprint(account.key))
            connection = self._connections.get(slot)
            if connection is None:
                await asyncio.to_thread(catalog.load, account.provider)
                provider = catalog.open_provider(account)
                ceiling = concurrency or provider.suggested_concurrency
                connection = _Connection(provider, Pace(ceiling))
                self._connections[slot] = connection
            elif concurrency is not None:
                connection.pace.ceiling = max(concurrency, connection.pace.ceiling)
            return connection

    @staticmethod
    def _pricing(recipe: Recipe, options: RunOptions, question: Question) -> Pricing:
        def cost(usage: Usage | None, model: str) -> float | None:
            return pricing.cost_usd(
                usage,
                recipe.provider,
                model or recipe.model,
                lane=options.lane,
                typed=options.price,
                base_url=recipe.base_url,
            )

        def worst(prompt: str) -> float | None:
            return pricing.worst_case_usd(
                prompt,
                question,
                recipe.provider,
                lane=options.lane,
                typed=options.price,
                base_url=recipe.base_url,
            )

        if options.budget_usd is not None and worst("") is None:
            raise RecipeError(
                N_(
                    "A spending limit is set, but the price of “{model}” is not known. "
                    "Type its price beside the limit, or remove the limit."
                ),
                model=recipe.model,
            )
        return Pricing(cost, worst)


def _columns(path: Path) -> tuple[str, ...]:
    reader = JobReader(path)
    try:
        return reader.columns()
    finally:
        reader.close()


def _fingerprint(key: Secret | None) -> str:
    return "" if key is None else hashlib.blake2b(key.reveal().encode(), digest_size=8).hexdigest()
