"""Real job files run by the real runner, with providers made for the test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from gui_app.engine.events import JobProgress
from gui_app.engine.judging import Pricing
from gui_app.engine.pacing.pace import Pace
from gui_app.engine.runner import JobRunner
from gui_app.jobs import Cause, Counts, FieldKind, OutputField, Question, Recipe, Reply, RunOptions, Scope, Usage
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.recipes.question import build_question
from gui_app.store import job_file
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader

RECIPE = Recipe("{text}", (OutputField("answer", FieldKind.TEXT),), model="m")
FREE = Pricing(lambda usage, model: None, lambda prompt: None)


def make_job(path: Path, texts: Sequence[str]) -> Path:
    """A job with one column, "text"."""
    create_job(path, name="a job")
    writer = RowsWriter(path)
    writer.begin(("text",), source_name="t.csv", import_settings={})
    for start in range(0, len(texts), 5000):
        writer.add([((text,), "") for text in texts[start : start + 5000]])
    writer.finish()
    return path


def numbered(count: int) -> list[str]:
    return [f"row {n}" for n in range(1, count + 1)]


class Model:
    """A provider that answers "re: PROMPT" after a while.

    Args:
        answer: Called with the prompt and how often it was asked before; gives the text, or raises.
    """

    def __init__(
        self,
        answer: Callable[[str, int], Awaitable[Reply | str]] | None = None,
        *,
        latency_s: Callable[[], float] = lambda: 0.0,
        suggested_concurrency: int = 20,
    ) -> None:
        self.suggested_concurrency = suggested_concurrency
        self.asked: list[str] = []
        self.times: dict[str, int] = {}
        self.in_flight = 0
        self.most_in_flight = 0
        self._answer = answer
        self._latency_s = latency_s

    async def ask(self, question: Question, prompt: str) -> Reply:
        before = self.times.get(prompt, 0)
        self.times[prompt] = before + 1
        self.asked.append(prompt)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s())
            found = f"re: {prompt}" if self._answer is None else await self._answer(prompt, before)
        finally:
            self.in_flight -= 1
        return found if isinstance(found, Reply) else Reply(found, usage=Usage(10, 5), model="m")

    async def list_models(self) -> list[ModelInfo]:
        return []

    async def close(self) -> None:
        return None


def shuffled(most_s: float = 0.01, seed: int = 1) -> Callable[[], float]:
    rng = random.Random(seed)
    return lambda: rng.uniform(0.0, most_s)


def refuses(cause: Cause, **more: Any) -> Callable[[str, int], Awaitable[Reply | str]]:
    async def answer(prompt: str, before: int) -> Reply | str:
        raise CallFailed(cause, **more)

    return answer


def runner(
    path: Path,
    model: Model,
    *,
    on_progress: Callable[[JobProgress], None] = lambda progress: None,
    pricing: Pricing = FREE,
    recipe: Recipe = RECIPE,
    scope: Scope | None = None,
    pace: Pace | None = None,
    concurrency: int | None = None,
    budget_usd: float | None = None,
    guarded: bool = False,
    **more: Any,
) -> JobRunner:
    """A runner as the conductor makes them."""
    return JobRunner(
        path,
        recipe=recipe,
        columns=("text",),
        question=build_question(recipe),
        provider=model,
        pace=pace or Pace(concurrency or model.suggested_concurrency),
        pricing=pricing,
        scope=scope or Scope(),
        options=RunOptions(concurrency=concurrency, budget_usd=budget_usd),
        on_progress=on_progress,
        guarded=guarded,
        **more,
    )


def answers(path: Path) -> dict[str, object]:
    """The answer of each finished row, by its cell."""
    reader = JobReader(path)
    try:
        ids = list(reader.row_ids())
        return {view.cells[0]: view.values.get("answer") for view in reader.rows(ids) if view.values}
    finally:
        reader.close()


def counts(path: Path) -> Counts:
    reader = JobReader(path)
    try:
        return reader.counts()
    finally:
        reader.close()


def state(path: Path) -> str:
    reader = JobReader(path)
    try:
        return reader.summary().state.value
    finally:
        reader.close()


def forget_owner(path: Path) -> None:
    """What the death of the owner would make true."""
    db = job_file.connect(path)
    try:
        job_file.put_meta(db, owner=None)
    finally:
        db.close()
