"""Disks that fill up, jobs that are taken over, and mistakes of ours: nothing is lost, nothing hangs."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gui_app.engine import job_source
from gui_app.engine.events import JobProgress
from gui_app.engine.flow import Flow
from gui_app.engine.job_source import JobSource
from gui_app.errors import InternalError, JobInUse, StorageError
from gui_app.jobs import Counts, JobState
from gui_app.store import job_file, lease
from tests.engine.running import Model, answers, counts, forget_owner, make_job, numbered, runner, state
from tests.helpers.waiting import until


class FullDisk:
    """Makes a running job's file unable to grow, and able again."""

    def __init__(self, job: Any) -> None:
        self._source: JobSource = job._source

    async def _pragma(self, pages: int) -> None:
        source = self._source

        def run() -> None:
            source._open_writer.db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

        await source._call(run)

    async def fill(self) -> None:
        await self._pragma(1)

    async def free(self) -> None:
        await self._pragma(1_000_000)


def big(count: int) -> list[str]:
    return [f"row {n} " + "x" * 3000 for n in range(1, count + 1)]


async def test_nothing_is_sent_while_nothing_can_be_stored_and_nothing_is_lost(path: Path) -> None:
    make_job(path, big(400))
    model = Model(latency_s=lambda: 0.01)
    seen: list[JobProgress] = []
    job = runner(path, model, concurrency=8, on_progress=seen.append, storage_retry_s=0.05)
    running = asyncio.create_task(job.run())
    disk = FullDisk(job)
    await until(lambda: len(model.asked) > 50)
    await disk.fill()
    await until(lambda: seen[-1].problem)
    assert "full" in seen[-1].problem[0]  # type: ignore[index]
    await asyncio.sleep(0.1)
    sent = len(model.asked)
    await asyncio.sleep(0.4)
    assert len(model.asked) == sent and model.in_flight == 0
    await disk.free()
    final = await running
    assert final.problem is None and final.state is JobState.FINISHED
    assert final.counts == Counts(done=400)
    assert len(model.asked) == 400, "what came back while the disk was full was kept, and not asked again"
    assert len(answers(path)) == 400


async def test_a_job_can_be_stopped_while_nothing_can_be_stored(path: Path) -> None:
    make_job(path, big(200))
    model = Model(latency_s=lambda: 0.01)
    seen: list[JobProgress] = []
    job = runner(path, model, concurrency=4, on_progress=seen.append, storage_retry_s=0.05)
    running = asyncio.create_task(job.run())
    disk = FullDisk(job)
    await until(lambda: len(model.asked) > 20)
    await disk.fill()
    await until(lambda: seen[-1].problem)
    job.stop(grace_s=0.1)
    async with asyncio.timeout(10):
        with pytest.raises(StorageError):
            await running
    assert seen[-1].state is JobState.STOPPED and seen[-1].problem
    forget_owner(path)
    # What was out when it ended is asked again, and said to be unknown.
    assert (await runner(path, Model()).run()).counts == Counts(done=200)


async def test_a_pause_while_nothing_can_be_stored_keeps_what_came_back(path: Path) -> None:
    make_job(path, big(200))
    model = Model(latency_s=lambda: 0.01)
    seen: list[JobProgress] = []
    job = runner(path, model, concurrency=4, on_progress=seen.append, storage_retry_s=0.05)
    running = asyncio.create_task(job.run())
    disk = FullDisk(job)
    await until(lambda: len(model.asked) > 20)
    await disk.fill()
    await until(lambda: seen[-1].problem)
    job.pause()
    await until(lambda: seen[-1].state is JobState.PAUSING)
    assert not running.done()
    await disk.free()
    final = await running
    assert final.state is JobState.PAUSED and state(path) == "paused"
    assert final.counts.done == len(model.asked)


async def test_a_job_taken_by_another_ends_with_its_name(path: Path) -> None:
    make_job(path, numbered(500))
    model = Model(latency_s=lambda: 0.01)
    seen: list[JobProgress] = []
    running = asyncio.create_task(runner(path, model, concurrency=4, on_progress=seen.append).run())
    await until(lambda: len(model.asked) > 20)
    taken_by_another(path)
    async with asyncio.timeout(10):
        with pytest.raises(JobInUse, match="elsewhere"):
            await running
    assert seen[-1].state is JobState.STOPPED and seen[-1].problem
    with closing(job_file.connect(path)) as db:
        assert job_file.get_meta(db, "owner")["host"] == "elsewhere", "the other one's claim is left alone"


class Sleep:
    """How long the computer has slept."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def __call__(self) -> float:
        return self.slept_s


def taken_by_another(path: Path) -> None:
    with closing(job_file.connect(path)) as db:
        job_file.put_meta(db, owner={"token": uuid.uuid4().hex, "host": "elsewhere", "pid": 7, "seen_at": 0})


async def test_a_computer_that_wakes_up_asks_whose_the_job_is_before_it_sends_anything(
    path: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("the lease of a running job was lost")
    make_job(path, numbered(100))
    model, sleep = Model(latency_s=lambda: 0.6), Sleep()
    job = runner(path, model, concurrency=2, slept_s=sleep)
    running = asyncio.create_task(job.run())
    # What came back is stored, two are out, and more are marked as sent and wait for their turn.
    await until(lambda: len(model.asked) == 4 and counts(path).done == 2 and counts(path).running > 2)
    taken_by_another(path)
    sleep.slept_s = 600.0
    async with asyncio.timeout(20):
        with pytest.raises(JobInUse, match="elsewhere"):
            await running
    assert len(model.asked) == 4


async def test_a_computer_that_wakes_up_and_still_owns_the_job_goes_on(path: Path) -> None:
    make_job(path, numbered(20))
    model, sleep = Model(latency_s=lambda: 0.05), Sleep()
    running = asyncio.create_task(runner(path, model, concurrency=2, slept_s=sleep).run())
    for more in (4, 9, 14):
        await until(partial(lambda wanted: len(model.asked) >= wanted, more))
        sleep.slept_s += 600.0
    assert (await running).counts == Counts(done=20)
    assert len(model.asked) == 20


async def test_a_job_whose_owner_elsewhere_gives_no_sign_is_watched_said_so_and_then_run(path, monkeypatch) -> None:
    make_job(path, numbered(5))
    taken_by_another(path)
    monkeypatch.setattr(job_source, "LOOK_EVERY_S", 0.02)
    seen: list[JobProgress] = []
    running = asyncio.create_task(runner(path, Model(), on_progress=seen.append).run())
    await until(lambda: bool(seen))
    assert seen[0].problem and "may still be running" in seen[0].problem[0]
    assert seen[0].state is JobState.RUNNING and seen[0].counts == Counts(waiting=5)
    monkeypatch.setattr(lease, "WATCH_S", 0.0)
    final = await running
    assert final.counts == Counts(done=5) and final.problem is None


async def test_watching_an_owner_elsewhere_can_be_stopped(path, monkeypatch) -> None:
    make_job(path, numbered(5))
    taken_by_another(path)
    monkeypatch.setattr(job_source, "LOOK_EVERY_S", 0.02)
    seen: list[JobProgress] = []
    job = runner(path, Model(), on_progress=seen.append)
    running = asyncio.create_task(job.run())
    await until(lambda: bool(seen))
    job.pause()
    with pytest.raises(JobInUse):
        await running
    assert seen[-1].problem is None and seen[-1].counts == Counts(waiting=5)


async def test_a_listener_that_breaks_ends_the_run_with_everything_stored(path: Path) -> None:
    make_job(path, numbered(300))
    model = Model(latency_s=lambda: 0.02)
    told = 0

    def listen(progress: JobProgress) -> None:
        nonlocal told
        told += 1
        if told == 3:
            raise ZeroDivisionError

    async with asyncio.timeout(20):
        with pytest.raises(InternalError, match="ZeroDivisionError"):
            await runner(path, model, concurrency=4, on_progress=listen).run()
    assert counts(path) == Counts(waiting=300 - len(model.asked), done=len(model.asked))
    assert (await runner(path, Model()).run()).counts == Counts(done=300)


class Numbers:
    """A source of numbers that keeps what comes back in memory."""

    def __init__(self, count: int) -> None:
        self.left = list(range(count))
        self.kept: list[Any] = []
        self.fails: Callable[[], None] = lambda: None

    async def exchange(self, outcomes: Sequence[Any], limit: int) -> list[int]:
        await asyncio.sleep(0)
        self.fails()
        self.kept += outcomes
        taken, self.left = self.left[:limit], self.left[limit:]
        return taken

    async def due_in_s(self) -> float | None:
        return None

    async def look_again(self) -> bool:
        return bool(self.left)


def flow(source: Numbers, attempt: Callable[[int], Any], admit: Callable[[int], Any] | None = None) -> Flow[int, Any]:
    async def at_once(item: int) -> None:
        return None

    return Flow(
        source,
        admit=admit or at_once,
        attempt=attempt,
        unsent=lambda item: ("unsent", item),
        lost=lambda item: ("lost", item),
        workers=4,
        storage_retry_s=0.01,
    )


async def test_an_attempt_that_raises_ends_the_run_and_every_item_has_an_outcome() -> None:
    async def attempt(item: int) -> tuple[str, int]:
        await asyncio.sleep(0.001)
        if item == 30:
            raise sqlite3.ProgrammingError("ours")
        return ("done", item)

    source = Numbers(200)
    async with asyncio.timeout(10):
        with pytest.raises(InternalError, match="ours"):
            await flow(source, attempt).run()
    assert ("lost", 30) in source.kept
    taken = 200 - len(source.left)
    assert sorted(item for _, item in source.kept) == list(range(taken)), "one outcome for each that was taken"


async def test_an_admission_that_raises_ends_the_run() -> None:
    async def admit(item: int) -> None:
        if item == 10:
            raise KeyError("ours")

    async def attempt(item: int) -> tuple[str, int]:
        return ("done", item)

    source = Numbers(100)
    async with asyncio.timeout(10):
        with pytest.raises(InternalError, match="ours"):
            await flow(source, attempt, admit).run()
    assert ("unsent", 10) in source.kept


async def test_a_source_that_raises_ends_the_run() -> None:
    async def attempt(item: int) -> tuple[str, int]:
        return ("done", item)

    source = Numbers(100)

    def broken() -> None:
        raise KeyError("ours")

    source.fails = broken
    async with asyncio.timeout(10):
        with pytest.raises(KeyError):
            await flow(source, attempt).run()


async def test_a_claim_that_fails_at_the_very_start_is_tried_again() -> None:
    times = 0

    def fails() -> None:
        nonlocal times
        times += 1
        if times < 4:
            raise StorageError("full")

    async def attempt(item: int) -> tuple[str, int]:
        assert times >= 4, "sent while nothing could be stored"
        return ("done", item)

    source = Numbers(20)
    source.fails = fails
    async with asyncio.timeout(10):
        await flow(source, attempt).run()
    assert len(source.kept) == 20


async def test_draining_while_all_workers_wait_to_be_admitted() -> None:
    async def admit(item: int) -> None:
        await asyncio.Event().wait()

    async def attempt(item: int) -> tuple[str, int]:
        raise AssertionError("sent")

    source = Numbers(20)
    running = flow(source, attempt, admit)
    task = asyncio.create_task(running.run())
    await until(lambda: len(source.left) < 20)
    running.drain()
    async with asyncio.timeout(5):
        await task
    assert {kind for kind, _ in source.kept} == {"unsent"}
    assert len(source.kept) + len(source.left) == 20


async def test_a_cancelled_run_leaves_no_task() -> None:
    before = asyncio.all_tasks()

    async def attempt(item: int) -> tuple[str, int]:
        await asyncio.sleep(30)
        return ("done", item)

    task = asyncio.create_task(flow(Numbers(20), attempt).run())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
