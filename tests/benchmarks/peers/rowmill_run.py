"""Rowmill's real path: a job file, prompts, the SDK, parsing, commits, events. Everything but the worker's pipe."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path

from gui_app import pricing
from gui_app.engine.events import JobProgress
from gui_app.jobs import FieldKind, JobState, OutputField, Recipe, RunOptions, Secret
from gui_app.providers import catalog
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader
from gui_app.worker.conductor import Conductor
from gui_app.worker.garbage import collect_seldom
from gui_app.worker.protocol import RunOrder
from tests.benchmarks.peers.measured import PROMPT, Meter, Order, serve, text_of

FIELDS = (OutputField("label", FieldKind.LABEL, ("good", "bad")),)
BATCH = 2000


def make_job(path: Path, rows: int, first: int = 0) -> Path:
    """A job whose rows are those of an `Order`."""
    create_job(path, name="benchmark")
    writer = RowsWriter(path)
    writer.begin(["id", "text"], source_name="benchmark.csv", import_settings={})
    for start in range(first, first + rows, BATCH):
        numbers = range(start, min(start + BATCH, first + rows))
        writer.add(((str(number), text_of(number)), "") for number in numbers)
    writer.finish()
    return path


def recipe_for(provider: str, base_url: str | None, model: str = "gpt-6-luna") -> Recipe:
    """The recipe that gives the prompts of `measured.prompt_of`."""
    return Recipe(PROMPT, FIELDS, provider, model, base_url)


async def run_job(job: Path, provider: str, base_url: str, at_once: int | None, meter: Meter) -> int:
    """One run; returns how many rows are done."""
    progress: list[JobProgress] = []
    await asyncio.to_thread(catalog.load, provider)
    await asyncio.to_thread(pricing.preload)
    conductor = Conductor(lambda latest: progress.__setitem__(slice(None), [latest]))
    order = RunOrder(
        str(job), recipe_for(provider, base_url), options=RunOptions(concurrency=at_once), key=Secret("key")
    )
    try:
        with meter.measure():
            began = time.perf_counter()
            running = await conductor.run(order)
            started_s = time.perf_counter() - began
            final = await running
        meter.found["start_s"] = started_s
    finally:
        await conductor.close()
    assert final.state is JobState.FINISHED, final
    return final.counts.done


async def run(order: Order, meter: Meter) -> int:
    """`extra`: the provider, "openai" (Responses) or "compatible" (chat completions)."""
    with tempfile.TemporaryDirectory() as folder:
        job = make_job(Path(folder) / "benchmark.rowmill", order.rows, order.first)
        gc.collect()
        answers = await run_job(job, str(order.extra), order.base_url, order.at_once or None, meter)
        reader = JobReader(job)
        try:
            meter.found["requests"] = reader.totals().requests
        finally:
            reader.close()
        return answers


if __name__ == "__main__":
    # As the worker and the commands do.
    collect_seldom()
    serve(run)
