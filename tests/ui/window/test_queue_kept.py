"""The queue over a restart: there in its order, held, and run by one press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.store.reading.queries import JobReader
from gui_app.ui.samples import SAMPLES
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.client import WorkerClient
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

pytestmark = pytest.mark.timeout(200)


@pytest.fixture
def started(home: Path, qloop: object, practice: Practice) -> Iterator[Callable[[], MainWindow]]:
    windows: list[MainWindow] = []

    def start() -> MainWindow:
        window = MainWindow.whole(Services(WorkerClient(), Settings.load(), KeyStore({})))
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        return window

    yield start
    for window in windows:
        window.hide()
        window.deleteLater()


async def test_jobs_that_waited_wait_again_until_somebody_continues_the_queue(
    started: Callable[[], MainWindow], practice: Practice
) -> None:
    window = started()
    window.opening.open_sample(SAMPLES[0])
    await until(lambda: window.page is not None and window.page._started and window.page.run_bar.run_button.isEnabled())
    page = window.page
    assert page is not None
    window.later.take(JobProgress("other.rowmill", JobState.RUNNING, Counts()))
    page.run_bar.runRequested.emit("queued")
    await until(lambda: window.later.queue.order == (page.path,))
    await window.aclose()

    again = started()
    await until(lambda: not again.jobs.strip.isHidden())
    assert "held: 1 job waits" in again.jobs.strip.label.text()
    await until(lambda: again.jobs.list.count() == 1)
    with closing(JobReader(page.path)) as reader:
        assert reader.counts().waiting == 120
    QTest.mouseClick(again.jobs.strip.button, Qt.MouseButton.LeftButton)

    def finished() -> bool:
        with closing(JobReader(page.path)) as reader:
            return reader.counts().waiting == 0 and reader.summary().state is JobState.FINISHED

    await until(finished)
    assert again.jobs.strip.isHidden() and not again.later.queue.order
    await again.aclose()
