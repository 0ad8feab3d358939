"""A night in the window, by clicks: both lanes compared, submitted, closed, opened again, collected, exported."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.jobs import JobState, Lane, RowState
from gui_app.keys import KeyStore
from gui_app.practice.faults import Batching
from gui_app.settings import Settings
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.pieces.question import Question
from gui_app.ui.samples import SAMPLES
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.client import WorkerClient
from tests.helpers.overnight import paid, rows
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

pytestmark = pytest.mark.timeout(200)


def press(root: QWidget, name: str) -> None:
    found = next((child for child in root.findChildren(QWidget, name) if child.isVisible()), None)
    assert found is not None and found.isEnabled(), name
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def choose_overnight(page: JobPage) -> None:
    """By the keyboard, in the box: nothing was tried, so there are no cards to compare."""
    box = page.side.model.run_part.lane_box
    assert box.isVisible() and not page.side.model.run_part.lanes.cards[Lane.OVERNIGHT].isVisible()
    QTest.keyClick(box, Qt.Key.Key_Down)


async def press_text(root: QWidget, text: str) -> None:
    """Press a button as soon as it is there: notices are made anew when they change."""
    await until(lambda: _button(root, text) is not None)
    found = _button(root, text)
    assert found is not None
    QTest.mouseClick(found, Qt.MouseButton.LeftButton)


def _button(root: QWidget, text: str) -> QPushButton | None:
    return next((b for b in root.findChildren(QPushButton) if b.isVisible() and b.text() == text), None)


async def answer(window: MainWindow, key: str) -> None:
    await until(lambda: window.findChild(Question) is not None)
    question = window.findChild(Question)
    assert question is not None
    QTest.mouseClick(question.buttons[key], Qt.MouseButton.LeftButton)
    await until(lambda: window.findChild(Question) is None)


def state(page: JobPage) -> JobState | None:
    return None if page.overview is None else page.overview.summary.state


def says(page: JobPage, part: str) -> Callable[[], bool]:
    return lambda: any(part in text for text in page.banners.texts())


async def sample(window: MainWindow) -> JobPage:
    window.opening.open_sample(SAMPLES[1])
    await until(lambda: window.page is not None and window.page._started and not window.page.side.problem())
    assert window.page is not None
    page = window.page
    await until(lambda: page.run_bar.run_button.isEnabled())
    page.show_page("model")
    return page


async def test_submitted_closed_opened_again_collected_and_exported(
    window: MainWindow, practice: Practice, home: Path, tmp_path: Path
) -> None:
    practice.set_faults(batching=Batching(seconds=4))
    page = await sample(window)
    press(window, "tryButton")
    # Whatever lane is chosen, a try is asked at once: both lanes' figures are made from it.
    await until(lambda: page.overview is not None and page.overview.summary.counts.finished == 5)
    lanes = page.side.model.run_part.lanes
    await until(lambda: lanes.cards[Lane.OVERNIGHT].money.text() == "Free")
    press(window, "overnightLaneCard")
    await until(lambda: "overnight" in page.run_bar.estimate.text())
    press(window, "runButton")
    await until(lambda: state(page) is JobState.SUBMITTED)
    await until(says(page, "overnight"))
    assert says(page, "at the latest")()
    path, total = page.path, len(rows(page.path))
    await window.aclose()
    window.hide()
    again = MainWindow.whole(Services(WorkerClient(), Settings(home / "settings.json"), KeyStore({})))
    try:
        again.show()
        again.show_job(path, None)
        await until(lambda: again.page is not None and again.page.path == path and again.page._started)
        assert again.page is not None
        page = again.page
        await until(lambda: state(page) is JobState.FINISHED)
        assert not says(page, "overnight")()
        assert set(paid(practice).values()) == {1}
        out = tmp_path / "out.csv"
        again.dialogs.show_export(page)
        await until(lambda: again.findChild(QWidget, "exportDialog") is not None)
        dialog = again.findChild(QWidget, "exportDialog")
        assert dialog is not None
        form = dialog.form  # type: ignore[attr-defined]
        form._kind_buttons["csv"].click()
        form.path_edit.setText(str(out))
        press(dialog, "startExportButton")
        await until(out.exists)
        await until(lambda: any(b.isVisible() for b in dialog.findChildren(QWidget, "openExportedFileButton")))
        with out.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        assert len(lines) == total + 1
        assert all(line[-1] for line in lines[1:])
        dialog.close()
        await again.aclose()
    finally:
        again.hide()
        again.deleteLater()


async def test_a_night_is_collected_at_the_next_start_though_nobody_opens_its_job(
    window: MainWindow, practice: Practice, home: Path
) -> None:
    practice.set_faults(batching=Batching(seconds=3))
    page = await sample(window)
    choose_overnight(page)
    press(window, "runButton")
    await until(lambda: state(page) is JobState.SUBMITTED)
    path = page.path
    await window.aclose()
    window.hide()
    again = MainWindow.whole(Services(WorkerClient(), Settings(home / "settings.json"), KeyStore({})))
    try:
        again.show()
        await until(lambda: all(row.state is RowState.DONE for row in rows(path)))
        assert again.page is None
        assert set(paid(practice).values()) == {1}
        await again.aclose()
    finally:
        again.hide()
        again.deleteLater()


async def test_cancelled_run_again_given_up_and_the_rest_asked_now(window: MainWindow, practice: Practice) -> None:
    practice.set_faults(batching=Batching(seconds=60))
    page = await sample(window)
    choose_overnight(page)
    press(window, "runButton")
    await until(lambda: state(page) is JobState.SUBMITTED)
    await until(says(page, "overnight"))
    await press_text(page.banners, "Cancel…")
    await answer(window, "cancel")
    await until(lambda: state(page) is JobState.DRAFT)
    await until(says(page, "still wait here"))
    await press_text(page.banners, "Overnight again")
    await until(lambda: state(page) is JobState.SUBMITTED)
    # Another provider is chosen: what is out is not its.
    boxes = page.side.model.provider_box
    boxes.setCurrentIndex(boxes.findData("ollama"))
    await until(says(page, "were sent overnight to the practice model"))
    await press_text(page.banners, "Give up…")
    await answer(window, "give up")
    await until(lambda: state(page) is JobState.DRAFT)
    assert page.overview is not None
    boxes.setCurrentIndex(boxes.findData("practice"))
    await until(lambda: not page.side.problem())
    await until(says(page, "still wait here"))
    await press_text(page.banners, "Run the rest now")
    await until(lambda: state(page) is JobState.FINISHED)
    found = rows(page.path)
    assert all(row.state is not RowState.WAITING for row in found)
    assert Lane.NOW in {row.lane for row in found}
    await window.aclose()
