"""The output fields: added, edited, removed, and what is wrong with them said."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from gui_app.jobs import FieldKind, OutputField
from gui_app.ui.pieces.forms import choose
from gui_app.ui.recipe.field_card import FieldCard
from gui_app.ui.recipe.field_list import FieldList
from gui_app.ui.recipe.typed import split_labels, typed_number
from tests.helpers.finding import part

LABEL = OutputField(
    "sentiment", FieldKind.LABEL, labels=("good", "bad"), descriptions=("satisfied", ""), hint="be strict"
)
NUMBER = OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5, whole=False)
TEXT = OutputField("why", FieldKind.TEXT, max_characters=300)
OTHERS = (OutputField("topics", FieldKind.LABELS, labels=("price", "service")), OutputField("ok", FieldKind.YES_NO))


@pytest.fixture
def fields(qtbot: QtBot) -> FieldList:
    out = FieldList()
    qtbot.addWidget(out)
    out.show()
    return out


@pytest.mark.parametrize("field", [LABEL, NUMBER, TEXT, *OTHERS], ids=lambda field: field.kind.value)
def test_a_field_comes_out_as_it_went_in(fields: FieldList, field: OutputField) -> None:
    fields.set_fields((field,))
    assert fields.fields() == (field,)
    assert fields.problem() == ""


def look_of(card: FieldCard) -> list[object]:
    """All that is seen of a card, and what its editors would take back."""
    out: list[object] = [card.field(), card.problem()]
    for edit in card.findChildren(QLineEdit):
        out.append((edit.objectName(), edit.text(), edit.isVisibleTo(card), edit.isUndoAvailable()))
    labels = card.labels_edit
    out.append((labels.toPlainText(), labels.isVisibleTo(card), labels.height(), labels.document().isUndoAvailable()))
    out.append((labels.accessibleName(), card._labels.note.text(), card.kind_box.currentText()))
    out += [box.isVisibleTo(card) for box in card.findChildren(QCheckBox)]
    return out


@pytest.mark.parametrize("before", [LABEL, NUMBER, TEXT, *OTHERS], ids=lambda field: field.kind.value)
@pytest.mark.parametrize("after", [LABEL, NUMBER, TEXT, *OTHERS], ids=lambda field: field.kind.value)
def test_a_card_that_showed_another_field_looks_like_a_new_one(
    fields: FieldList, qtbot: QtBot, before: OutputField, after: OutputField
) -> None:
    fields.set_fields((before,))
    (card,) = fields.cards
    # What somebody has typed and opened is of that field.
    qtbot.keyClicks(card.name_edit, "x")
    card.labels_edit.insertPlainText("typed,")
    card.minimum_edit.setText("no number")
    card._meanings_fold.open()
    card._hint_fold.open()
    with qtbot.assertNotEmitted(fields.changed):
        fields.set_fields((after,))
    assert fields.cards == [card]
    new = FieldList()
    qtbot.addWidget(new)
    new.resize(fields.size())
    new.show()
    new.set_fields((after,))
    # A line that was made for another label stays, hidden.
    seen, expected = (
        [thing for thing in look_of(shown) if "labelMeaningEdit" not in str(thing)] for shown in (card, new.cards[0])
    )
    assert seen == expected


def test_more_and_fewer_fields_are_shown_in_their_order(fields: FieldList) -> None:
    for wanted in ((TEXT,), (LABEL, NUMBER, TEXT), (NUMBER, LABEL), OTHERS, (TEXT,)):
        fields.set_fields(wanted)
        assert fields.fields() == wanted
        assert [card.up_button.isVisibleTo(fields) for card in fields.cards] == [False, *[True] * (len(wanted) - 1)]
        assert all(card.remove_button.isEnabled() == (len(wanted) > 1) for card in fields.cards)


def test_a_field_is_added_named_and_given_labels_by_keyboard(fields: FieldList, qtbot: QtBot) -> None:
    fields.set_fields((TEXT,))
    add = part(fields, QPushButton, "addFieldButton")
    qtbot.keyClick(add, Qt.Key.Key_Space)
    card = fields.cards[1]
    qtbot.waitUntil(card.name_edit.hasFocus)
    qtbot.keyClicks(card.name_edit, "topic")
    choose(card.kind_box, FieldKind.LABEL.value)
    labels = part(card, QPlainTextEdit, "labelsEdit")
    qtbot.waitUntil(labels.isVisible)
    qtbot.keyClicks(labels, "price, quality")
    labels.insertPlainText("，service")
    assert fields.fields()[1] == OutputField("topic", FieldKind.LABEL, labels=("price", "quality", "service"))


def test_a_removed_field_is_gone_and_the_last_one_stays(fields: FieldList, qtbot: QtBot) -> None:
    fields.set_fields((TEXT, NUMBER))
    with qtbot.waitSignal(fields.changed):
        qtbot.mouseClick(fields.cards[0].remove_button, Qt.MouseButton.LeftButton)
    assert fields.fields() == (NUMBER,)
    assert not fields.cards[0].remove_button.isEnabled()


def test_a_field_moves_up_and_the_focus_with_it(fields: FieldList, qtbot: QtBot) -> None:
    fields.set_fields((TEXT, NUMBER, LABEL))
    assert not fields.cards[0].up_button.isVisible()
    card = fields.cards[2]
    with qtbot.waitSignal(fields.changed):
        qtbot.mouseClick(card.up_button, Qt.MouseButton.LeftButton)
    assert fields.fields() == (TEXT, LABEL, NUMBER)
    qtbot.waitUntil(card.up_button.hasFocus)
    qtbot.keyClick(card.up_button, Qt.Key.Key_Space)
    assert fields.fields() == (LABEL, TEXT, NUMBER)
    assert [fields._cards.indexOf(card) for card in fields.cards] == [0, 1, 2]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (OutputField("", FieldKind.TEXT), "name"),
        (OutputField("a", FieldKind.LABEL, labels=("one",)), "two labels"),
        (OutputField("a", FieldKind.NUMBER, minimum=5, maximum=1), "upside down"),
        (OutputField("a", FieldKind.LABELS, labels=("Yes", "yes", "no")), "read the same"),
    ],
)
def test_what_is_wrong_is_said_under_the_field(fields: FieldList, qtbot: QtBot, field: OutputField, words: str) -> None:
    fields.set_fields((field,))
    assert words in fields.problem()
    qtbot.waitUntil(fields.cards[0]._problem.isVisible)
    assert words in fields.cards[0]._problem.text()


def test_two_fields_of_one_name_are_refused(fields: FieldList) -> None:
    fields.set_fields((TEXT, TEXT))
    assert "why" in fields.problem()


def test_words_where_a_number_belongs_are_named(fields: FieldList, qtbot: QtBot) -> None:
    fields.set_fields((NUMBER,))
    fields.cards[0].minimum_edit.selectAll()
    qtbot.keyClicks(fields.cards[0].minimum_edit, "one")
    assert "“one” is not a number" in fields.problem()


def test_a_meaning_stays_with_its_label_when_the_list_changes(fields: FieldList) -> None:
    fields.set_fields((LABEL,))
    fields.cards[0].labels_edit.setPlainText("new\ngood\nbad")
    assert fields.fields()[0].descriptions == ("", "satisfied", "")


def test_labels_are_counted_as_they_are_typed(fields: FieldList) -> None:
    fields.set_fields((LABEL,))
    fields.cards[0].labels_edit.setPlainText("a\nb\nb\n\nc")
    assert "3 labels" in fields.cards[0]._labels.note.text()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a\nb", ("a", "b")),
        ("a, b，c、d;e", ("a", "b", "c", "d", "e")),
        ("yes, always\nno", ("yes, always", "no")),
        (" a \n\n a ", ("a",)),
        ("", ()),
    ],
)
def test_labels_are_split_by_lines_or_commas(text: str, labels: tuple[str, ...]) -> None:
    assert split_labels(text) == labels


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5.0), ("2,5", 2.5), (" １０ ", 10.0), ("x", None), ("nan", None), ("inf", None), ("", None)],
)
def test_numbers_are_read_as_people_type_them(text: str, value: float | None) -> None:
    assert typed_number(text) == value
