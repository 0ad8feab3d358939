"""Columns as chips: clicked, searched, dragged, reached by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui_app.ui.recipe.column_chips import COLUMN_MIME, FEW, ColumnChips, column_mime


@pytest.fixture
def chips(qtbot: QtBot) -> ColumnChips:
    out = ColumnChips()
    qtbot.addWidget(out)
    out.set_columns(("id", "review", "R&D"))
    out.show()
    return out


def test_a_click_on_a_chip_names_its_column(chips: ColumnChips, qtbot: QtBot) -> None:
    with qtbot.waitSignal(chips.chosen) as told:
        qtbot.mouseClick(chips.chips()[2], Qt.MouseButton.LeftButton)
    assert told.args == ["R&D"]


def test_an_ampersand_in_a_heading_is_no_shortcut(chips: ColumnChips) -> None:
    assert chips.chips()[2].text() == "R&&D"


def test_arrow_keys_go_from_chip_to_chip_and_space_chooses(chips: ColumnChips, qtbot: QtBot) -> None:
    first, second, _third = chips.chips()
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    qtbot.waitUntil(second.hasFocus)
    with qtbot.waitSignal(chips.chosen) as told:
        qtbot.keyClick(second, Qt.Key.Key_Space)
    assert told.args == ["review"]


def test_only_one_chip_is_a_stop_for_the_tab_key(chips: ColumnChips) -> None:
    stops = [chip.column for chip in chips.chips() if chip.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["id"]


def test_a_wide_file_shows_a_few_chips_and_a_search(chips: ColumnChips, qtbot: QtBot) -> None:
    chips.set_columns([f"column {number}" for number in range(2000)])
    assert len(chips.chips()) == FEW
    qtbot.keyClicks(chips._search, "1999")
    assert [chip.column for chip in chips.chips()] == ["column 1999"]
    qtbot.keyClicks(chips._search, "zzz")
    assert chips.chips() == [] and chips._none.isVisible()


def test_show_more_shows_the_others(chips: ColumnChips, qtbot: QtBot) -> None:
    chips.set_columns([f"column {number}" for number in range(30)])
    qtbot.mouseClick(chips._more, Qt.MouseButton.LeftButton)
    assert len(chips.chips()) == 30


def test_a_dragged_chip_carries_its_column() -> None:
    data = column_mime("价格")
    assert bytes(data.data(COLUMN_MIME).data()).decode() == "价格"
    assert data.text() == "{价格}"
