"""A button that stays pressed in tells once that it was pressed, however it was."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app.ui.job.side_panel import SidePanel
from gui_app.ui.pieces.panel import text_label
from gui_app.ui.pieces.pressing import on_press, set_pressed
from tests.helpers.finding import part


def toggle(button: QWidget) -> None:
    """What a screen reader does first."""
    interface = QAccessible.queryAccessibleInterface(button)
    assert interface is not None
    action = interface.actionInterface()
    assert action is not None
    action.doAction(QAccessibleActionInterface.toggleAction())


@pytest.fixture
def button(qtbot: QtBot) -> tuple[QPushButton, list[bool]]:
    out = QPushButton("only these")
    out.setCheckable(True)
    qtbot.addWidget(out)
    out.show()
    told: list[bool] = []
    on_press(out, told.append)
    return out, told


def test_by_mouse_by_key_and_by_a_screen_reader_it_is_told_once(
    button: tuple[QPushButton, list[bool]], qtbot: QtBot
) -> None:
    press, told = button
    qtbot.mouseClick(press, Qt.MouseButton.LeftButton)
    qtbot.keyClick(press, Qt.Key.Key_Space)
    toggle(press)
    toggle(press)
    press.click()
    assert told == [True, False, True, False, True]


def test_what_the_program_sets_is_not_told(button: tuple[QPushButton, list[bool]]) -> None:
    press, told = button
    set_pressed(press, True)
    assert press.isChecked() and told == []
    press.click()
    assert told == [False]


def test_the_one_of_a_group_that_is_in_already_can_be_pressed_once_more(
    button: tuple[QPushButton, list[bool]], qtbot: QtBot
) -> None:
    press, told = button
    group = QButtonGroup(press)
    group.addButton(press)
    toggle(press)
    press.click()
    press.click()
    assert told == [True, True, True]


def test_a_screen_reader_brings_another_page_to_the_front(qtbot: QtBot) -> None:
    panel = SidePanel()
    qtbot.addWidget(panel)
    pages = {name: text_label() for name in ("task", "model")}
    for name, page in pages.items():
        panel.add_page(name, name.title, page)
    panel.show()
    shown: list[str] = []
    panel.shown.connect(shown.append)
    toggle(part(panel, QWidget, "modelSegment"))
    assert panel.stack.currentWidget() is pages["model"] and shown == ["model"]
