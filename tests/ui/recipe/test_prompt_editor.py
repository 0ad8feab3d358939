"""The prompt's editor: plain text only, columns marked, undo, completion."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QTextCharFormat
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.ui.recipe.column_chips import column_mime
from gui_app.ui.recipe.prompt_editor import MOST_CHARACTERS, PromptEdit


@pytest.fixture
def edit(qtbot: QtBot) -> PromptEdit:
    out = PromptEdit()
    qtbot.addWidget(out)
    out.set_columns(("review", "😀 face", "two\nlines", "a}b"))
    out.resize(400, 200)
    out.show()
    return out


def marked(edit: PromptEdit) -> list[tuple[str, bool]]:
    """The marked words, and whether each is marked as unknown."""
    wave = QTextCharFormat.UnderlineStyle.WaveUnderline
    return [
        (mark.cursor.selectedText().replace("\u2029", "\n"), mark.format.underlineStyle() == wave)
        for mark in edit.extraSelections()
    ]


def test_known_columns_are_marked_and_unknown_names_gently(edit: PromptEdit, qtbot: QtBot) -> None:
    edit.setPlainText('Rate {review} and {revew}. Reply {"a": 1}')
    assert marked(edit) == [("{review}", False), ("{revew}", True)]


def test_it_is_as_high_as_its_text_up_to_a_screenful(edit: PromptEdit) -> None:
    heights = []
    for lines in (1, 5, 12, 20, 400):
        edit.setPlainText("\n".join("Is this review good?" for _line in range(lines)))
        heights.append(edit.sizeHint().height())
    assert heights[0] == heights[1] < heights[2] < heights[3] < heights[4] < 30 * edit.fontMetrics().lineSpacing()
    # Broken lines count too.
    edit.setPlainText("long " * 400)
    assert edit.sizeHint().height() > heights[2]


def test_marks_stand_right_behind_emoji_and_across_lines(edit: PromptEdit) -> None:
    edit.setPlainText("😀😀 {😀 face} {two\nlines} {a}b}")
    assert [text for text, _unknown in marked(edit)] == ["{😀 face}", "{two\nlines}", "{a}b}"]


def test_pills_are_painted_on_every_line(edit: PromptEdit) -> None:
    edit.setPlainText("x {two\nlines} y")
    start, end, _place = edit._spans[0]
    assert len(edit._boxes(start, end)) == 2
    assert not edit.grab().isNull()


def test_a_chip_goes_in_at_the_cursor_and_one_undo_takes_it_out(edit: PromptEdit, qtbot: QtBot) -> None:
    qtbot.keyClicks(edit, "Rate")
    edit.insert_column("review")
    assert edit.text() == "Rate {review}"
    qtbot.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert edit.text() == "Rate"


def test_marking_is_no_step_of_undo(edit: PromptEdit, qtbot: QtBot) -> None:
    edit.set_text("{review}")
    edit.set_columns(("other",))
    edit.set_columns(("review",))
    edit.undo()
    assert edit.text() == ""


def test_a_pasted_web_page_becomes_its_text(edit: PromptEdit) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b><img src='file:///etc/passwd'>")
    data.setText("bo\u200bld\r\nnext\x00\u202e")
    edit.insertFromMimeData(data)
    assert edit.text() == "bold\nnext"


def test_quotes_dashes_and_joined_emoji_are_pasted_as_they_are(edit: PromptEdit) -> None:
    data = QMimeData()
    text = "“Don’t” – say «oui»… „nein“ 「好」 \U0001f469\u200d\U0001f52c teh recieve"
    data.setText(text)
    edit.insertFromMimeData(data)
    assert edit.text() == text


def test_a_paste_of_megabytes_is_cut(edit: PromptEdit) -> None:
    data = QMimeData()
    data.setText("word " * MOST_CHARACTERS)
    edit.insertFromMimeData(data)
    assert len(edit.text()) <= MOST_CHARACTERS


def test_a_long_recipe_is_never_cut(edit: PromptEdit) -> None:
    text = "line of words\n" * (MOST_CHARACTERS // 10)
    edit.set_text(text)
    assert edit.text() == text


def test_no_break_spaces_survive(edit: PromptEdit) -> None:
    edit.set_text("a\u00a0b")
    assert edit.text() == "a\u00a0b"


def test_a_dropped_chip_goes_in_where_it_was_dropped(edit: PromptEdit) -> None:
    edit.setPlainText("end")
    data = column_mime("review")
    at = QPoint(edit.viewport().width() - 5, 10)
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, action, data, buttons, keys)
    QApplication.sendEvent(edit.viewport(), enter)
    assert enter.isAccepted()
    QApplication.sendEvent(edit.viewport(), QDropEvent(QPointF(at), action, data, buttons, keys))
    assert edit.text() == "end {review}"


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_an_open_brace_offers_the_columns(edit: PromptEdit, qtbot: QtBot) -> None:
    edit.setFocus()
    qtbot.keyClicks(edit, "Rate {rev")
    popup = edit._popup
    qtbot.waitUntil(popup.isVisible)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert edit.text() == "Rate {review}"
    assert not popup.isVisible()


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_a_brace_that_fits_no_column_offers_nothing(edit: PromptEdit, qtbot: QtBot) -> None:
    edit.setFocus()
    qtbot.keyClicks(edit, '{"a')
    assert not edit._popup.isVisible()


def test_tab_leads_out_of_the_editor(edit: PromptEdit) -> None:
    assert edit.tabChangesFocus()
