"""Eight hours in miniature: many rows through the real worker; memory, handles and threads stay where they were."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from gui_app.engine.events import JobProgress
from gui_app.jobs import JobState, RunOptions, Scope
from gui_app.practice import launch
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.terminal import COLUMNS
from tests.worker.conftest import working

LONG_ROWS = int(os.environ.get("ROWMILL_LEAK_ROWS", "200000"))


@dataclass(frozen=True)
class Sample:
    """What a process holds at one moment."""

    done: int
    memory_mb: float
    handles: int
    threads: int

    @staticmethod
    def of(process: psutil.Process, done: int) -> Sample:
        held = process.memory_info().rss / 2**20
        return Sample(done, round(held, 1), process.num_fds(), process.num_threads())


def make_job(path: Path, rows: int) -> Path:
    create_job(path, name="long")
    writer = RowsWriter(path)
    writer.begin(COLUMNS, source_name="long.csv", import_settings={})
    for first in range(0, rows, 10_000):
        some = range(first, min(rows, first + 10_000))
        writer.add([((str(n), f"Item {n} is {('good', 'bad', 'flat')[n % 3]}", "x" * 40), "") for n in some])
    writer.finish()
    return path


@pytest.fixture
def practice_process(home):
    """The practice server as the app has it: a process of its own."""
    server = launch.ensure_running()
    yield server
    pid = launch.read_state(launch.default_home())["pid"]
    psutil.Process(pid).terminate()
    while psutil.pid_exists(pid):
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_a_long_run_leaves_memory_handles_and_threads_where_they_were(practice_process, tmp_path):
    rows = LONG_ROWS
    job = make_job(tmp_path / "long.rowmill", rows)
    samples: list[Sample] = []
    own: list[Sample] = []
    tasks: list[int] = []
    me = psutil.Process()
    began = time.monotonic()
    async with working() as (client, _watch):
        ended = asyncio.Event()
        latest: list[JobProgress] = []

        def take(event: object) -> None:
            if isinstance(event, JobProgress):
                latest[:] = [event]
                if event.state is JobState.FINISHED:
                    ended.set()

        client.subscribe(take)
        await client.run(job, RECIPE, Scope(), RunOptions(concurrency=40))
        assert client.pid is not None
        worker = psutil.Process(client.pid)
        step, next_at = rows // 20, rows // 20
        while not ended.is_set():
            await asyncio.sleep(0.2)
            done = latest[0].counts.done if latest else 0
            if done >= next_at and not ended.is_set():
                samples.append(Sample.of(worker, done))
                own.append(Sample.of(me, done))
                tasks.append(len(asyncio.all_tasks()))
                next_at += step
                # What a window does all the time: read the rows that are seen.
                with closing(JobReader(job)) as reader:
                    reader.rows(range(max(1, done - 50), done))
    took = time.monotonic() - began
    with closing(JobReader(job)) as reader:
        assert reader.counts().done == rows
    print(f"{rows} rows in {took:.0f} s")
    for name, found in (("worker", samples), ("window's side", own)):
        print(name, *(f"{s.done}: {s.memory_mb} MB {s.handles} handles {s.threads} threads;" for s in found))
        # After the first tenth everything is loaded and warm.
        warm, last = found[2], found[-1]
        assert last.memory_mb - warm.memory_mb < 15.0, "memory grows with the rows"
        assert max(s.handles for s in found[2:]) <= warm.handles + 8
        assert max(s.threads for s in found[2:]) <= warm.threads + 2
    assert max(tasks) <= min(tasks) + 2
