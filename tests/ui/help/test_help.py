"""The help: one page in both languages, searched, and every error sentence leads to its part."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app import errors, i18n
from gui_app.errors import RowmillError, StorageError
from gui_app.i18n import LANGUAGES
from gui_app.jobs import Cause
from gui_app.providers.base import CallFailed
from gui_app.ui.help.help_text import help_parts, topics
from gui_app.ui.help.help_window import HelpWindow
from gui_app.ui.pieces.banner import BannerArea, Notice
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.help_link import HelpLink, link_under
from gui_app.ui.pieces.help_topics import topic_of, topic_of_cause
from gui_app.ui.pieces.panel import text_label, vbox
from gui_app.ui.pieces.status_message import StatusMessage
from gui_app.ui.window_actions import KEY_ACTIONS
from tests.helpers.finding import part


@pytest.fixture
def page(qtbot: QtBot) -> HelpWindow:
    window = HelpWindow()
    qtbot.addWidget(window)
    window.show()
    return window


class Host(QWidget):
    """Shows help as the main window does."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[str] = []

    def show_help(self, topic: str) -> None:
        self.wanted.append(topic)


def kinds(of: type[BaseException]) -> set[type[BaseException]]:
    return {of}.union(*(kinds(kind) for kind in of.__subclasses__()))


def test_the_page_has_the_same_parts_in_every_language() -> None:
    assert {code: topics(code) for code in LANGUAGES} == {code: topics("en") for code in LANGUAGES}
    assert len(set(topics("en"))) == len(topics("en")) > 20


def test_every_cause_and_every_error_leads_to_a_part_that_is_there() -> None:
    there = set(topics("en"))
    assert {topic_of_cause(cause) for cause in Cause} <= there
    made: set[str] = set()
    for kind in kinds(RowmillError) | {ValueError}:
        made.add(topic_of(kind.__new__(kind)))
    assert made <= there
    assert topic_of(CallFailed(Cause.RATE_LIMIT)) == "speed"
    assert topic_of(errors.JobInUse("x")) == "jobs"
    assert topic_of(ValueError("ours")) == "trouble"


def test_no_english_is_left_in_the_chinese_page_and_no_place_unfilled() -> None:
    i18n.set_language("zh_CN")
    for found in help_parts({"keyboard": ["- F1: 帮助"], "logs": ["/logs"]}):
        for text in (found.title, *found.blocks):
            assert re.search(r"[\u4e00-\u9fff]", text), text
            assert not re.search(r"\{(keyboard|logs)\}", text)
            # Names of products, files and keys are at most a few words in a row.
            assert not re.search(r"[a-z]+( [a-z]+){5}", re.sub(r"“[^”]*”", "", text)), text


def test_the_search_lists_the_parts_with_the_words_and_goes_to_the_place(page: HelpWindow, qtbot: QtBot) -> None:
    assert page.listed() == topics("en")
    qtbot.keyClicks(page.search, "SPENDING limit")
    assert page.listed() == ["money"]
    cursor = page.text.textCursor()
    assert cursor.selectedText().casefold() == "spending"
    before = cursor.position()
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.text.textCursor().position() != before
    qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.search.text() == ""
    assert page.listed() == topics("en")


def test_words_that_are_nowhere_are_said_to_be(page: HelpWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.search, "xyzzy")
    assert page.listed() == []
    assert "Nothing found" in page._told.text()


def test_a_part_is_shown_with_its_heading_on_top(page: HelpWindow) -> None:
    page.show_topic("overnight")
    top = page.text.cursorForPosition(page.text.viewport().rect().topLeft())
    top.select(QTextCursor.SelectionType.BlockUnderCursor)
    assert "Overnight, at half price" in top.selectedText()
    assert page.topic() == "overnight"


def test_all_keys_are_told(page: HelpWindow) -> None:
    text = page.text.toPlainText()
    for entry in KEY_ACTIONS:
        assert entry.text in text


def test_the_page_changes_its_language_where_it_is(page: HelpWindow) -> None:
    page.show_topic("keys")
    i18n.set_language("zh_CN")
    page.retranslate()
    assert page.topic() == "keys"
    assert page.windowTitle() == "Rowmill 帮助"
    assert "钥匙串" in page.text.toPlainText()


def test_the_sentence_over_a_job_leads_to_its_part(qtbot: QtBot) -> None:
    host = Host()
    qtbot.addWidget(host)
    banners = BannerArea(host)
    host.show()
    banners.show_notices([Notice("stopped", "The key was refused.", "error", topic="keys")])
    qtbot.mouseClick(part(banners, HelpLink, "moreButton"), Qt.MouseButton.LeftButton)
    assert host.wanted == ["keys"]


def test_a_message_about_an_error_leads_to_its_part(qtbot: QtBot) -> None:
    host = Host()
    qtbot.addWidget(host)
    host.resize(800, 500)
    host.show()
    status = StatusMessage(host)
    status.tell_error(StorageError("The disk is full."))
    button = part(host, QPushButton, "statusAction")
    assert button.text() == "More about this"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert host.wanted == ["disk"]


def test_a_line_under_a_control_has_the_link_only_while_it_tells_of_an_error(qtbot: QtBot) -> None:
    host = Host()
    qtbot.addWidget(host)
    label = text_label("hint")
    link = link_under(label, "keys")
    column = vbox(host)
    column.addWidget(label)
    column.addWidget(link)
    host.show()
    tell(label, "From your account.")
    assert link.isHidden()
    tell(label, "The keychain is locked.", "error")
    assert link.isVisible()
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert host.wanted == ["keys"]
    tell(label, "")
    assert link.isHidden()


def test_a_link_in_a_dialog_finds_the_window(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QDialog

    host = Host()
    qtbot.addWidget(host)
    dialog = QDialog(host)
    link = HelpLink("export", dialog)
    link.click()
    assert host.wanted == ["export"]
