"""The row table is painted all at once; what is on the screen is what the rows, the theme and the language say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.app import application
from gui_app.jobs import Cause, FieldKind, OutputField, RowState
from gui_app.store.reading.queries import RowView as Row
from gui_app.ui.look.palette import DARK, LIGHT
from gui_app.ui.look.theme import apply_theme
from gui_app.ui.table.row_view import RowView
from tests.ui.rows import MadeUpReader, Threads, text_at

LABEL = OutputField("mood", FieldKind.LABEL, ("good", "bad"))


class Reader(MadeUpReader):
    """Row 2 was answered by hand."""

    changes: dict[int, dict[str, Any]]

    def _row(self, row_id: int) -> Row:
        row = super()._row(row_id)
        row = replace(row, hand={"mood": "bad"}) if row_id == 2 else row
        return replace(row, **self.changes.get(row_id, {}))


@pytest.fixture
def threads(qtbot: QtBot) -> Iterator[Threads]:
    reader = Reader(1_000)
    reader.changes = {}
    threads = Threads(reader)
    threads.model.set_columns(("first", "second"), (LABEL,))
    threads.model.set_total(1_000)
    yield threads
    threads.close()


@pytest.fixture
def view(qtbot: QtBot, threads: Threads) -> RowView:
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 1")
    return view


def looks(view: RowView) -> QImage:
    return view.viewport().grab().toImage()


def cell(view: RowView, row: int, column: int) -> QImage:
    return looks(view).copy(view.visualRect(view.rows.index(row, column)))


def ground(view: RowView, row: int, column: int) -> QColor:
    """The colour of a cell beside its text."""
    return cell(view, row, column).pixelColor(2, 2)


def has_ink(image: QImage) -> bool:
    first = image.pixelColor(2, 2)
    return any(image.pixelColor(x, y) != first for x in range(image.width()) for y in range(image.height()))


def test_answers_hand_made_ones_and_selected_cells_have_their_own_ground(view: RowView) -> None:
    assert ground(view, 0, 0) == QColor(LIGHT.base)
    assert ground(view, 0, 2) == QColor(LIGHT.answer)
    assert ground(view, 1, 2) == QColor(LIGHT.hand)
    view.select_rows(0, 1)
    view.selectionModel().select(view.rows.index(4, 1), QItemSelectionModel.SelectionFlag.Select)
    assert {ground(view, row, 2).name() for row in (0, 1)} == {LIGHT.selection}
    assert ground(view, 4, 1) == QColor(LIGHT.selection)
    assert ground(view, 4, 0) == ground(view, 2, 0) == QColor(LIGHT.base)


def test_a_theme_switched_while_rows_are_shown_paints_them_anew(view: RowView) -> None:
    try:
        before = cell(view, 0, 3)
        apply_theme(application(), "dark")
        assert ground(view, 0, 0) == QColor(DARK.base)
        assert cell(view, 0, 3) != before
    finally:
        apply_theme(application(), "light")
    assert cell(view, 0, 3) == before


def test_states_are_named_in_the_language_in_use(view: RowView) -> None:
    english = cell(view, 0, 3)
    try:
        i18n.set_language("zh_CN")
        QApplication.sendEvent(view, QEvent(QEvent.Type.LanguageChange))
        assert cell(view, 0, 3) != english
    finally:
        i18n.set_language("en")
        QApplication.sendEvent(view, QEvent(QEvent.Type.LanguageChange))
    assert cell(view, 0, 3) == english


def test_a_text_is_cut_where_its_column_ends_and_comes_back_with_room(
    view: RowView, threads: Threads, qtbot: QtBot
) -> None:
    for text in ("wide " * 60, "i" * 400, "東京" * 200):
        reader = threads.reader
        assert isinstance(reader, Reader)
        reader.changes = {1: {"cells": (text, "")}}
        threads.model.refresh([(1, 1)])
        qtbot.waitUntil(lambda text=text: text_at(threads.model, 0, 0)[:200] == text[:200])  # type: ignore[misc]
        view.setColumnWidth(0, 90)
        narrow = cell(view, 0, 0)
        assert has_ink(narrow) and not has_ink(cell(view, 0, 1))
        view.setColumnWidth(0, 300)
        wide = cell(view, 0, 0)
        assert has_ink(wide.copy(200, 0, 90, wide.height())) and not has_ink(cell(view, 0, 1))


def test_a_state_whose_cause_has_no_room_is_named_in_full_and_alone(
    view: RowView, threads: Threads, qtbot: QtBot
) -> None:
    reader = threads.reader
    assert isinstance(reader, Reader)
    reader.changes = {
        1: {"state": RowState.NEEDS_REVIEW, "cause": Cause.OFF_LIST},
        2: {"state": RowState.NEEDS_REVIEW},
    }
    threads.model.refresh([(1, 2)])
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 3).startswith("needs review: "))
    view.setColumnWidth(3, 420)
    assert cell(view, 0, 3) != cell(view, 1, 3), "there is room for the cause"
    view.setColumnWidth(3, view.fontMetrics().horizontalAdvance("needs review: an") + 44)
    # The first row's cells are painted on other ground: it is the current one.
    view.setCurrentIndex(view.rows.index(5, 0))
    assert cell(view, 0, 3) == cell(view, 1, 3)


def test_every_state_looks_different(view: RowView, threads: Threads, qtbot: QtBot) -> None:
    threads.reader.states = {n + 1: state for n, state in enumerate(RowState)}
    threads.model.refresh(None)
    qtbot.waitUntil(lambda: text_at(threads.model, 4, 3) == "failed")
    images = [cell(view, row, 3) for row in range(5)]
    assert all(one != other for at, one in enumerate(images) for other in images[:at])


def test_columns_that_were_moved_or_hidden_are_painted_where_they_stand(view: RowView) -> None:
    state, first = cell(view, 0, 3), cell(view, 0, 0)
    view.horizontalHeader().moveSection(3, 0)
    view.setColumnHidden(1, True)
    assert view.columnViewportPosition(3) == 0
    assert cell(view, 0, 3) == state
    assert cell(view, 0, 0) == first


def test_the_current_cell_has_a_frame_where_the_keyboard_is(view: RowView, qtbot: QtBot) -> None:
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    view.setCurrentIndex(view.rows.index(3, 1))
    assert cell(view, 3, 1).pixelColor(1, 5) == QColor(LIGHT.accent)


def test_below_the_last_row_and_right_of_the_last_column_there_is_plain_ground(view: RowView, threads: Threads) -> None:
    threads.model.set_total(2)
    image = looks(view)
    assert image.pixelColor(5, image.height() - 5) == QColor(LIGHT.base)
    assert image.pixelColor(image.width() - 5, 5) == QColor(LIGHT.base)


def test_painting_asks_nothing_of_single_cells(view: RowView, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("data", "flags"):
        monkeypatch.setattr(type(view.rows), name, lambda *_args, name=name: asked.append(name))
    view.viewport().repaint()
    assert asked == []


def test_what_comes_back_unchanged_is_not_painted_again(view: RowView, threads: Threads, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not threads.model._pages._asked)
    painted = _painted(view)
    before = len(threads.reader.asked)
    threads.model.refresh([(1, 30)])
    qtbot.waitUntil(lambda: len(threads.reader.asked) > before and not threads.model._pages._asked)
    QApplication.processEvents()
    assert painted() == []


def test_one_changed_row_paints_that_row_alone(view: RowView, threads: Threads, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not threads.model._pages._asked)
    painted = _painted(view)
    threads.reader.answers[4] = {"mood": "good"}
    threads.model.refresh([(1, 30)])
    qtbot.waitUntil(lambda: text_at(threads.model, 3, 2) == "good")
    qtbot.waitUntil(lambda: bool(painted()))
    row = view.rowViewportPosition(3)
    assert all(row - 1 <= top and bottom <= row + view.rowHeight(3) for top, bottom in painted())
    assert has_ink(cell(view, 3, 2))


def _painted(view: RowView) -> Callable[[], list[tuple[int, int]]]:
    """The upper and lower edge of everything painted from now on."""
    edges: list[tuple[int, int]] = []
    QApplication.processEvents()
    paint = view.paintEvent

    def noting(event: QPaintEvent) -> None:
        edges.append((event.rect().top(), event.rect().bottom()))
        paint(event)

    view.paintEvent = noting  # type: ignore[method-assign]
    return lambda: edges


def test_scrolling_paints_what_comes_into_sight_alone(view: RowView, threads: Threads, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not threads.model._pages._asked)
    painted = _painted(view)
    view.verticalScrollBar().setValue(20)
    QApplication.processEvents()
    height = view.viewport().height()
    assert painted() and sum(bottom - top + 1 for top, bottom in painted()) < height // 2
    whole = looks(view)
    view.viewport().repaint()
    assert looks(view) == whole
    assert view.indexAt(QPoint(5, 2)).data(Qt.ItemDataRole.DisplayRole) == "row 1"
