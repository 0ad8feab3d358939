"""The search field: emptied by its cross, which is there only while there is something to empty."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from gui_app.ui.pieces.search_edit import SearchEdit


def test_the_cross_comes_with_the_first_letter_and_empties_the_field(qtbot: QtBot) -> None:
    search = SearchEdit()
    qtbot.addWidget(search)
    with qtbot.waitExposed(search):
        search.show()
    assert search.findChild(QToolButton) is None
    qtbot.keyClicks(search, "tea")
    cross = search.findChild(QToolButton, "clearSearchButton")
    assert cross is not None and cross.isVisible() and cross.accessibleName() == "Clear the search"
    qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert search.text() == "" and not cross.isVisible()
