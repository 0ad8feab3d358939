"""The way of Tab through the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui_app.ui.pieces.focus_order import order_focus
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.practice import Practice
from tests.ui.window.test_main_window import sample


def test_tab_goes_as_the_parts_are_laid_out_and_not_as_they_were_made(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    last, inner, first, second = (QLineEdit() for _ in range(4))
    area, inside = QScrollArea(), QWidget()
    QVBoxLayout(inside).addWidget(inner)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    column, line = QVBoxLayout(window), QHBoxLayout()
    line.addWidget(first)
    line.addWidget(second)
    column.addLayout(line)
    column.addWidget(area)
    column.addWidget(last)
    order_focus(window)
    found, at = [], first
    for _stop in range(4):
        found.append(at)
        following = at.nextInFocusChain()
        while not isinstance(following, QLineEdit):
            assert following is not None
            following = following.nextInFocusChain()
        at = following
    assert found == [first, second, inner, last]


async def test_from_the_task_segment_tab_leads_to_the_preset_the_prompt_and_then_the_results(
    window: MainWindow, practice: Practice
) -> None:
    page = await sample(window, practice)
    window.activateWindow()
    page.show_page("task")
    page.side.focus_segment()
    seen: list[str] = []
    for _press in range(12):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.append(focus.objectName())
    named = [name for name in seen if name in ("presetBox", "promptEdit", "fieldNameEdit")]
    assert named == ["presetBox", "promptEdit", "fieldNameEdit"], seen
    assert seen.index("presetBox") < 3, "the first control of the panel is not far from its segment"
    await window.aclose()
