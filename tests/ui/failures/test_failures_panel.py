"""The Failures tab: groups with their sentence, retries, examples in plain text."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app.jobs import Cause, RowFilter, RowState
from gui_app.sentences import cause_action, cause_sentence, cause_title
from gui_app.store.reading.queries import FailureGroup
from gui_app.ui.failures.failure_card import GroupCard
from gui_app.ui.failures.failures_panel import FailuresPanel
from tests.helpers.finding import part

BUSY = FailureGroup(Cause.RATE_LIMIT, RowState.FAILED, 12, "Slow <b>down</b>", 3)
FILTERED = FailureGroup(Cause.CONTENT_FILTER, RowState.FAILED, 30, "", 4)
OFF_LIST = FailureGroup(Cause.OFF_LIST, RowState.NEEDS_REVIEW, 500, "mixed", 5)
KEY = FailureGroup(Cause.KEY_REFUSED, RowState.FAILED, 1, "401", 6)


@pytest.fixture
def panel(qtbot: QtBot) -> FailuresPanel:
    out = FailuresPanel()
    qtbot.addWidget(out)
    out.resize(400, 900)
    out.show()
    return out


def cards(panel: FailuresPanel) -> list[GroupCard]:
    """From top to bottom."""
    items = (panel._list.itemAt(index) for index in range(panel._list.count()))
    widgets = (item.widget() for item in items if item is not None)
    return [widget for widget in widgets if isinstance(widget, GroupCard)]


def test_each_cause_has_its_count_its_sentence_and_what_to_do(panel: FailuresPanel) -> None:
    panel.set_groups([BUSY])
    (card,) = cards(panel)
    assert card._title.text() == cause_title(Cause.RATE_LIMIT)
    assert "12 rows" in card._count.text() and "failed" in card._count.text()
    assert card._sentence.text() == cause_sentence(Cause.RATE_LIMIT)
    assert card._action.text() == cause_action(Cause.RATE_LIMIT)


def test_failures_come_before_what_needs_review_and_the_largest_first(panel: FailuresPanel) -> None:
    panel.set_groups([OFF_LIST, BUSY, FILTERED])
    assert [card.group for card in cards(panel)] == [FILTERED, BUSY, OFF_LIST]


def test_retry_all_means_the_failed_rows_only(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([BUSY, OFF_LIST, FILTERED])
    button = part(panel, QPushButton, "retryButton")
    assert "42" in button.text()
    with qtbot.waitSignal(panel.retryRequested) as told:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told.args == [RowFilter(states=frozenset({RowState.FAILED}))]


def test_a_group_is_retried_and_shown_by_itself(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([BUSY, OFF_LIST])
    review = cards(panel)[1]
    wanted = RowFilter(states=frozenset({RowState.NEEDS_REVIEW}), causes=frozenset({Cause.OFF_LIST}))
    with qtbot.waitSignal(panel.retryRequested) as told:
        qtbot.keyClick(review.retry_button, Qt.Key.Key_Space)
    assert told.args == [wanted]
    with qtbot.waitSignal(panel.showRequested) as told:
        qtbot.mouseClick(review.show_button, Qt.MouseButton.LeftButton)
    assert told.args == [wanted]


def test_what_the_settings_can_mend_leads_there(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([KEY, BUSY])
    of_key = next(card for card in cards(panel) if card.group is KEY)
    assert of_key.remedy_buttons["settings"].isVisibleTo(panel)
    with qtbot.waitSignal(panel.settingsRequested):
        qtbot.mouseClick(of_key.remedy_buttons["settings"], Qt.MouseButton.LeftButton)


def test_another_model_is_offered_where_it_helps(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([FILTERED, BUSY])
    filtered, busy = cards(panel)
    assert filtered.remedy_buttons["model"].isVisibleTo(panel) and not busy.remedy_buttons["model"].isVisibleTo(panel)
    with qtbot.waitSignal(panel.modelRequested) as told:
        qtbot.mouseClick(filtered.remedy_buttons["model"], Qt.MouseButton.LeftButton)
    assert told.args[0].causes == {Cause.CONTENT_FILTER}


def test_an_example_is_one_click_away_and_plain_text(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([BUSY])
    (card,) = cards(panel)
    assert not card._example.isVisibleTo(panel)
    qtbot.mouseClick(card._fold.button, Qt.MouseButton.LeftButton)
    assert card._example.isVisibleTo(panel)
    assert card._example.toPlainText() == "Slow <b>down</b>"


def test_the_raw_reply_is_asked_for_by_the_same_click_and_shown_as_plain_text(
    panel: FailuresPanel, qtbot: QtBot
) -> None:
    panel.set_groups([OFF_LIST])
    (card,) = cards(panel)
    with qtbot.waitSignal(panel.replyRequested) as told:
        qtbot.mouseClick(card._fold.button, Qt.MouseButton.LeftButton)
    assert told.args == [5]
    panel.show_reply(5, '{"sentiment": "<b>mixed</b>"}')
    assert card._example.toPlainText() == '{"sentiment": "<b>mixed</b>"}'
    panel.show_reply(99, "another row's")
    assert "mixed" in card._example.toPlainText()


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        (Cause.RATE_LIMIT, "wait"),
        (Cause.OVERLOADED, "wait"),
        (Cause.TOO_LONG, "shorten"),
        (Cause.CUT_OFF, "longer"),
        (Cause.REFUSED, "answer"),
    ],
)
def test_what_helps_against_a_cause_has_a_button(panel: FailuresPanel, qtbot: QtBot, cause: Cause, remedy: str) -> None:
    group = FailureGroup(cause, RowState.FAILED, 2, "x", 1)
    panel.set_groups([group])
    (card,) = cards(panel)
    with qtbot.waitSignal(panel.remedyRequested) as told:
        qtbot.mouseClick(card.remedy_buttons[remedy], Qt.MouseButton.LeftButton)
    assert told.args == [remedy, group]
    assert not card.remedy_buttons["settings"].isVisibleTo(panel)


def test_new_figures_leave_an_open_example_and_the_focus_alone(panel: FailuresPanel, qtbot: QtBot) -> None:
    panel.set_groups([BUSY])
    (card,) = cards(panel)
    card._fold.open()
    qtbot.waitUntil(card.retry_button.isVisible)
    card.retry_button.setFocus()
    more = FailureGroup(Cause.RATE_LIMIT, RowState.FAILED, 13, "Slow <b>down</b>", 3)
    panel.set_groups([more, FILTERED])
    assert card in cards(panel) and card._fold.is_open() and card.retry_button.hasFocus()
    assert "13 rows" in card._count.text()


@pytest.mark.parametrize(("held", "says"), [("moving", "on their way"), ("elsewhere", "open elsewhere")])
def test_what_cannot_be_asked_again_just_now_is_grey_and_says_why(
    panel: FailuresPanel, qtbot: QtBot, held: str, says: str
) -> None:
    panel.set_groups([BUSY])
    panel.set_held(held)
    # A group that comes while the job runs is held like the others.
    panel.set_groups([BUSY, FILTERED])
    why = part(panel, QLabel, "retryHeldLabel")
    assert why.isVisible() and says in why.text()
    retries = [panel.retry_button, *(card.retry_button for card in cards(panel))]
    for button in retries:
        assert not button.isEnabled() and button.accessibleDescription() == why.text()
    # The rest of a card is of use all the same.
    assert all(card.show_button.isEnabled() and card.remedy_buttons["wait"].isEnabled() for card in cards(panel))
    panel.set_held("")
    assert all(button.isEnabled() for button in retries) and not why.isVisible()
    with qtbot.waitSignal(panel.retryRequested):
        qtbot.mouseClick(cards(panel)[0].retry_button, Qt.MouseButton.LeftButton)


def test_groups_that_are_gone_go_and_nothing_is_said_as_nothing(panel: FailuresPanel) -> None:
    panel.set_groups([BUSY])
    panel.set_groups([])
    assert cards(panel) == []
    assert not panel.retry_button.isVisibleTo(panel) and panel._empty.isVisibleTo(panel)


def test_the_list_is_found_by_its_name(panel: FailuresPanel) -> None:
    assert part(panel, QWidget, "failureList") is not None
