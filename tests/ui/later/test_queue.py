"""The queue: who starts when, what holds it, and what is left of it after a restart."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast

import pytest

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.jobs import Counts, JobState, Lane, Recipe, RunOptions, Scope, ScopeKind, Secret
from gui_app.keys import KeyStore
from gui_app.settings import BASE_URLS, QUEUE, Settings
from gui_app.store.edits import JobEditor
from gui_app.ui.later.later_run import NOTE, LaterRun, run_of_draft
from gui_app.ui.later.queue import JobQueue
from gui_app.ui.services import Services
from tests.helpers.waiting import until
from tests.store.making import RECIPE, make_job


class Worker:
    """Stands where the worker stands: keeps what it is told, and refuses jobs whose name says so."""

    def __init__(self) -> None:
        self.ran: list[tuple[Path, Recipe, Scope, RunOptions, Secret | None]] = []

    async def run(self, job: Path, recipe: Recipe, scope: Scope, options: RunOptions, key: Secret | None) -> None:
        if "refused" in job.name:
            raise UserError("It cannot run.")
        self.ran.append((job, recipe, scope, options, key))

    def names(self) -> list[str]:
        return [job.stem for job, *_rest in self.ran]


def queued(folder: Path, name: str, run: LaterRun | None = None) -> Path:
    path = folder / f"{name}.rowmill"
    make_job(path, [["a"], ["b"]], ("text",))
    with closing(JobEditor(path)) as editor:
        editor.set_note(NOTE, (run or LaterRun(RECIPE, Scope(), RunOptions())).to_note())
    return path


@pytest.fixture
def worker() -> Worker:
    return Worker()


Make = Callable[..., Any]


@pytest.fixture
def opened(home: Path, qloop: object, worker: Worker) -> Make:
    @asynccontextmanager
    async def make(environ: dict[str, str] | None = None, settings: Settings | None = None) -> AsyncIterator[JobQueue]:
        kept = settings or Settings.load()
        queue = JobQueue(Services(cast(Any, worker), kept, KeyStore(environ or {})))
        try:
            yield queue
        finally:
            await queue.aclose()
            queue.deleteLater()
            assert kept.wait_saved(30)

    return make


def moves(queue: JobQueue, job: Path, state: JobState) -> None:
    queue.take(JobProgress(str(job), state, Counts()))


async def test_the_next_job_starts_when_none_runs_any_more_and_only_one(
    opened: Make, worker: Worker, tmp_path: Path
) -> None:
    first, second = queued(tmp_path, "first"), queued(tmp_path, "second")
    other, third = tmp_path / "other.rowmill", tmp_path / "third.rowmill"
    async with opened() as queue:
        moves(queue, other, JobState.RUNNING)
        moves(queue, third, JobState.OFFLINE)
        queue.add(first)
        queue.add(second)
        moves(queue, other, JobState.FINISHED)
        await asyncio.sleep(0.05)
        assert not worker.ran and (queue.place(first), queue.place(second)) == (1, 2)
        moves(queue, third, JobState.STOPPED)
        await until(lambda: worker.ran)
        moves(queue, first, JobState.RUNNING)
        await asyncio.sleep(0.05)
        assert worker.names() == ["first"] and queue.order == (second,)
        moves(queue, first, JobState.FINISHED)
        await until(lambda: worker.names() == ["first", "second"])
        assert worker.ran[0][1:] == (RECIPE, Scope(), RunOptions(), None)


async def test_what_was_chosen_when_it_was_queued_is_what_runs(opened: Make, worker: Worker, tmp_path: Path) -> None:
    wanted = LaterRun(RECIPE, Scope(ScopeKind.AGAIN), RunOptions(Lane.OVERNIGHT, budget_usd=2.5))
    job = queued(tmp_path, "job", wanted)
    with closing(JobEditor(job)) as editor:
        editor.save_draft(RECIPE.with_model("practice", "another"))
    async with opened() as queue:
        queue.add(job)
        await until(lambda: worker.ran)
    assert LaterRun(*worker.ran[0][1:4]) == wanted


async def test_a_pause_by_hand_holds_the_queue_until_it_is_continued(
    opened: Make, worker: Worker, tmp_path: Path
) -> None:
    job, other = queued(tmp_path, "job"), tmp_path / "other.rowmill"
    async with opened() as queue:
        moves(queue, other, JobState.RUNNING)
        queue.add(job)
        queue.hold()
        moves(queue, other, JobState.PAUSED)
        await asyncio.sleep(0.05)
        assert not worker.ran and queue.is_held
        queue.go_on()
        await until(lambda: worker.ran)


async def test_after_a_restart_the_queue_is_there_in_its_order_and_waits_for_somebody(
    opened: Make, worker: Worker, tmp_path: Path
) -> None:
    jobs = [queued(tmp_path, name) for name in ("a", "b", "c")]
    async with opened() as queue:
        moves(queue, tmp_path / "other.rowmill", JobState.RUNNING)
        for job in jobs:
            queue.add(job)
        queue.move(jobs[2], -1)
        queue.move(jobs[0], -1)
        assert queue.order == (jobs[0], jobs[2], jobs[1])
    async with opened() as queue:
        assert queue.order == (jobs[0], jobs[2], jobs[1]) and queue.is_held
        await asyncio.sleep(0.05)
        assert not worker.ran
        queue.keep_only(jobs[1:])
        queue.go_on()
        await until(lambda: worker.names() == ["c"])


async def test_a_job_is_out_of_the_queue_on_the_disk_before_anything_of_it_is_sent(
    opened: Make, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, let = Settings.load(), threading.Event()
    job = queued(tmp_path, "job")
    async with opened(settings=settings) as queue:
        monkeypatch.setattr(os, "fsync", lambda _handle: let.wait(30))
        queue.add(job)
        await asyncio.sleep(0.1)
        assert queue.order == () and not worker.ran
        let.set()
        await until(lambda: worker.ran)
        assert settings.wait_saved(30)
    assert Settings.load().get(QUEUE) == []


async def test_a_job_that_cannot_start_is_told_of_and_the_next_one_starts(
    opened: Make, worker: Worker, tmp_path: Path
) -> None:
    refused, broken, good = queued(tmp_path, "refused"), tmp_path / "gone.rowmill", queued(tmp_path, "good")
    async with opened() as queue:
        told: list[Path] = []
        queue.refused.connect(lambda job, _why: told.append(job))
        moves(queue, tmp_path / "other.rowmill", JobState.RUNNING)
        for job in (refused, broken, good):
            queue.add(job)
        moves(queue, tmp_path / "other.rowmill", JobState.FINISHED)
        await until(lambda: worker.ran)
        assert told == [refused, broken] and worker.names() == ["good"] and not queue.order


async def test_a_job_that_is_run_by_hand_or_deleted_leaves_the_queue(
    opened: Make, worker: Worker, tmp_path: Path
) -> None:
    jobs = [queued(tmp_path, name) for name in ("a", "b")]
    async with opened() as queue:
        moves(queue, tmp_path / "other.rowmill", JobState.RUNNING)
        for job in jobs:
            queue.add(job)
        moves(queue, jobs[0], JobState.RUNNING)
        assert queue.order == (jobs[1],)
        queue.remove(jobs[1])
        assert not queue.order and not queue.goes_on


async def test_a_lost_worker_holds_the_queue(opened: Make, worker: Worker, tmp_path: Path) -> None:
    job = queued(tmp_path, "job")
    async with opened() as queue:
        moves(queue, tmp_path / "other.rowmill", JobState.RUNNING)
        queue.add(job)
        queue.worker_lost()
        await asyncio.sleep(0.05)
        assert queue.is_held and not worker.ran


@pytest.mark.parametrize("agreed", [False, True])
async def test_a_key_goes_to_an_address_only_that_was_agreed_to(
    opened: Make, worker: Worker, tmp_path: Path, home: Path, agreed: bool
) -> None:
    address = "https://somewhere.example/v1"
    job = queued(tmp_path, "job", LaterRun(RECIPE.with_model("compatible", "m", address), Scope(), RunOptions()))
    settings = Settings(home / "settings.json")
    if agreed:
        settings.set(BASE_URLS, {"compatible": address})
    async with opened({"ROWMILL_API_KEY": "sk-of-that-host"}, settings) as queue:
        told: list[UserError] = []
        queue.refused.connect(lambda _job, why: told.append(why))
        queue.add(job)
        await until(lambda: told or worker.ran)
    if agreed:
        assert worker.ran[0][4] is not None and worker.ran[0][4].reveal() == "sk-of-that-host"
    else:
        assert not worker.ran and "not agreed" in str(told[0].sentence)


async def test_a_note_that_is_none_is_refused_in_words(qloop: object, tmp_path: Path) -> None:
    notes: list[object] = [None, [], {"recipe": 1}, {"recipe": RECIPE.to_json(), "scope": {}, "options": {}}]
    for note in notes:
        with pytest.raises(UserError):
            LaterRun.from_note(note)
    job = queued(tmp_path, "job")
    with pytest.raises(UserError, match="not known"):
        await run_of_draft(job, Scope(), RunOptions())
