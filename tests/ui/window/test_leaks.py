"""Jobs opened and closed, and results coming in, leave nothing behind: threads, file handles, Qt objects, memory."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, FieldKind, JobState, OutputField, Recipe
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.waiting import until

pytestmark = pytest.mark.timeout(200)

RECIPE = Recipe("Is it good? {text}", (OutputField("mood", FieldKind.LABEL, ("good", "bad")),), "practice", "practice")
ROWS = 2_000


@dataclass(frozen=True)
class Held:
    """What the process holds just now."""

    threads: int
    files: int
    widgets: int
    objects: Counter[str]
    memory_mb: float

    @classmethod
    def now(cls, window: MainWindow) -> Held:
        gc.collect()
        me = psutil.Process()
        return cls(
            threading.active_count(),
            me.num_fds(),
            len(QApplication.allWidgets()),
            Counter(type(child).__name__ for child in window.findChildren(QObject)),
            me.memory_info().rss / 2**20,
        )

    def more_than(self, before: Held) -> dict[str, object]:
        """What there is more of, memory aside."""
        more: dict[str, object] = {
            name: getattr(self, name) - getattr(before, name)
            for name in ("threads", "files", "widgets")
            if getattr(self, name) > getattr(before, name)
        }
        return more | dict(self.objects - before.objects)


def job(path: Path) -> Path:
    create_job(path, name=path.stem)
    writer = RowsWriter(path)
    writer.begin(["id", "text"], source_name="x.csv", import_settings={})
    writer.add([((f"{n}", f"text number {n}"), "") for n in range(ROWS)])
    writer.finish()
    editor = JobEditor(path)
    editor.save_draft(RECIPE)
    editor.close()
    return path


async def looked_at(window: MainWindow, path: Path) -> None:
    """Open a job, look at its pages, scroll, and leave it."""
    window.show_job(path)
    page = window.page
    assert page is not None
    await until(lambda: page._started and page.model.row_at(0) is not None)
    for name in ("model", "failures", "review", "task"):
        page.show_page(name)
    bar = page.table.verticalScrollBar()
    bar.setValue(bar.maximum())
    await until(lambda: page.model.row_at(ROWS - 1) is not None)
    window.show_empty()
    await window.leaving.aclose()
    for _ in range(3):
        await asyncio.sleep(0.01)


async def open_and_close(window: MainWindow, folder: Path, times: int) -> tuple[Held, Held]:
    """Returns what is held after the first four, and after the last."""
    # The worker is started when a job stays open for a moment; it has tests of its own.
    window._warming.timer.setInterval(10**8)
    jobs = [job(folder / f"{name}.rowmill") for name in ("one", "two")]
    for at in range(4):
        await looked_at(window, jobs[at % 2])
    before = await held(window)
    for at in range(times - 4):
        await looked_at(window, jobs[at % 2])
    after = await held(window)
    assert [thing for thing in gc.get_objects() if type(thing) is JobPage] == [window._spare._page]
    return before, after


async def held(window: MainWindow) -> Held:
    """With the page that is made ahead for the next job, which is there sooner or later."""
    await until(window._spare.is_ready)
    return Held.now(window)


async def test_jobs_opened_and_closed_leave_nothing_behind(window: MainWindow, tmp_path: Path) -> None:
    before, after = await open_and_close(window, tmp_path, 9)
    assert after.more_than(before) == {}
    await window.aclose()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_hundred_jobs_opened_and_closed_leave_nothing_behind(window: MainWindow, tmp_path: Path) -> None:
    before, after = await open_and_close(window, tmp_path, 200)
    print(f"\n{before}\n{after}")
    assert after.more_than(before) == {}
    # A leak of one page is about 3 MB: 196 of them would be far more.
    assert after.memory_mb - before.memory_mb < 40
    await window.aclose()


async def test_results_that_stream_in_leave_nothing_behind(window: MainWindow, tmp_path: Path) -> None:
    window._warming.timer.setInterval(10**8)
    path = job(tmp_path / "one.rowmill")
    window.show_job(path)
    page = window.page
    assert page is not None
    await until(lambda: page._started and page.model.row_at(0) is not None)

    # The thread that edits opens the file when there is something to write.
    await page.link.edits.call(lambda _editor: None)

    async def stream(results: int) -> None:
        for done in range(0, results, 50):
            spans = ((1 + done % ROWS, min(ROWS, 50 + done % ROWS)),)
            counts = Counts(waiting=ROWS - done % ROWS, done=done % ROWS)
            window.events.take(JobProgress(str(path), JobState.RUNNING, counts, changed=spans))
            if done % 1_000 == 0:
                await asyncio.sleep(0.001)
        page.link._pacer._tell()
        await until(lambda: not page.model._pages._asked and not page.link._looking)

    await stream(10_000)
    before = await held(window)
    await stream(100_000)
    after = await held(window)
    assert after.more_than(before) == {}
    assert len(page.link._pacer._spans) < 2_100
    window.events.running.clear()
    await window.aclose()
