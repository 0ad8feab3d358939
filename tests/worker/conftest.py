"""A real worker process, a practice server it finds, and jobs to run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from gui_app.engine.events import JobProgress
from gui_app.jobs import FieldKind, JobState, OutputField, Recipe, RunOptions
from gui_app.pricing import Estimate
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader
from gui_app.worker.client import Event, WorkerClient
from gui_app.worker.estimating import estimate_from
from tests.helpers.practice import Practice
from tests.helpers.terminal import COLUMNS, many_reviews, practice_in

SENTIMENT = OutputField("sentiment", FieldKind.LABEL, ("positive", "negative", "neutral"))
RECIPE = Recipe("Which sentiment?\n\nText:\n{review}", (SENTIMENT,), model="practice-instant")
MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


def estimate_job(path: Path, recipe: Recipe | None = None, options: RunOptions | None = None) -> Estimate | None:
    """What the rows that wait in a job will cost and take."""
    with closing(JobReader(path)) as reader:
        return estimate_from(reader, recipe, options)


@pytest.fixture
def practice(home: Path, nothing_left_behind: None) -> Iterator[Practice]:
    with practice_in(home) as server:
        yield server


@pytest.fixture
def make_job(tmp_path: Path) -> Callable[..., Path]:
    """`make_job(rows)`: a job file with so many different rows, or with these."""

    def make(rows: int | Sequence[Sequence[str]], name: str = "job.rowmill") -> Path:
        path = tmp_path / name
        create_job(path, name=path.stem)
        writer = RowsWriter(path)
        writer.begin(COLUMNS, source_name="reviews.csv", import_settings={})
        cells = many_reviews(rows) if isinstance(rows, int) else rows
        writer.add([(row, "") for row in cells])
        writer.finish()
        return path

    return make


LIMIT_S = 40.0


class Watch:
    """Every event of a client, and waiting for some."""

    def __init__(self, client: WorkerClient) -> None:
        self.events: list[Event] = []
        self._moved = asyncio.Event()
        client.subscribe(self._take)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self._moved.set()

    async def until(self, condition: Callable[[Event], bool], since: int = 0) -> Any:
        """The first event from `since` on that fits."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    for event in self.events[since:]:
                        if condition(event):
                            return event
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            seen = "\n".join(f"  {event}" for event in self.events[since:][-5:])
            raise AssertionError(
                f"waited {LIMIT_S:.0f} s; the last of {len(self.events) - since} events:\n{seen}"
            ) from None

    async def end_of(self, job: Path, since: int = 0) -> JobProgress:
        """The event that tells the end of a run."""
        found = await self.until(
            lambda event: isinstance(event, JobProgress) and event.job == str(job) and event.state not in MOVING, since
        )
        assert isinstance(found, JobProgress)
        return found


@asynccontextmanager
async def working() -> AsyncIterator[tuple[WorkerClient, Watch]]:
    """A client with its worker, closed at the end."""
    client = WorkerClient()
    watch = Watch(client)
    try:
        yield client, watch
    finally:
        await client.close()


def states(job: Path) -> dict[str, int]:
    """How many rows are in each state, as the file says."""
    reader = JobReader(job)
    try:
        counts = reader.counts()
    finally:
        reader.close()
    return {name: count for name in counts.__slots__ if (count := getattr(counts, name))}


def labels(job: Path) -> dict[int, Any]:
    """The shown label of every answered row."""
    reader = JobReader(job)
    try:
        return {row.row_id: row.shown("sentiment") for row in reader.stream() if row.shown("sentiment") is not None}
    finally:
        reader.close()
