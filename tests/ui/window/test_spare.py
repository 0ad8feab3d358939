"""A job is opened in a page that was made ahead: as whole as any, and nothing is asked for before there is a job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QStackedWidget, QWidget

from gui_app import i18n
from gui_app.keys import KeyStore
from gui_app.settings import PROVIDER, Settings
from gui_app.store.edits import JobEditor
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.later.later import Later
from gui_app.ui.look.theme import apply_text_size
from gui_app.ui.services import Services
from gui_app.ui.window import spare as spare_module
from gui_app.ui.window.first_picture import FirstPicture
from gui_app.ui.window.main_window import MainWindow
from gui_app.ui.window.spare import Spare
from gui_app.ui.window.window_dialogs import speak_another_language
from tests.helpers.finding import part
from tests.helpers.practice import Practice
from tests.helpers.waiting import until
from tests.store.making import RECIPE, make_job

ROWS = [[f"text {number}", "gold"] for number in range(1, 101)]


class Keys(KeyStore):
    """Notes which providers it is asked about."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[str] = []

    def find(self, provider: str, *place: Any, **how: Any) -> Any:
        self.asked.append(provider)
        return super().find(provider, *place, **how)


class Desk:
    """Where pages lie, and what they are given."""

    def __init__(self, home: Path) -> None:
        self.centre = QStackedWidget()
        self.centre.resize(1000, 700)
        self.settings, self.keys = Settings(home / "settings.json"), Keys()
        services = Services(cast(Any, None), self.settings, self.keys)
        self.later = Later(services)
        self.spare = Spare(services, self.later, self.centre)

    def made(self, steps: int) -> JobPage:
        """The spare page after so many steps, taken."""
        for _step in range(steps):
            if not self.spare.is_ready():
                self.spare._go_on()
        return self.spare.take()

    async def show(self, page: JobPage, job: Path) -> None:
        self.centre.addWidget(page)
        page.show_job(job, None)
        self.centre.setCurrentWidget(page)
        self.centre.show()
        await until(lambda: page._started and page.model.rowCount() == len(ROWS))
        await until(lambda: page.model.index(0, 0).data() == "text 1")


@pytest.fixture
def desk(home: Path, qloop: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(spare_module, "AGAIN_AFTER_MS", 3_600_000)
    out = Desk(home)
    yield out
    out.spare.close()
    out.centre.hide()
    out.later.deleteLater()
    out.centre.deleteLater()


def job(folder: Path) -> Path:
    path = make_job(folder / "job.rowmill", ROWS, ("text", "gold"))
    with closing(JobEditor(path)) as editor:
        editor.save_draft(RECIPE)
    return path


@pytest.mark.parametrize("steps", [0, 5, 12, 18, 400])
async def test_a_page_is_whole_however_much_of_it_was_made_ahead(desk: Desk, tmp_path: Path, steps: int) -> None:
    page = desk.made(steps)
    assert page.is_made == (steps == 400)
    await desk.show(page, job(tmp_path))
    assert all(panel.is_made for panel in (page, page.side.task, page.side.model, page.side.review))
    assert page.side.recipe().template == RECIPE.template
    for name in ("task", "model", "failures", "review"):
        page.show_page(name)
    assert part(page, QPushButton, "exportButton").text()
    await page.aclose()


async def test_nothing_is_asked_for_before_there_is_a_job(desk: Desk, tmp_path: Path) -> None:
    desk.settings.set(PROVIDER, "openai")
    before = set(threading.enumerate())
    page = desk.made(400)
    await asyncio.sleep(0.1)
    assert not desk.keys.asked
    assert set(threading.enumerate()) == before
    # What holds is what was chosen when it is taken, not when it was made.
    desk.settings.set(PROVIDER, "anthropic")
    page.show_job(make_job(tmp_path / "new.rowmill", ROWS, ("text", "gold")), None)
    await until(lambda: page._started)
    assert page.side.model.provider() == "anthropic"
    await until(lambda: desk.keys.asked)
    assert set(desk.keys.asked) == {"anthropic"}
    await page.aclose()


@pytest.mark.parametrize("steps", [9, 400])
async def test_a_page_that_waits_learns_another_language_and_larger_letters(
    desk: Desk, tmp_path: Path, steps: int
) -> None:
    app = cast(QApplication, QApplication.instance())
    for _step in range(steps):
        if not desk.spare.is_ready():
            desk.spare._go_on()
    try:
        i18n.set_language("zh_CN")
        speak_another_language(app)
        apply_text_size(app, 150)
        await asyncio.sleep(0.05)
        page = desk.spare.take()
        await desk.show(page, job(tmp_path))
        assert page.run_bar.stop_button.text() == "停止"
        assert page.side._buttons["task"].text() == i18n._("Task") != "Task"
        assert page.side.minimumWidth() > 380
    finally:
        apply_text_size(app, 100)
        i18n.set_language("en")
        speak_another_language(app)
    await page.aclose()


async def test_a_spare_page_that_nobody_took_goes_with_the_window(desk: Desk) -> None:
    for _step in range(12):
        desk.spare._go_on()
    gone: list[str] = []
    page = desk.spare._page
    assert page is not None
    page.destroyed.connect(lambda: gone.append("gone"))
    desk.spare.close()
    await until(lambda: gone)
    await asyncio.sleep(0.05)
    assert desk.spare._page is None and not desk.centre.findChildren(JobPage)


async def test_a_page_that_cannot_be_made_ahead_is_made_when_it_is_wanted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    expect_log("no page could be made ahead")
    breaks = [True]
    make = RunBar._make_parts

    def broken(bar: RunBar) -> None:
        if breaks.pop():
            raise OSError("broken")
        make(bar)

    monkeypatch.setattr(RunBar, "_make_parts", broken)
    for _step in range(30):
        if desk.spare._page is not None or not _step:
            desk.spare._go_on()
    assert desk.spare._page is None and not desk.spare.is_ready()
    breaks.append(False)
    page = desk.spare.take()
    await desk.show(page, job(tmp_path))
    await page.aclose()


async def test_jobs_are_opened_in_pages_made_ahead_one_after_the_other(
    window: MainWindow, practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_module, "AGAIN_AFTER_MS", 20)
    await until(window._ahead.is_done)
    page: JobPage | None = None
    for name in ("a", "b"):
        spare = window._spare._page
        assert spare is not None and window.centre.indexOf(spare) < 0 and spare.isHidden()
        window.opening.open(make_job(tmp_path / f"{name}.rowmill", ROWS, ("text", "gold"), name=name))
        page = window.page
        assert page is not None and page is spare and window.centre.currentWidget() is page
        await until(lambda: window.page is not None and window.page._started)
        # The keyboard is in its rows, and the window's keys are about this job.
        assert window.focusWidget() is page.table
        window.keys["review"].trigger()
        assert page.side.current() == "review"
        await until(window._spare.is_ready)
    assert window._spare._page is not page
    await window.aclose()
    assert window._spare._page is None


async def test_tab_does_not_lead_into_a_page_that_waits(window: MainWindow, practice: Practice) -> None:
    await until(window._ahead.is_done)
    seen: set[QWidget] = set()
    for _press in range(40):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        focused = window.focusWidget()
        assert focused is not None and focused.isVisible()
        seen.add(focused)
    assert len(seen) > 3
    await window.aclose()


async def test_the_first_picture_of_a_job_has_its_rows_its_task_and_its_columns(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    await until(window._ahead.is_done)
    # Only what is ready ends it here.
    window._picture._timer.setInterval(3_600_000)
    seen: list[tuple[bool, ...]] = []
    path = job(tmp_path)
    window.opening.open(path)
    page = window.page
    assert page is not None
    assert page.isVisible() and not window.centre.updatesEnabled()

    def look() -> None:
        prompt = page.side.task.prompt_edit.text() == RECIPE.template
        rows = page.model.row_at(0) is not None
        fitted = page.table.column_layout._fitted and not page.table.column_layout._guessed
        seen.append((window.centre.updatesEnabled(), prompt, rows, fitted, page.title.label.text() != ""))

    page.ready.connect(look)
    await until(lambda: window.centre.updatesEnabled())
    assert seen == [(True, True, True, True, True)]
    await window.aclose()


async def test_a_job_that_takes_long_to_be_read_is_shown_as_it_comes(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    goes_on = threading.Event()
    page = window._spare.take()
    page.link.path = job(tmp_path)
    page.link.lists.ask(lambda _reader: goes_on.wait(30), lambda _answer: None)
    window._spare._page = page
    window.opening.open(page.link.path)
    await until(lambda: window.centre.updatesEnabled())
    assert window.page is page and not page._is_ready
    goes_on.set()
    await until(lambda: page._is_ready)
    await window.aclose()


async def test_a_broken_job_and_the_first_page_are_drawn_at_once(
    window: MainWindow, practice: Practice, tmp_path: Path
) -> None:
    window._picture._timer.setInterval(3_600_000)
    broken = tmp_path / "broken.rowmill"
    broken.write_bytes(b"PK\x03\x04 something else")
    window.opening.open(broken)
    assert not window.centre.updatesEnabled()
    await until(lambda: window.centre.updatesEnabled())
    assert window.page is not None
    assert part(window.page, QLabel, "jobStateLabel").text() == "cannot be opened"
    window.opening.open(job(tmp_path))
    window.show_empty()
    assert window.centre.updatesEnabled()
    await window.aclose()


async def test_drawing_waits_no_longer_than_a_moment(qloop: object) -> None:
    centre = QWidget()
    picture = FirstPicture(centre)
    picture.hold()
    assert not centre.updatesEnabled()
    await until(centre.updatesEnabled)
    assert not picture._timer.isActive()
    centre.deleteLater()
