"""What the title of the window says of the job that is open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.ui.window.window_title import WindowTitle

JOB = Path("reviews.rowmill")


def moved(job: Path, finished: int) -> JobProgress:
    return JobProgress(str(job), JobState.RUNNING, Counts(waiting=200), run_rows=200, run_finished=finished)


def test_the_title_tells_how_far_the_open_job_is_while_it_runs(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    title = WindowTitle(window)
    assert window.windowTitle() == "Rowmill"
    title.show_job(JOB, "Reviews")
    assert window.windowTitle() == "Reviews - Rowmill"
    title.moved(moved(JOB, 75))
    assert window.windowTitle() == "37% - Reviews - Rowmill"
    title.moved(moved(Path("another.rowmill"), 150))
    assert window.windowTitle() == "37% - Reviews - Rowmill"
    title.show_job(JOB, "Renamed")
    assert window.windowTitle() == "37% - Renamed - Rowmill"
    title.ended(JOB)
    assert window.windowTitle() == "Renamed - Rowmill"


def test_another_job_or_the_first_page_has_nothing_of_the_one_before(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    title = WindowTitle(window)
    title.show_job(JOB, "Reviews")
    title.moved(moved(JOB, 100))
    title.show_job(None)
    assert window.windowTitle() == "Rowmill"
