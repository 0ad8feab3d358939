"""The disk is full, the drive is gone, its calls fail: the job waits with a sentence, sends nothing, and goes on."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from gui_app.engine.events import JobProgress
from gui_app.errors import StorageError
from gui_app.jobs import ExportOptions, JobState, RunOptions, Scope
from gui_app.practice.faults import Faults
from gui_app.store.copies import check_job
from gui_app.worker.client import WorkerClient
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.disks import Ballast, Drive, FailingCalls, small_disk
from tests.helpers.practice import Practice
from tests.helpers.terminal import COLUMNS, expected_label, many_reviews, practice_in, write_reviews
from tests.worker.conftest import Watch, labels, working

pytestmark = [pytest.mark.privileged, pytest.mark.timeout(180)]

ROWS = 400
LONG = "x" * 3000


@pytest.fixture
def practice(home: Path) -> Iterator[Practice]:
    with practice_in(home, Faults(latency_ms=(20, 60))) as server:
        yield server


@asynccontextmanager
async def reading(source: Path, job: Path) -> AsyncIterator[tuple[WorkerClient, Watch]]:
    """A client that has read a table into a job."""
    async with working() as (client, watch):
        await client.import_table(source, job).result()
        yield client, watch


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_reviews(tmp_path / "reviews.csv", [(n, text, LONG) for n, text, _ in many_reviews(ROWS)])


def is_problem(words: str) -> Callable[[Any], bool]:
    return lambda event: isinstance(event, JobProgress) and event.problem is not None and words in event.problem[0]


def is_well(event: Any) -> bool:
    return isinstance(event, JobProgress) and event.problem is None


async def trouble_in_mid_run(
    client: WorkerClient,
    watch: Watch,
    practice: Practice,
    job: Path,
    begin: Callable[[], object],
    end: Callable[[], object],
    words: str,
) -> None:
    """Runs a job, has trouble begin and end, and sees that nothing was sent meanwhile, lost, or paid twice."""
    await client.run(job, RECIPE, Scope(), RunOptions(concurrency=8))
    while practice.answers() < ROWS // 4:
        await asyncio.sleep(0.01)
    begin()
    await watch.until(is_problem(words), since=len(watch.events))
    await asyncio.sleep(0.3)
    sent = len(practice.asked())
    await asyncio.sleep(2.5)  # It has tried again to store, at least once.
    assert len(practice.asked()) == sent, "sent while nothing could be stored"
    end()
    since = len(watch.events)
    await watch.until(is_well, since)
    final = await watch.end_of(job, since)
    assert final.state is JobState.FINISHED and final.counts.done == ROWS
    assert labels(job) == {n: expected_label(n) for n in range(1, ROWS + 1)}
    assert len(practice.asked()) == ROWS, "what came back meanwhile was kept, and not asked again"
    check_job(job)
    with closing(sqlite3.connect(job)) as db:
        assert db.execute("SELECT count(*), max(tries) FROM attempts JOIN status USING (row_id)").fetchone() == (
            ROWS,
            0,
        )


async def test_a_full_disk_holds_a_job_up_until_there_is_room(tmp_path, source, practice):
    with small_disk(tmp_path / "disk", "12m") as disk:
        job, ballast = disk / "job.rowmill", Ballast(disk)
        async with reading(source, job) as (client, watch):
            await trouble_in_mid_run(client, watch, practice, job, ballast.fill, ballast.make_room, "is full")
        assert [file.name for file in disk.iterdir()] == ["job.rowmill"]


async def test_a_drive_that_is_pulled_out_and_put_back(tmp_path, source, practice):
    drive = Drive(tmp_path / "drive")
    try:
        job = drive.folder / "job.rowmill"
        async with reading(source, job) as (client, watch):
            await trouble_in_mid_run(client, watch, practice, job, drive.pull_out, drive.put_in, "moved or deleted")
    finally:
        drive.close()


CALLS = {
    "sync": (errno.EIO, ("sync/fdatasync", "sync/fsync"), "cannot be reached"),
    "write": (errno.EIO, ("rw/pwrite",), "cannot be reached"),
    "full": (errno.ENOSPC, ("rw/pwrite",), "is full"),
    # SQLite calls a page that cannot be read a damaged file.
    "everything": (errno.EIO, ("rw/pwrite", "rw/read", "rw/pread", "sync/fdatasync"), "cannot be reached"),
}


@pytest.mark.parametrize("kind", CALLS)
async def test_a_drive_whose_calls_fail(tmp_path, source, practice, monkeypatch, kind):
    number, points, words = CALLS[kind]
    fiu, job = FailingCalls(tmp_path), tmp_path / "job.rowmill"
    for name, value in fiu.environment.items():
        monkeypatch.setenv(name, value)
    async with reading(source, job) as (client, watch):
        await client.start()
        pid = client.pid
        assert pid is not None

        def begin() -> None:
            fiu.say(pid, *(f"enable name=posix/io/{point},failinfo={number}" for point in points))

        def end() -> None:
            fiu.say(pid, *(f"disable name=posix/io/{point}" for point in points))

        await trouble_in_mid_run(client, watch, practice, job, begin, end, words)


async def test_calls_that_fail_now_and_then(tmp_path, source, practice, monkeypatch):
    """One in ten reads, writes and syncs fails, for the whole run: it takes longer, and that is all."""
    fiu, job = FailingCalls(tmp_path), tmp_path / "job.rowmill"
    for name, value in fiu.environment.items():
        monkeypatch.setenv(name, value)
    async with reading(source, job) as (client, watch):
        await client.start()
        pid = client.pid
        assert pid is not None
        await client.run(job, RECIPE, Scope(first=100), RunOptions(concurrency=8))
        points = ("sync/fdatasync", "rw/pwrite", "rw/pread", "rw/read")
        fiu.say(pid, *(f"enable_random name=posix/io/{p},probability=0.1,failinfo={errno.EIO}" for p in points))
        for _ in range(60):
            await asyncio.sleep(0.5)
            if len(practice.asked()) >= 100:
                break
        fiu.say(pid, *(f"disable name=posix/io/{point}" for point in points))
        final = await watch.end_of(job)
    assert final.counts.done == 100
    assert len(practice.asked()) == 100
    check_job(job)


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv", "out.json"])
async def test_an_export_onto_a_full_disk_leaves_the_older_file(tmp_path, source, name):
    job = tmp_path / "job.rowmill"
    async with reading(source, job) as (client, _watch):
        with small_disk(tmp_path / "disk", "1m") as disk:
            target, ballast = disk / name, Ballast(disk)
            target.write_bytes(b"an older export")
            ballast.fill()
            options = ExportOptions(kind=name.partition(".")[2])
            with pytest.raises(StorageError, match="the drive is full"):
                await client.export(job, target, options).result()
            assert target.read_bytes() == b"an older export"
            assert sorted(file.name for file in disk.iterdir()) == ["ballast", name]


async def test_an_import_onto_a_full_disk_leaves_no_half_job(tmp_path, source):
    with small_disk(tmp_path / "disk", "1m") as disk:
        async with working() as (client, _watch):
            with pytest.raises(StorageError, match="is full"):
                await client.import_table(source, disk / "job.rowmill").result()
        assert list(disk.iterdir()) == []
        assert source.read_bytes().startswith(",".join(COLUMNS).encode())
