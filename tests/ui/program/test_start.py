"""The window is drawn before what its first page does not need, answers while that comes, and loses nothing early."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.ui.jobs_list.job_list import ENTRY
from gui_app.ui.look import before_paint
from gui_app.ui.pieces.panel import text_label
from gui_app.ui.program.steps import Steps
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.client import WorkerClient
from tests.helpers.finding import part
from tests.helpers.practice import Practice
from tests.helpers.waiting import until
from tests.ui.window.test_main_window import drop, opened, table

AFTER_THE_FIRST_PICTURE = (
    "asyncio", "concurrent", "dataclasses", "datetime", "hashlib", "html", "logging.handlers", "platform", "qasync",
    "socket", "sqlite3", "ssl", "subprocess",
    "gui_app.engine", "gui_app.jobs", "gui_app.keys", "gui_app.logs", "gui_app.sentences", "gui_app.worker",
)  # fmt: skip
AFTER_THE_START = (
    "anthropic", "babel", "genai_prices", "keyring", "openai", "psutil", "xlsxwriter", "PySide6.QtNetwork",
    "gui_app.commands", "gui_app.engine.runner", "gui_app.engine.in_memory", "gui_app.practice", "gui_app.pricing",
    "gui_app.providers", "gui_app.recipes", "gui_app.review", "gui_app.store", "gui_app.tables",
    "gui_app.ui.job.job_page", "gui_app.ui.settings.settings_dialog", "gui_app.ui.exporting.export_dialog",
    "gui_app.ui.jobs_list.job_shelf",
)  # fmt: skip

# The start as it is, told of where the first picture is drawn and where the loop begins.
_STARTED = """
import json, os, sys
from gui_app import app

def names():
    from PySide6 import QtCore, QtWidgets
    made = [name for room in (QtCore, QtWidgets) for name in ("Qt", "QEvent", "QStyle") if name in vars(room)]
    return {"modules": sorted(sys.modules), "made": made}

class Watched(app.Steps):
    def run(self):
        app.QApplication.processEvents()
        self._window.grab()
        print(json.dumps(names()))
        super().run()
        print(json.dumps(names()), flush=True)
        os._exit(0)

app.Steps = Watched
app.main([])
"""


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """What was there when the first picture was drawn, and when the window was whole."""
    done = subprocess.run(
        [sys.executable, "-c", _STARTED],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "ROWMILL_HOME": str(tmp_path_factory.mktemp("home"))},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def found(modules: list[str], name: str) -> list[str]:
    return [module for module in modules if module == name or module.startswith(f"{name}.")]


@pytest.mark.parametrize("name", AFTER_THE_FIRST_PICTURE)
def test_the_first_picture_is_drawn_without(moments: list[dict[str, list[str]]], name: str) -> None:
    first, whole = moments
    assert "gui_app.ui.window.main_window" in first["modules"] and "qasync" in whole["modules"]
    assert not found(first["modules"], name)


@pytest.mark.parametrize("name", AFTER_THE_START)
def test_the_window_opens_without(moments: list[dict[str, list[str]]], name: str) -> None:
    assert not found(moments[1]["modules"], name)


def test_the_first_picture_is_drawn_before_the_names_of_qt_are_made(moments: list[dict[str, list[str]]]) -> None:
    assert moments[0]["made"] == []
    assert {"Qt", "QEvent"} <= set(moments[1]["made"])


def test_the_numbers_stand_for_what_they_are_said_to_be(qtbot: QtBot) -> None:
    label, jobs, box = QLabel(), QListWidget(), QPushButton()
    for widget in (label, jobs, box):
        qtbot.addWidget(widget)
    before_paint.centre(label)
    before_paint.ask_for_own_menu(jobs)
    before_paint.never_scroll_sideways(jobs)
    before_paint.leave_out_of_tab_order(box)
    assert text_label().textFormat() == Qt.TextFormat.PlainText
    assert label.alignment() == Qt.AlignmentFlag.AlignCenter
    assert jobs.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
    assert jobs.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    assert box.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert Qt.ItemDataRole.UserRole + 1 == ENTRY


def test_between_any_two_steps_the_window_answers(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    happened: list[object] = []

    def rest() -> Iterator[None]:
        for number in range(4):
            happened.append(number)
            QTimer.singleShot(0, window, lambda number=number: happened.append(f"answer {number}"))
            yield

    Steps(window, rest()).run()
    QApplication.processEvents()
    assert happened == [0, "answer 0", 1, "answer 1", 2, "answer 2", 3, "answer 3"]


def test_a_window_that_is_never_drawn_is_not_waited_for_and_a_broken_step_is_told(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)

    def broken() -> Iterator[None]:
        yield
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        Steps(window, broken()).run()


@pytest.fixture
def first_half(home: Path, qloop: object, practice: Practice) -> Iterator[MainWindow]:
    """The window as it is on its first picture."""
    window = MainWindow(Settings(home / "settings.json"))
    window.show()
    yield window
    window.hide()
    window.deleteLater()


def finish(window: MainWindow) -> None:
    for _step in window.furnishing(Services(WorkerClient(), window.settings, KeyStore({}))):
        pass
    window.begin()


async def test_the_first_time_a_small_screen_is_filled_and_later_the_window_is_as_it_was_left(
    home: Path, qloop: object, practice: Practice
) -> None:
    settings = Settings(home / "settings.json")
    window = MainWindow(settings)
    room = window.screen().availableSize()
    # Qt's screen without a display is smaller than the window would like to be.
    assert room.width() < 1280
    assert window.size() != QSize(1280, 800)
    window.show_first()
    assert window.isMaximized()
    finish(window)
    window.showNormal()
    window._keep_geometry()
    await window.aclose()
    window.deleteLater()
    again = MainWindow(settings)
    again.show_first()
    assert again.isVisible() and not again.isMaximized()
    finish(again)
    await again.aclose()
    again.deleteLater()


async def test_a_sample_that_is_clicked_on_the_first_picture_is_opened(first_half: MainWindow) -> None:
    QTest.mouseClick(part(first_half, QPushButton, "sample_reviews"), Qt.MouseButton.LeftButton)
    finish(first_half)
    await opened(first_half, 120)
    await first_half.aclose()


async def test_a_file_that_is_dropped_on_the_first_picture_is_opened(first_half: MainWindow, tmp_path: Path) -> None:
    drop(first_half, table(tmp_path))
    finish(first_half)
    await opened(first_half, 12)
    await first_half.aclose()


async def test_keys_of_the_window_are_kept_and_text_is_in_its_field_at_once(first_half: MainWindow) -> None:
    search = first_half.jobs.search
    QTest.keyClicks(search, "invoices")
    assert search.text() == "invoices"
    QTest.keyClick(first_half.empty.drop.button, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert first_half.findChild(QWidget, "settingsDialog") is None
    finish(first_half)
    await until(lambda: first_half.findChild(QWidget, "settingsDialog") is not None)
    await first_half.aclose()


async def test_a_window_that_is_closed_on_its_first_picture_closes_in_order(first_half: MainWindow) -> None:
    ended: list[bool] = []
    first_half.closed.connect(lambda: ended.append(True))
    first_half.close()
    assert first_half.isVisible()
    finish(first_half)
    await until(lambda: bool(ended))
    assert not first_half.isVisible()


async def test_the_words_of_the_first_picture_follow_a_switch_of_the_language(
    first_half: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gui_app import i18n

    finish(first_half)
    i18n.set_language("zh_CN")
    QApplication.sendEvent(first_half, QEvent(QEvent.Type.LanguageChange))
    button: Any = first_half.empty.drop.button
    assert "Choose" not in button.text()
    assert first_half.jobs.search.placeholderText() != "Find a job"
    await first_half.aclose()
