"""The Review tab: bars, filters, keys, edits, agreement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from gui_app.jobs import Cause, FieldKind, FieldValue, OutputField, RowFilter, RowState
from gui_app.recipes.new_labels import NewLabel
from gui_app.review import compare_labels, compare_numbers, compare_sets
from gui_app.store.reading.queries import RowView
from gui_app.ui.look.palette import LIGHT
from gui_app.ui.pieces.forms import choose
from gui_app.ui.review.review_panel import ReviewPanel
from tests.helpers.finding import part

SENTIMENT = OutputField("sentiment", FieldKind.LABEL, labels=("good", "bad", "mixed"))
SCORE = OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5)
TOPICS = OutputField("topics", FieldKind.LABELS, labels=("price", "service"))
SUMMARY = OutputField("summary", FieldKind.TEXT)
OK = OutputField("ok", FieldKind.YES_NO)


def row(state: RowState = RowState.DONE, **values: FieldValue) -> RowView:
    """Row 7."""
    return RowView(7, ("7", "text"), state, values=values)


@pytest.fixture
def panel(qtbot: QtBot) -> ReviewPanel:
    out = ReviewPanel()
    qtbot.addWidget(out)
    out.set_fields((SENTIMENT, SCORE))
    out.set_columns(("id", "text", "truth"))
    out.set_label_counts("sentiment", [("good", 60), ("bad", 39), (None, 1)])
    out.resize(420, 1000)
    out.show()
    out.activateWindow()
    qtbot.waitUntil(out.isActiveWindow)
    return out


def test_bars_show_counts_and_tell_them_to_a_screen_reader(panel: ReviewPanel) -> None:
    names = [bar.accessibleName() for bar in panel.bars.bars()]
    assert names == ["good: 60 rows, 60%", "bad: 39 rows, 39%", "(no answer): 1 row, 1%"]


def test_a_click_on_a_bar_filters_and_another_click_shows_all(panel: ReviewPanel, qtbot: QtBot) -> None:
    bar = panel.bars.bars()[1]
    with qtbot.waitSignal(panel.filterRequested) as told:
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert told.args == [RowFilter(field_value=("sentiment", "bad"))]
    with qtbot.waitSignal(panel.filterRequested) as told:
        qtbot.keyClick(bar, Qt.Key.Key_Space)
    assert told.args == [RowFilter()]


def test_rows_without_an_answer_have_a_bar_too(panel: ReviewPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.filterRequested) as told:
        qtbot.mouseClick(panel.bars.bars()[2], Qt.MouseButton.LeftButton)
    assert told.args == [RowFilter(field_value=("sentiment", None))]


def test_new_counts_keep_the_chosen_bar(panel: ReviewPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.bars.bars()[0], Qt.MouseButton.LeftButton)
    panel.set_label_counts("sentiment", [("good", 61), ("bad", 39), (None, 1)])
    panel.set_label_counts("sentiment", [("bad", 80), ("good", 61)])
    assert [bar.value for bar in panel.bars.bars() if bar.isChecked()] == ["good"]


def test_counts_of_another_field_are_passed_over(panel: ReviewPanel) -> None:
    panel.set_label_counts("score", [(5, 1)])
    assert len(panel.bars.bars()) == 3


def test_the_review_queue_and_the_search_go_together(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel._which_buttons["review"].click()
    search = part(panel, QLineEdit, "reviewSearchEdit")
    with qtbot.waitSignal(panel.filterRequested) as told:
        qtbot.keyClicks(search, "late")
        qtbot.keyClick(search, Qt.Key.Key_Return)
    assert told.args == [RowFilter(states=frozenset({RowState.NEEDS_REVIEW}), search="late")]


def test_a_filter_set_elsewhere_is_shown_and_not_asked_for_again(panel: ReviewPanel, qtbot: QtBot) -> None:
    wanted = RowFilter(approved=False, field_value=("sentiment", "bad"), search="x")
    with qtbot.assertNotEmitted(panel.filterRequested, wait=350):
        panel.set_filter(wanted)
    assert panel.row_filter() == wanted
    assert [bar.value for bar in panel.bars.bars() if bar.isChecked()] == ["bad"]


def test_number_keys_choose_a_label_for_the_row(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_row(row(sentiment="good"))
    with qtbot.waitSignal(panel.editRequested) as told:
        qtbot.keyClick(panel, Qt.Key.Key_2)
    assert told.args == [7, "sentiment", "bad"]
    with qtbot.assertNotEmitted(panel.editRequested):
        qtbot.keyClick(panel, Qt.Key.Key_9)


def test_a_approves_u_undoes_e_leads_to_the_answer(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_row(row(sentiment="good"))
    with qtbot.waitSignal(panel.approveRequested) as told:
        qtbot.keyClick(panel, Qt.Key.Key_A)
    assert told.args == [[7]]
    with qtbot.waitSignal(panel.undoRequested):
        qtbot.keyClick(panel, Qt.Key.Key_U)
    qtbot.keyClick(panel, Qt.Key.Key_E)
    assert panel.card.editor._buttons[0][1].hasFocus()


def test_a_row_that_needs_review_says_why_and_l_adds_its_label(panel: ReviewPanel, qtbot: QtBot) -> None:
    card = panel.card
    # With several result columns it is said whose answer it is.
    off = replace(row(RowState.NEEDS_REVIEW), cause=Cause.OFF_LIST, detail="sentiment: so & so")
    panel.set_row(off)
    assert card.reason.text() == "Not on the list: sentiment: so & so"
    assert card.add_button.text().replace("&&", "&").startswith("Add “so & so” to the list")
    with qtbot.waitSignal(panel.labelAdded) as told:
        qtbot.keyClick(panel, Qt.Key.Key_L)
    assert told.args == [NewLabel("sentiment", "so & so", 1)]
    # Nothing that is no label, and no row that is done.
    for other in (
        replace(off, detail="sentiment: It depends on what you would call good, I suppose."),
        replace(off, cause=Cause.CUT_OFF),
        replace(off, state=RowState.DONE),
    ):
        panel.set_row(other)
        assert card.add_button.isHidden()
        with qtbot.assertNotEmitted(panel.labelAdded):
            qtbot.keyClick(panel, Qt.Key.Key_L)
    assert card.reason.isHidden()


def test_what_the_row_says_stands_beside_its_answer(panel: ReviewPanel) -> None:
    text = panel.card.text
    panel.set_row(row(sentiment="good"))
    assert text.isHidden()
    panel.set_asked(("text", "text", "nowhere"))
    assert text.isVisible() and text.text() == "text" and text.textFormat() == Qt.TextFormat.PlainText
    panel.set_asked(("id", "text"))
    assert text.text() == "id: 7\ntext: text"
    panel.set_row(replace(row(), cells=("7", "long\u202e " * 500)))
    assert len(text.text()) < 300 and "\u202e" not in text.text()
    # The third column is not in this row.
    panel.set_asked(("truth",))
    assert text.isHidden()


def test_letters_typed_into_a_field_are_no_commands(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_row(row(sentiment="good"))
    panel.search_edit.setFocus()
    with qtbot.assertNotEmitted(panel.approveRequested), qtbot.assertNotEmitted(panel.editRequested):
        qtbot.keyClicks(panel.search_edit, "a u e 2")
    assert panel.search_edit.text() == "a u e 2"
    panel._filter()


def test_a_row_without_an_answer_cannot_be_approved(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_row(row(RowState.WAITING))
    assert not panel.card.approve_button.isEnabled()
    with qtbot.assertNotEmitted(panel.approveRequested):
        qtbot.keyClick(panel, Qt.Key.Key_A)
    panel.set_row(None)
    assert not panel.card.edit_button.isEnabled()


def test_the_queue_of_what_needs_review_says_how_long_it_is(panel: ReviewPanel, qtbot: QtBot) -> None:
    button = panel._which_buttons["review"]
    panel.set_needs_review(1_234)
    assert button.text() == "Needs review (1,234)"
    with qtbot.waitSignal(panel.filterRequested) as told:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told.args == [RowFilter(states=frozenset({RowState.NEEDS_REVIEW}))]
    panel.set_needs_review(0)
    assert button.text() == "Needs review"


def test_a_rating_is_given_by_the_key_of_its_number(panel: ReviewPanel, qtbot: QtBot) -> None:
    choose(panel.field_box, "score")
    panel.set_row(row(score=3.0))
    assert [(value, button.isChecked()) for value, button in panel.card.editor._buttons] == [
        (1, False),
        (2, False),
        (3, True),
        (4, False),
        (5, False),
    ]
    with qtbot.waitSignal(panel.editRequested) as told:
        qtbot.keyClick(panel, Qt.Key.Key_4)
    assert told.args == [7, "score", 4]
    with qtbot.assertNotEmitted(panel.editRequested):
        qtbot.keyClick(panel, Qt.Key.Key_0)
    panel.set_fields((OutputField("zero", FieldKind.NUMBER, minimum=0, maximum=3),))
    panel.set_row(row(zero=3))
    with qtbot.waitSignal(panel.editRequested) as told:
        qtbot.keyClick(panel, Qt.Key.Key_0)
    assert told.args == [7, "zero", 0]


def test_a_number_is_typed_and_checked(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_fields((OutputField("score", FieldKind.NUMBER, minimum=1, maximum=50),))
    panel.set_row(row(score=3))
    edit = panel.card.editor.edit
    qtbot.keyClick(panel, Qt.Key.Key_E)
    qtbot.keyClicks(edit, "99")
    with qtbot.assertNotEmitted(panel.editRequested):
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert "from 1 to 50" in panel.card.editor._wrong.text()
    edit.selectAll()
    qtbot.keyClicks(edit, "4")
    with qtbot.waitSignal(panel.editRequested) as told:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert told.args == [7, "score", 4]


def test_several_labels_are_switched_one_by_one(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_fields((TOPICS,))
    panel.set_row(row(topics=("service",)))
    with qtbot.waitSignal(panel.editRequested) as told:
        panel.card.editor.choose_number(1)
    assert told.args == [7, "topics", ("price", "service")]


def test_text_is_kept_with_ctrl_enter_and_dropped_with_esc(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_fields((SUMMARY,))
    panel.set_row(row(summary="old"))
    box = panel.card.editor.box
    qtbot.waitUntil(box.isVisible)
    box.setFocus()
    qtbot.keyClicks(box, "x")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.toPlainText() == "old"
    box.selectAll()
    qtbot.keyClicks(box, "a new one")
    with qtbot.waitSignal(panel.editRequested) as told:
        qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told.args == [7, "summary", "a new one"]


def test_yes_and_no_are_buttons(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_fields((OK,))
    panel.set_row(row(ok=True))
    with qtbot.waitSignal(panel.editRequested) as told:
        panel.card.editor.choose_number(2)
    assert told.args == [7, "ok", False]


def test_an_answer_made_by_hand_is_shown_before_the_models(panel: ReviewPanel) -> None:
    panel.set_row(RowView(7, ("7",), RowState.DONE, values={"sentiment": "good"}, hand={"sentiment": "mixed"}))
    assert [button.isChecked() for _value, button in panel.card.editor._buttons] == [False, False, True]
    assert "by hand" in panel.card.state.text()


def test_another_field_asks_for_its_counts(panel: ReviewPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.fieldChanged) as told:
        choose(panel.field_box, "score")
    assert told.args == ["score"] and panel.bars.bars() == []


def test_the_column_of_correct_answers_is_told(panel: ReviewPanel, qtbot: QtBot) -> None:
    box = part(panel, QComboBox, "goldColumnBox")
    with qtbot.waitSignal(panel.goldColumnChanged) as told:
        choose(box, "truth")
    assert told.args == ["truth"]
    with qtbot.waitSignal(panel.goldColumnChanged) as told:
        box.setCurrentIndex(0)
    assert told.args == [None]


def agreement() -> object:
    """Nine right, one wrong."""
    pairs = [(number, "good", "good") for number in range(1, 10)]
    return compare_labels([*pairs, (10, "bad", "good")], SENTIMENT.labels)


def test_agreement_is_said_with_its_interval_and_its_warnings(panel: ReviewPanel) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    label = part(panel, QLabel, "agreementLabel")
    assert label.text() == "90% agree (9 of 10)"
    assert "between" in panel.agreement._more.text()
    assert "Only 10 rows" in panel.agreement._warnings.text() and "%" in panel.agreement._warnings.text()


def test_a_cell_of_the_confusion_table_filters_its_rows(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    table = part(panel, QTableWidget, "confusionTable")
    # The line of "good", the column of "bad".
    with qtbot.waitSignal(panel.filterRequested) as told:
        table.cellClicked.emit(0, 2)
    assert told.args == [RowFilter(row_ids=(10,))]
    with qtbot.assertNotEmitted(panel.filterRequested):
        table.cellClicked.emit(1, 1)


def test_a_disagreement_leads_to_its_row(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    item = panel.agreement.rows.item(0)
    assert item.text() == "Row 10: bad, correct is good"
    with qtbot.waitSignal(panel.rowRequested) as told:
        panel.agreement.rows.itemActivated.emit(item)
    assert told.args == [10]
    with qtbot.waitSignal(panel.filterRequested) as told:
        panel.agreement._all.click()
    assert told.args == [RowFilter(row_ids=(10,))]


def test_a_bar_fills_its_share_of_the_track(panel: ReviewPanel) -> None:
    panel.bars.set_counts([("good", 6), ("bad", 4)])
    bar = panel.bars.bars()[0]
    picture = bar.grab().toImage()
    track = picture.width() - 16
    ink = QColor(LIGHT.accent_fill)
    filled = sum(picture.pixelColor(x, picture.height() - 7) == ink for x in range(picture.width()))
    assert 0.57 * track < filled < 0.61 * track


def test_the_tables_end_with_their_last_line(panel: ReviewPanel) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    QApplication.processEvents()
    for table in (panel.agreement.per_label, panel.agreement.confusion):
        assert not table.horizontalScrollBar().maximum()
        lines = sum(table.rowHeight(y) for y in range(table.rowCount()))
        assert table.viewport().height() == lines


def test_per_label_figures_have_a_line_each(panel: ReviewPanel) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    table = panel.agreement.per_label
    lines = [[item.text() for x in range(5) if (item := table.item(y, x))] for y in range(table.rowCount())]
    assert lines[0] == ["good", "10", "100.0%", "90.0%", "94.7%"]
    assert lines[2] == ["mixed", "0", "–", "–", "–"]


def test_a_table_of_figures_is_as_tall_as_its_lines_and_as_wide_as_its_panel(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_agreement(agreement())  # type: ignore[arg-type]
    panel.resize(380, 900)
    with qtbot.waitExposed(panel):
        panel.show()
    for table in (panel.agreement.per_label, panel.agreement.confusion):
        lines = sum(table.rowHeight(y) for y in range(table.rowCount()))
        assert table.viewport().height() == lines
        assert table.horizontalHeader().length() == table.viewport().width()


def test_numbers_and_sets_of_labels_have_their_own_figures(panel: ReviewPanel) -> None:
    panel.set_agreement(compare_numbers([(1, 3.0, 3.0), (2, 5.0, 2.0)]))
    assert "1 of 2" in panel.agreement.label.text() and "1.5" in panel.agreement._more.text()
    panel.set_agreement(compare_sets([(1, ("price",), ("price",)), (2, (), ("service",))], TOPICS.labels))
    assert "1 of 2" in panel.agreement.label.text() and panel.agreement.per_label.isVisibleTo(panel)
    panel.set_agreement(compare_labels([]))
    assert panel.agreement.label.text() == "Nothing to compare yet"
    panel.set_agreement(None)
    assert not panel.agreement.isVisibleTo(panel)


def test_a_row_is_used_as_an_example(panel: ReviewPanel, qtbot: QtBot) -> None:
    panel.set_row(row(sentiment="good"))
    with qtbot.waitSignal(panel.exampleRequested) as told:
        qtbot.mouseClick(panel.card.example_button, Qt.MouseButton.LeftButton)
    assert told.args == [7]


def test_the_bars_are_found_by_their_name_and_painted(panel: ReviewPanel) -> None:
    bars = part(panel, QWidget, "labelBars")
    assert bars is not None and not bars.grab().isNull()
