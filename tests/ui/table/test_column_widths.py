"""Columns are as wide as what is seen asks for, and narrower where the state would go out of sight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.jobs import FieldKind, OutputField, RowState
from gui_app.store.reading.queries import RowView as RowView_
from gui_app.ui.table.column_widths import fitted
from gui_app.ui.table.row_view import RowView
from tests.ui.rows import MadeUpReader, Threads, text_at

LABEL = OutputField("mood", FieldKind.LABEL, ("good", "bad"))


def test_what_fits_is_left_alone() -> None:
    assert fitted([100, 300], [60, 60], [100, 300], 400) == [100, 300]


@pytest.mark.parametrize(("room", "widths"), [(400, [100, 300]), (500, [100, 400]), (900, [100, 600])])
def test_texts_take_what_the_others_leave_as_far_as_they_can_use_it(room: int, widths: list[int]) -> None:
    assert fitted([100, 300], [60, 60], [100, 600], room) == widths


@pytest.mark.parametrize("room", [250, 300, 399])
def test_the_widest_are_narrowed_until_all_fit(room: int) -> None:
    widths = fitted([70, 300, 120, 90], [60, 60, 110, 60], [70, 900, 120, 90], room=room + 60)
    assert room + 55 <= sum(widths) <= room + 60
    assert widths[2] >= 110 and widths[0] >= 60
    assert max(widths) - widths[1] <= 110


def test_where_they_cannot_fit_they_can_at_least_be_read() -> None:
    assert fitted([400] * 20 + [200], [60] * 20 + [130], [900] * 21, 700) == [120] * 20 + [130]


def test_no_columns_need_no_room() -> None:
    assert fitted([], [], [], 100) == []


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(MadeUpReader(50))
    yield threads
    threads.close()


def test_the_name_of_a_result_is_not_cut_for_the_columns_of_the_file(threads: Threads, qtbot: QtBot) -> None:
    field = OutputField("sentiment", FieldKind.LABEL, ("good", "bad"))
    threads.model.set_columns(tuple(f"a rather long heading {n}" for n in range(6)), (field,))
    threads.model.set_total(50)
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(660, 400)
    view.show()
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 1")
    view.column_layout.fit()
    heading = view.horizontalHeader()
    font = heading.font()
    font.setBold(True)
    assert view.columnWidth(6) >= QFontMetrics(font).horizontalAdvance("sentiment") + 16
    assert view.columnViewportPosition(7) + view.columnWidth(7) <= view.viewport().width()


def test_the_state_stays_in_sight_beside_long_texts(threads: Threads, qtbot: QtBot) -> None:
    threads.model.set_columns(tuple(f"a rather long heading {n}" for n in range(5)), (LABEL,))
    threads.model.set_total(50)
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(660, 400)
    view.show()
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 1")
    view.column_layout.fit()
    state = len(threads.model.columns) - 1
    assert view.columnViewportPosition(state) + view.columnWidth(state) <= view.viewport().width()
    qtbot.waitUntil(lambda: not view.horizontalScrollBar().maximum())


def test_columns_fit_rows_that_come_after_they_were_fitted(threads: Threads, qtbot: QtBot) -> None:
    threads.model.set_columns(("text",), (LABEL,))
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(660, 400)
    view.show()
    view.column_layout.fit()
    empty = view.columnWidth(0)
    long = RowView_(1, ("a text that is a good deal longer than its heading",), RowState.WAITING)
    threads.reader._row = lambda row_id: long  # type: ignore[method-assign]
    threads.model.set_total(50)
    qtbot.waitUntil(lambda: view.columnWidth(0) > 3 * empty)
    # But not where somebody has made them as they are.
    view.setColumnWidth(0, 80)
    threads.model.refresh(None)
    threads.model.fetch(range(10))
    qtbot.waitUntil(lambda: text_at(threads.model, 5, 0) is not None)
    assert not view.column_layout._fit_soon.isActive() and view.columnWidth(0) == 80


def test_a_state_is_as_wide_as_its_language_needs(threads: Threads, qtbot: QtBot) -> None:
    threads.model.set_columns(("text",), (LABEL,))
    threads.model.set_total(50)
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(660, 400)
    view.show()
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 1")
    view.column_layout.fit()
    state = len(threads.model.columns) - 1
    english = view.columnWidth(state)
    i18n.set_language("zh_CN")
    view.retranslate()
    qtbot.waitUntil(lambda: view.columnWidth(state) < english)
    i18n.set_language("en")
    view.retranslate()
    qtbot.waitUntil(lambda: view.columnWidth(state) == english)
