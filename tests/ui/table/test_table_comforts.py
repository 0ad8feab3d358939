"""The table's comforts by mouse: a heading sorts and moves, a cell filters, letters of any size fit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.i18n import LANGUAGES
from gui_app.jobs import Counts, FieldKind, JobState, OutputField, RowFilter
from gui_app.store.reading.filters import Order
from gui_app.ui.job.count_buttons import CountButtons
from gui_app.ui.job.run_bar import RunBar
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.look.theme import apply_text_size
from gui_app.ui.table.filter_bar import FilterBar
from gui_app.ui.table.row_menu import RowMenu
from gui_app.ui.table.row_view import RowView
from gui_app.ui.window.empty_page import EmptyPage
from gui_app.ui.window.following import Following
from tests.ui.rows import MadeUpReader, Threads

LABEL = OutputField("mood", FieldKind.LABEL, ("good", "bad"))


@pytest.fixture
def table(qtbot: QtBot) -> Iterator[RowView]:
    threads = Threads(MadeUpReader(50))
    threads.model.set_columns(("a", "b"), (LABEL,))
    threads.model.set_total(50)
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    qtbot.waitUntil(lambda: threads.model.row_at(0) is not None)
    yield view
    view.hide()
    threads.close()


def heading(table: RowView, column: int) -> QPoint:
    header = table.horizontalHeader()
    return QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)


@pytest.mark.parametrize(
    ("column", "by", "key"), [(0, "column", 0), (1, "column", 1), (2, "field", "mood"), (3, "state", 0)]
)
def test_a_click_on_any_heading_sorts_a_second_turns_it_a_third_takes_it_back(
    table: RowView, column: int, by: str, key: object
) -> None:
    seen: list[Order | None] = []
    for _press in range(3):
        QTest.mouseClick(table.horizontalHeader().viewport(), Qt.MouseButton.LeftButton, pos=heading(table, column))
        seen.append(table.rows.list.order)
    first, second, third = seen
    assert first is not None and second is not None
    assert (first.by, first.key, first.descending) == (by, key, False)
    assert (second.by, second.descending) == (by, True)
    assert third is None


def test_a_heading_is_dragged_to_another_place_and_that_is_told(table: RowView, qtbot: QtBot) -> None:
    header = table.horizontalHeader()
    port = header.viewport()
    with qtbot.waitSignal(table.columnsChanged, timeout=5000):
        QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=heading(table, 0))
        for step in range(1, 21):
            QTest.mouseMove(port, heading(table, 0) + QPoint(step * (header.sectionSize(1) + 20) // 10, 0))
        QTest.mouseRelease(
            port, Qt.MouseButton.LeftButton, pos=heading(table, 0) + QPoint(2 * (header.sectionSize(1) + 20), 0)
        )
    assert header.visualIndex(0) > 0
    note = {item["key"]: item["place"] for item in table.column_layout.note()}
    assert note["input:a"] == header.visualIndex(0)


def test_a_cell_of_the_file_lists_only_its_like(table: RowView) -> None:
    menu = RowMenu(table)
    asked: list[RowFilter] = []
    menu.filterRequested.connect(asked.append)
    table.setCurrentIndex(table.rows.index(4, 1))
    built = menu.build()
    next(action for action in built.actions() if action.text() == "List only rows with this cell").trigger()
    assert asked == [RowFilter(cell=(1, "other 5"))]
    built.deleteLater()


def test_a_filter_by_a_cell_shows_as_a_chip_and_goes_with_it(qtbot: QtBot) -> None:
    bar = FilterBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.set_filter(RowFilter(cell=(1, "Kettle")))
    assert bar.filter() == RowFilter(cell=(1, "Kettle"))
    assert bar._chip.isVisible() and bar._chip.text() == "Kettle"
    QTest.mouseClick(bar._chip, Qt.MouseButton.LeftButton)
    assert bar.filter().is_empty()


@pytest.fixture
def letters(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    apply_text_size(qapp, 100)


def cut(part: QWidget) -> list[str]:
    """The buttons that are narrower or lower than their words."""
    out = []
    for button in part.findChildren(QAbstractButton):
        if button.isVisibleTo(part) and button.text() and button.width() < button.minimumSizeHint().width():
            out.append(f"{button.text()}: {button.width()} < {button.minimumSizeHint().width()}")
    return out


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_of_twice_the_size_fit_while_the_window_is_shown(
    letters: QApplication, qtbot: QtBot, table: RowView, language: str
) -> None:
    i18n.set_language(language)
    bar, counts, jobs, page = RunBar(), CountButtons(), JobList(), EmptyPage()
    for part, width in ((bar, 620), (counts, 500), (jobs, 240), (page, 900)):
        qtbot.addWidget(part)
        part.resize(width, 400)
        part.show()
    for first in (jobs, page):
        Following(first)
    bar.set_state(JobState.PAUSED, Counts(waiting=50, done=1000, needs_review=20, failed=7))
    counts.set_counts(Counts(waiting=50, done=1000, needs_review=20, failed=7))
    height = table.verticalHeader().defaultSectionSize()
    apply_text_size(letters, 200)
    QApplication.processEvents()
    for part in (bar, counts, jobs, page):
        # As a layout would, which gives each at least what it needs.
        part.resize(max(part.width(), part.minimumSizeHint().width()), 400)
        QApplication.processEvents()
        assert cut(part) == []
    assert table.verticalHeader().defaultSectionSize() > 1.5 * height
    assert jobs.minimumWidth() > 220
    apply_text_size(letters, 100)
    QApplication.processEvents()
    assert table.verticalHeader().defaultSectionSize() == height
