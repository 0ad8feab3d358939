"""Large letters, small screens: what gives way, so that the rows stay in sight and everything can be reached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton

from gui_app import i18n
from gui_app.settings import Settings
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.look.theme import apply_text_size
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.samples import SAMPLES
from gui_app.ui.window.main_window import MainWindow
from gui_app.ui.window.window_dialogs import speak_another_language
from gui_app.ui.window.window_frame import WindowFrame
from tests.helpers.practice import Practice
from tests.helpers.waiting import until

pytestmark = pytest.mark.timeout(200)


@pytest.fixture
def letters(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    apply_text_size(qapp, 100)
    i18n.set_language("en")


async def sample(window: MainWindow) -> JobPage:
    window.opening.open_sample(SAMPLES[0])
    await until(lambda: window.page is not None and window.page._started and window.page.model.rowCount() == 120)
    assert window.page is not None
    return window.page


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_letters_of_twice_the_size_leave_eight_rows_in_sight_beside_the_task(
    window: MainWindow, practice: Practice, letters: QApplication, language: str
) -> None:
    page = await sample(window)
    assert not window.jobs.isHidden() and page.jobs_button.isHidden()
    i18n.set_language(language)
    speak_another_language(letters)
    apply_text_size(letters, 200)
    await until(window.jobs.isHidden)
    await until(lambda: page.table.viewport().height() >= 8 * page.table.verticalHeader().defaultSectionSize())
    await until(lambda: not page.side.isHidden() and page.side.geometry().right() <= page.width())
    apply_text_size(letters, 100)
    await until(lambda: not window.jobs.isHidden())
    await window.aclose()


async def test_the_list_of_jobs_is_called_back_by_its_button_and_its_key(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window)
    window.resize(900, 700)
    await until(window.jobs.isHidden)
    QTest.mouseClick(page.jobs_button, Qt.MouseButton.LeftButton)
    assert not window.jobs.isHidden() and page.jobs_button.isHidden()
    # It gives way again once a job is opened, and stays where there is room.
    window.show_empty()
    again = await sample(window)
    assert window.jobs.isHidden() and not again.jobs_button.isHidden()
    window.keys["jobs"].trigger()
    assert not window.jobs.isHidden()
    window.resize(1280, 800)
    await until(lambda: not window.jobs.isHidden() and again.jobs_button.isHidden())
    await window.aclose()


async def test_without_the_settings_beside_them_the_rows_and_the_jobs_fit_together(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window)
    window.resize(900, 700)
    await until(window.jobs.isHidden)
    page.show_side(False)
    assert not window.jobs.isHidden()
    page.show_side(True)
    assert window.jobs.isHidden()
    await window.aclose()


async def test_the_first_page_never_scrolls_sideways_and_its_samples_stand_below_one_another_where_they_must(
    window: MainWindow, letters: QApplication
) -> None:
    scroll = window.empty.findChild(ScrollColumn)
    cards = window.empty.samples.cards
    assert scroll is not None
    assert len({card.geometry().top() for card in cards}) == 1
    window.setMinimumSize(640, 360)
    for width, percent in ((640, 100), (860, 200)):
        apply_text_size(letters, percent)
        window.resize(width, 500)
        await until(lambda: len({card.geometry().left() for card in cards}) == 1)
        await until(lambda: scroll.horizontalScrollBar().maximum() == 0)
        assert all(card.width() >= card.minimumSizeHint().width() for card in cards)
    apply_text_size(letters, 100)
    window.resize(1280, 800)
    await until(lambda: len({card.geometry().top() for card in cards}) == 1)
    await window.aclose()


async def test_on_a_very_small_screen_the_rows_and_the_settings_take_turns(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window)
    window.setMinimumSize(640, 360)
    window.resize(640, 360)
    await until(page.side.isHidden)
    assert page._left.isVisible() and page.side_button.isVisible()
    QTest.mouseClick(page.side_button, Qt.MouseButton.LeftButton)
    assert page.side.isVisible() and not page._left.isVisible()
    page.side.closed.emit()
    assert page._left.isVisible() and page.side.isHidden()
    window.resize(1280, 800)
    await until(lambda: page.side.isVisible() and page._left.isVisible())
    await window.aclose()


def test_a_first_window_leaves_room_for_its_title_bar_on_a_small_screen(qapp: QApplication) -> None:
    window = WindowFrame(Settings())
    try:
        room = window.screen().availableSize()
        assert room.height() <= 800, "this is about small screens"
        assert window.height() <= room.height() - 30
    finally:
        window.deleteLater()


async def test_on_a_very_small_screen_the_dialogs_leave_no_button_below_its_edge(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window)
    # A window lies at the least where its contents end: on a screen of 640x360, scaled up three times, that was below.
    window.show_settings()
    page.history.show()
    dialogs = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    names = {"settingsDialog": "closeSettingsButton", "versionsDialog": "closeVersionsButton"}
    assert {dialog.objectName() for dialog in dialogs} == set(names)
    for dialog in dialogs:
        dialog.resize(600, 320)
        await until(lambda dialog=dialog: dialog.height() == 320)  # type: ignore[misc]
        close = dialog.findChild(QPushButton, names[dialog.objectName()])
        assert close is not None and dialog.rect().contains(close.geometry())
        dialog.close()
    await window.aclose()


async def test_the_first_page_takes_a_good_half_of_a_wide_window(window: MainWindow) -> None:
    drop, before = window.empty.drop, 719
    for width in (1280, 1600, 1920, 2560):
        window.resize(width, 900)
        await until(lambda before=before: drop.width() > before)  # type: ignore[misc]
        before = drop.width()
    await until(lambda: drop.width() == 960)
    assert drop.height() > 280
    await window.aclose()


async def test_a_wide_window_has_width_for_the_settings_until_they_are_made_otherwise(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window)
    assert page.side.width() == page.side.minimumWidth()
    window.resize(1920, 900)
    await until(lambda: page.side.width() > page.side.minimumWidth() + 40)
    window.resize(1280, 800)
    await until(lambda: page.side.width() == page.side.minimumWidth())
    handle = page.splitter.handle(1)
    start = handle.rect().center()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(handle, start - QPoint(60, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=start - QPoint(60, 0))
    drawn = page.side.width()
    assert drawn > page.side.minimumWidth()
    window.resize(1500, 800)
    await until(lambda: window.width() == 1500)
    assert page.side.width() == drawn
    await window.aclose()
