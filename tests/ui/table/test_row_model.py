"""The table of rows: fetched on other threads, never on the window's; nothing jumps while answers come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from gui_app.jobs import FieldKind, OutputField, RowFilter, RowState
from gui_app.store.reading.filters import Order
from gui_app.ui.table.row_model import RowModel
from gui_app.ui.table.row_pages import KEPT_PAGES, PAGE
from gui_app.ui.table.row_view import RowView
from tests.ui.rows import MadeUpReader, Threads, text_at

LABEL = OutputField("mood", FieldKind.LABEL, ("good", "bad"))
Make = Callable[..., Threads]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    made: list[Threads] = []

    def build(rows: int, fields: tuple[OutputField, ...] = (LABEL,)) -> Threads:
        threads = Threads(MadeUpReader(rows))
        threads.model.set_columns(("first", "second"), fields)
        threads.model.set_total(rows)
        made.append(threads)
        return threads

    yield build
    for threads in made:
        threads.close()


def shown(qtbot: QtBot, model: RowModel) -> RowView:
    view = RowView(model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    qtbot.waitUntil(lambda: text_at(model, 0, 0) == "row 1")
    return view


def test_the_model_keeps_qts_rules(make: Make, qtbot: QtBot) -> None:
    threads = make(300)
    tester = QAbstractItemModelTester(threads.model, QAbstractItemModelTester.FailureReportingMode.Fatal, threads.model)
    threads.model.set_total(320)
    threads.model.set_filter(RowFilter(states=frozenset([RowState.WAITING])))
    qtbot.waitUntil(lambda: threads.model.rowCount() == 320)
    threads.model.set_columns(("first", "second"), (LABEL, OutputField("more", FieldKind.TEXT)))
    threads.model.set_columns(("first", "second"), ())
    assert tester.model() is threads.model


def test_how_sure_the_model_is_has_a_column_that_can_be_sorted(make: Make, qtbot: QtBot) -> None:
    threads = make(3)
    threads.reader.answers = {n: {"mood": "good", "note": "x"} for n in (1, 2)}
    threads.reader.sure = {1: {"mood": 0.934}}
    fields = (LABEL, OutputField("note", FieldKind.TEXT))
    threads.model.set_columns(("first", "second"), fields)
    assert [column.heading() for column in threads.model.columns][2:] == ["mood", "note", "State"]
    threads.model.set_columns(("first", "second"), fields, sure=True)
    # Nobody is sure of free text.
    assert [column.heading() for column in threads.model.columns][2:] == ["mood", "note", "Sure: mood", "State"]
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 4) == "93%")
    # None is made up where the model says none.
    assert text_at(threads.model, 1, 4) == text_at(threads.model, 2, 4) == ""
    assert not threads.model.flags(threads.model.index(0, 4)) & Qt.ItemFlag.ItemIsEditable
    view = shown(qtbot, threads.model)
    assert not view.grab().isNull()
    threads.model.sort(4)
    assert threads.model.list.order == Order("confidence", "mood", False)


def test_a_row_is_a_placeholder_until_another_thread_has_read_it(make: Make, qtbot: QtBot) -> None:
    threads = make(1_000)
    assert text_at(threads.model, 5, 0) == ""
    qtbot.waitUntil(lambda: text_at(threads.model, 5, 0) == "row 6")
    assert threads.reader.threads == {"pages"}


def test_no_question_is_ever_asked_on_the_windows_thread(make: Make, qtbot: QtBot) -> None:
    threads = make(5_000)
    view = shown(qtbot, threads.model)
    view.verticalScrollBar().setValue(40_000)
    view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 5000")
    threads.model.set_filter(RowFilter(states=frozenset([RowState.WAITING])))
    threads.model.refresh(None)
    view.grab()
    qtbot.waitUntil(lambda: not threads.model.list._request)
    assert threads.reader.threads == {"pages", "lists"}


def test_a_million_rows_are_shown_by_asking_for_what_is_seen(make: Make, qtbot: QtBot) -> None:
    threads = make(1_000_000)
    view = shown(qtbot, threads.model)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: text_at(threads.model, 999_999, 1) == "other 1000000")
    view.go_to(500_000)
    qtbot.waitUntil(lambda: text_at(threads.model, 499_999, 0) == "row 500000")
    assert view.current_row_id() == 500_000
    assert len(threads.reader.asked) < 30
    assert all(len(ids) <= PAGE for ids in threads.reader.asked)


def test_the_first_rows_are_fetched_before_it_is_known_how_many_there_are(make: Make, qtbot: QtBot) -> None:
    reader = MadeUpReader(1_000)
    threads = Threads(reader)
    threads.model.begin()
    qtbot.waitUntil(lambda: bool(reader.asked) and not threads.model._pages._asked)
    threads.model.set_total(1_000)
    threads.model.set_columns(("first", "second"), (LABEL,))
    # There at once, and asked for once.
    assert text_at(threads.model, 63, 0) == "row 64"
    assert reader.asked == [list(range(1, PAGE + 1))]
    threads.close()


def test_of_a_file_that_is_still_being_read_the_first_rows_are_fetched_again(make: Make, qtbot: QtBot) -> None:
    reader = MadeUpReader(3)
    threads = Threads(reader)
    threads.model.begin()
    qtbot.waitUntil(lambda: bool(reader.asked) and not threads.model._pages._asked)
    threads.model.set_total(3)
    threads.model.set_columns(("first", "second"), (LABEL,))
    reader.count = 100
    threads.model.set_total(100)
    qtbot.waitUntil(lambda: text_at(threads.model, 40, 0) == "row 41")
    # Read with another separator, its cells are others.
    asked = len(reader.asked)
    threads.model.set_columns(("only one",), (LABEL,))
    assert text_at(threads.model, 0, 0) == ""
    qtbot.waitUntil(lambda: len(reader.asked) > asked and text_at(threads.model, 0, 0) == "row 1")
    threads.close()


def test_rows_that_were_seen_long_ago_are_forgotten(make: Make, qtbot: QtBot) -> None:
    threads = make((KEPT_PAGES + 20) * PAGE)
    for page in range(KEPT_PAGES + 10):
        qtbot.waitUntil(lambda at=page: text_at(threads.model, at * PAGE, 0) != "")  # type: ignore[misc]
    assert len(threads.model._pages._pages) <= KEPT_PAGES


def test_a_changed_row_is_read_again_only_where_it_is_seen(make: Make, qtbot: QtBot) -> None:
    threads = make(10_000)
    shown(qtbot, threads.model)
    qtbot.waitUntil(lambda: not threads.model._pages._asked)
    threads.reader.asked.clear()
    threads.reader.answers[3] = {"mood": "good"}
    threads.model.refresh([(3, 3), (9_000, 9_500)])
    qtbot.waitUntil(lambda: text_at(threads.model, 2, 2) == "good")
    assert threads.reader.asked == [list(range(1, PAGE + 1))]


def test_what_changes_while_it_is_being_read_is_read_once_more(make: Make, qtbot: QtBot) -> None:
    threads = make(100)
    view = shown(qtbot, threads.model)
    threads.model.refresh([(1, 1)])
    view.viewport().repaint()
    threads.reader.answers[1] = {"mood": "bad"}
    threads.model.refresh([(1, 1)])
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 2) == "bad")


def test_rows_that_come_while_a_file_is_read_move_nothing(make: Make, qtbot: QtBot) -> None:
    threads = make(200)
    view = shown(qtbot, threads.model)
    view.go_to(150)
    place = view.verticalScrollBar().value()
    threads.reader.count = 5_000
    threads.model.set_total(5_000)
    assert threads.model.rowCount() == 5_000
    assert view.verticalScrollBar().value() == place
    assert view.current_row_id() == 150
    qtbot.waitUntil(lambda: text_at(threads.model, 250, 0) == "row 251")


def test_rows_that_come_while_the_first_one_is_being_read_are_shown_too(make: Make, qtbot: QtBot) -> None:
    threads = make(1)
    view = RowView(threads.model)
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    assert threads.model.row_at(0) is None, "it is asked for, and nothing can have arrived"
    threads.reader.count = 40
    threads.model.set_total(40)
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) == "row 1")
    qtbot.waitUntil(lambda: text_at(threads.model, 39, 0) == "row 40")


def test_a_list_that_shrinks_under_the_reader_keeps_place_selection_and_current_row(make: Make, qtbot: QtBot) -> None:
    threads = make(2_000)
    view = shown(qtbot, threads.model)
    with qtbot.waitSignal(threads.model.modelReset):
        threads.model.set_filter(RowFilter(states=frozenset([RowState.WAITING])))
    view.go_to(1_000, 1)
    view.select_rows(999, 1_001)
    first_seen = threads.model.id_at(view.rowAt(0))
    threads.reader.states = dict.fromkeys(range(1, 501), RowState.DONE)
    threads.model.list.reload()
    qtbot.waitUntil(lambda: threads.model.rowCount() == 1_500)
    assert view.current_row_id() == 1_000
    assert view.currentIndex().column() == 1
    assert view.selected_filter() == RowFilter(row_ids=(1_000, 1_001, 1_002))
    assert threads.model.id_at(view.rowAt(0)) == first_seen


def test_sorting_starts_again_when_another_order_is_wanted_meanwhile(make: Make, qtbot: QtBot) -> None:
    threads = make(50)
    with qtbot.waitSignal(threads.model.busyChanged, check_params_cb=lambda busy: not busy):
        threads.model.sort(0, Qt.SortOrder.AscendingOrder)
        threads.model.sort(0, Qt.SortOrder.DescendingOrder)
    assert threads.model.id_at(0) == 50
    threads.model.sort(-1)
    assert threads.model.id_at(0) == 1


def test_typing_the_name_of_a_field_letter_by_letter_moves_nothing(make: Make, qtbot: QtBot) -> None:
    threads = make(2_000)
    view = shown(qtbot, threads.model)
    view.go_to(1_500)
    view.setColumnWidth(1, 333)
    place = view.verticalScrollBar().value()
    for name in ("m", "mo", "mood of it"):
        threads.model.set_columns(("first", "second"), (OutputField(name, FieldKind.TEXT),))
    threads.model.set_columns(("first", "second"), (LABEL, OutputField("why", FieldKind.TEXT)))
    assert [str(threads.model.headerData(n, Qt.Orientation.Horizontal)) for n in range(5)] == [
        "first",
        "second",
        "mood",
        "why",
        "State",
    ]
    assert (view.verticalScrollBar().value(), view.current_row_id()) == (place, 1_500)
    assert view.columnWidth(1) == 333


def test_columns_keep_their_widths_places_and_hiding_by_name(make: Make, qtbot: QtBot) -> None:
    threads = make(10)
    view = shown(qtbot, threads.model)
    view.setColumnWidth(0, 222)
    view.horizontalHeader().moveSection(0, 1)
    view.column_layout.show(2, False)
    note = view.column_layout.note()
    other = RowView(make(10).model)
    qtbot.addWidget(other)
    other.column_layout.restore(note)
    assert other.columnWidth(0) == 222
    assert other.column_layout.shown() == [1, 0, 3]
    other.column_layout.restore([{"key": "input:first", "place": 99, "width": -5}, "nonsense", {"key": "gone"}])
    assert other.column_layout.shown()[-1] == 0


def test_everything_selected_is_the_lists_own_filter_and_no_list_of_ids(make: Make, qtbot: QtBot) -> None:
    threads = make(100_000)
    view = shown(qtbot, threads.model)
    view.select_rows(0, 99_999)
    assert view.selected_count() == 100_000
    assert view.selected_filter() == RowFilter()


def test_cells_with_markup_controls_and_direction_marks_are_shown_as_what_they_are(make: Make, qtbot: QtBot) -> None:
    threads = make(3)
    threads.reader.answers[1] = {"mood": "<b>x</b>\x00\u202e\nrest <img src='/etc/hostname'>"}
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) != "")
    text = text_at(threads.model, 0, 2)
    assert text == "<b>x</b>␀⟨U+202E⟩ rest <img src='/etc/hostname'>"
    threads.model.set_columns(("<img src=x>", "second"), (LABEL,))
    tip = threads.model.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img" in tip


def test_an_answer_can_be_typed_and_an_input_cell_cannot(make: Make, qtbot: QtBot) -> None:
    threads = make(3)
    model: QAbstractItemModel = threads.model
    assert model.flags(model.index(0, 2)) & Qt.ItemFlag.ItemIsEditable
    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsEditable
    qtbot.waitUntil(lambda: text_at(threads.model, 0, 0) != "")
    with qtbot.waitSignal(threads.model.editRequested) as told:
        assert model.setData(model.index(0, 2), "bad")
    assert told.args == [1, "mood", "bad"]
    assert not model.setData(model.index(0, 0), "bad")


def test_painting_works_in_both_themes_with_every_state(make: Make, qtbot: QtBot) -> None:
    threads = make(5)
    threads.reader.states = {n + 1: state for n, state in enumerate(RowState)}
    view = shown(qtbot, threads.model)
    qtbot.waitUntil(lambda: text_at(threads.model, 4, 3) == "failed")
    image = QImage(view.size(), QImage.Format.Format_ARGB32)
    view.render(image, QPoint())
    assert not image.isNull()
