"""The overnight lane as a library: inputs in, answers out a day later at the latest."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from gui_app import pricing
from gui_app.engine.batches.part_source import Owner
from gui_app.engine.batches.runner import Asking, OvernightRunner
from gui_app.engine.events import JobProgress
from gui_app.engine.judging import Pricing
from gui_app.jobs import Lane, Recipe, RunOptions, Scope, Usage
from gui_app.providers.base import BatchProvider
from gui_app.recipes.question import build_question, check_recipe
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader, RowView

PLAIN_COLUMN = "text"
"""What an input that is a plain string is called in the template."""

Input = Mapping[str, str] | str


async def overnight(
    inputs: Iterable[Input],
    recipe: Recipe,
    provider: BatchProvider,
    *,
    job: Path | None = None,
    poll_s: tuple[float, float] = (10.0, 300.0),
    on_progress: Callable[[JobProgress], None] | None = None,
) -> list[RowView]:
    """Ask a recipe of every input through a provider's Batch API, and wait for the answers.

    The answer of an input is its own, matched by id: not by position, and whatever comes back shuffled, twice, late
    or not at all. What expired or was cancelled at the provider comes back `waiting`, what finished before that is
    kept; asking for the same `job` again sends the waiting ones alone.

    Args:
        inputs: Mappings from column name to text, all with the first one's names; or strings, called `{text}`.
        provider: From `providers.catalog.open_batch_provider`. Not closed here.
        job: Where the job is kept. Give one for anything that matters: after a crash, the same call goes on with it,
            collects what is out, and sends nothing twice. None: a file that is gone in the end.
        poll_s: Seconds between two looks at the provider, the first and the longest.
        on_progress: Told now and then.

    Returns:
        One `RowView` for each input, in their order: its `state`, `values` by field, `cause`, `cost_usd`.

    Raises:
        ValueError: The inputs are not alike, or are not those of the job that is there already.
        RecipeError: The recipe cannot be run.
        UserError: The job file cannot be used.

    Example:
        >>> from pathlib import Path
        >>> from gui_app.engine import overnight
        >>> from gui_app.jobs import Account, FieldKind, OutputField, Recipe, Secret
        >>> from gui_app.providers.catalog import open_batch_provider
        >>> mood = OutputField("mood", FieldKind.LABEL, ("good", "bad"))
        >>> recipe = Recipe("How does this sound? {text}", (mood,), "openai", "gpt-6-luna")
        >>> async def main(key):
        ...     provider = open_batch_provider(Account("openai", key=Secret(key)))
        ...     try:
        ...         return await overnight(["Wonderful!", "Never again."], recipe, provider, job=Path("mood.rowmill"))
        ...     finally:
        ...         await provider.close()
    """
    if job is not None:
        return await _run(job, inputs, recipe, provider, poll_s, on_progress)
    with tempfile.TemporaryDirectory(prefix="rowmill-") as folder:
        return await _run(Path(folder) / "overnight.rowmill", inputs, recipe, provider, poll_s, on_progress)


async def _run(
    job: Path,
    inputs: Iterable[Input],
    recipe: Recipe,
    provider: BatchProvider,
    poll_s: tuple[float, float],
    on_progress: Callable[[JobProgress], None] | None,
) -> list[RowView]:
    columns = await asyncio.to_thread(_open_job, job, inputs)
    if not columns:
        return []
    check_recipe(recipe, columns)
    await asyncio.to_thread(pricing.preload)
    runner = OvernightRunner(
        job,
        asking=Asking(recipe, columns, build_question(recipe), Scope()),
        provider=provider,
        pricing_of=_pricing_of,
        owner=Owner(recipe.provider, recipe.base_url or ""),
        options=RunOptions(lane=Lane.OVERNIGHT),
        on_progress=on_progress or (lambda _: None),
        poll_s=poll_s,
    )
    try:
        await runner.run()
    except asyncio.CancelledError:
        runner.stop()
        raise
    return await asyncio.to_thread(_answers, job)


def _open_job(job: Path, inputs: Iterable[Input]) -> tuple[str, ...]:
    rows = [{PLAIN_COLUMN: item} if isinstance(item, str) else item for item in inputs]
    if not rows:
        return ()
    columns = tuple(rows[0])
    for row in rows:
        if set(row) != set(columns):
            raise ValueError(f"every input needs the columns {', '.join(columns)}")
    cells = [tuple(row[name] for name in columns) for row in rows]
    if job.exists() and _is_complete(job):
        _check_same(job, columns, cells)
        return columns
    if not job.exists():
        create_job(job, name=job.stem)
    with closing(RowsWriter(job)) as writer:
        writer.begin(columns, source_name="", import_settings={})
        writer.add((row, "") for row in cells)
        writer.finish()
    return columns


def _is_complete(job: Path) -> bool:
    with closing(JobReader(job)) as reader:
        return reader.summary().import_done


def _check_same(job: Path, columns: Sequence[str], cells: Sequence[tuple[str, ...]]) -> None:
    with closing(JobReader(job)) as reader:
        ids = reader.row_ids()
        if reader.columns() != tuple(columns) or len(ids) != len(cells):
            raise ValueError(f"{job} is a job over other inputs")
        for begin in range(0, len(ids), 1000):
            found = reader.rows(ids[begin : begin + 1000], full=True)
            if [row.cells for row in found] != list(cells[begin : begin + 1000]):
                raise ValueError(f"{job} is a job over other inputs")


def _answers(job: Path) -> list[RowView]:
    with closing(JobReader(job)) as reader:
        return reader.rows(reader.row_ids(), full=True)


def _pricing_of(recipe: Recipe) -> Pricing:
    def cost(usage: Usage | None, model: str) -> float | None:
        return pricing.cost_usd(
            usage, recipe.provider, recipe.model, returned=model, lane=Lane.OVERNIGHT, base_url=recipe.base_url
        )

    return Pricing(cost, lambda prompt: None)
