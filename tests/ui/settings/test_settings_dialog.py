"""The settings dialog: everything holds at once, keys can be forgotten, nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QListWidget, QPlainTextEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from gui_app import __version__
from gui_app.keys import KeyStore
from gui_app.settings import BACKGROUND, BASE_URLS, CONCURRENCY, LANGUAGE, NOTIFY, THEME, Settings
from gui_app.ui.pieces.forms import choose
from gui_app.ui.services import Services
from gui_app.ui.settings.settings_dialog import PAGES, SettingsDialog
from tests.helpers.finding import part
from tests.helpers.keychain import Keychain
from tests.helpers.waiting import until


class Opened:
    """A dialog and what stands behind it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.settings, self.keychain = Settings(), Keychain()
        self.settings.set(BASE_URLS, {"compatible": "https://llm.example.org/v1"})
        self.urls: list[QUrl] = []
        services = Services(cast(Any, None), self.settings, KeyStore(environ, self.keychain))
        self.dialog = SettingsDialog(services, folder, open_url=self.urls.append)


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Opened:
    out = Opened(tmp_path, {"OPENAI_API_KEY": "sk-env"})
    out.keychain["Rowmill", "anthropic https://api.anthropic.com"] = "sk-ant"
    qtbot.addWidget(out.dialog)
    out.dialog.open()
    return out


def test_the_language_is_chosen_by_its_own_name_and_told_at_once(opened: Opened, qtbot: QtBot) -> None:
    box = part(opened.dialog, QComboBox, "languageBox")
    assert [box.itemText(i) for i in range(3)] == ["Same as the system", "English", "简体中文"]
    with qtbot.waitSignal(opened.dialog.settingChanged) as told:
        choose(box, "zh_CN")
    assert told.args == ["language"] and opened.settings.get(LANGUAGE) == "zh_CN"


def test_the_appearance_is_told_at_once(opened: Opened, qtbot: QtBot) -> None:
    with qtbot.waitSignal(opened.dialog.settingChanged) as told:
        choose(part(opened.dialog, QComboBox, "themeBox"), "dark")
    assert told.args == ["theme"] and opened.settings.get(THEME) == "dark"


@pytest.mark.parametrize(("name", "setting"), [("notifyBox", NOTIFY), ("backgroundBox", BACKGROUND)])
def test_switches_are_kept_at_once(opened: Opened, qtbot: QtBot, name: str, setting: Any) -> None:
    box = opened.dialog.findChild(QCheckBox, name)
    before = opened.settings.get(setting)
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert opened.settings.get(setting) is not before


def test_ceilings_are_automatic_or_a_number_for_each_provider(opened: Opened, qtbot: QtBot) -> None:
    opened.dialog.show_page("speed")
    box = part(opened.dialog, QSpinBox, "ceiling_openai")
    assert box.text() == "Automatic (at most 500)"
    with qtbot.waitSignal(opened.dialog.settingChanged) as told:
        box.setValue(5)
    assert told.args == ["concurrency"] and opened.settings.get(CONCURRENCY) == {"openai": 5}
    box.setValue(0)
    assert opened.settings.get(CONCURRENCY) == {}


async def test_each_key_says_where_it_lives_and_can_be_forgotten(opened: Opened, qloop: object, qtbot: QtBot) -> None:
    dialog = opened.dialog
    dialog.show_page("keys")
    await until(lambda: len(dialog.keys._found) == 2)
    words = [label.text() for label in dialog.keys.findChildren(QLabel)]
    assert any("OPENAI_API_KEY" in text for text in words) and any("keychain" in text for text in words)
    await until(lambda: not dialog._tasks.is_running("look at all keys"))
    buttons = [b for b in dialog.keys.findChildren(QPushButton, "forgetKeyButton") if b.text() == "Forget"]
    assert [b.accessibleName() for b in buttons] == ["Forget the key of Anthropic"], "the environment's cannot be"
    with qtbot.waitSignal(dialog.keysChanged):
        buttons[0].click()
        await until(lambda: not opened.keychain)
        await until(lambda: len(dialog.keys._found) == 1)
    await dialog.aclose()


async def test_a_key_for_an_own_server_is_entered_here(opened: Opened, qloop: object) -> None:
    dialog = opened.dialog
    dialog.show_page("keys")
    await until(lambda: dialog.keys._looked)
    box = dialog.keys.place_box
    box.setCurrentIndex(box.count() - 1)
    assert "llm.example.org" in box.currentText()
    dialog.keys.part.edit.setText("sk-own")
    dialog.keys.part.keep()
    await until(lambda: ("Rowmill", "compatible https://llm.example.org") in opened.keychain)
    await until(lambda: len(dialog.keys._found) == 3)
    await dialog.aclose()


def test_the_folder_of_jobs_is_shown_and_opened(opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    assert opened.dialog.folder_edit.text() == str(tmp_path)
    qtbot.mouseClick(opened.dialog._open_folder, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened.urls] == [tmp_path]


def test_about_tells_version_and_licence(opened: Opened) -> None:
    text = part(opened.dialog, QLabel, "aboutText").text()
    assert __version__ in text and "MIT" in text


async def test_about_shows_the_licence_of_whatever_is_chosen(opened: Opened, qloop: object, qtbot: QtBot) -> None:
    opened.dialog.show_page("about")
    names, text = part(opened.dialog, QListWidget, "componentList"), part(opened.dialog, QPlainTextEdit, "licenceText")
    await until(lambda: names.count() > 30)
    lines = [names.item(at).text() for at in range(names.count())]
    qt = next(at for at, line in enumerate(lines) if line.startswith("Qt "))
    assert "LGPL" in lines[qt]
    names.setCurrentRow(qt)
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.toPlainText()
    qtbot.keyClick(names, Qt.Key.Key_Down)
    assert "GNU LESSER" not in text.toPlainText() and len(text.toPlainText()) > 500
    opened.dialog.show_page("general")
    opened.dialog.show_page("about")
    await opened.dialog.aclose()
    assert names.count() == len(lines), "read once"


def test_every_page_can_be_shown_and_esc_closes(opened: Opened, qtbot: QtBot) -> None:
    for at, page in enumerate(PAGES):
        opened.dialog.show_page(page)
        assert opened.dialog.tabs.currentIndex() == at
    qtbot.keyClick(opened.dialog, Qt.Key.Key_Escape)
    assert not opened.dialog.isVisible()
