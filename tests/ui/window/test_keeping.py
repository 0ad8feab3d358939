"""A disk that is slow to keep the settings: the window answers, and when it has closed nothing is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QComboBox, QSpinBox

from gui_app import paths, settings
from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.settings import CONCURRENCY, EXPORT_FOLDER, LANGUAGE, RECENT, THEME, Settings
from gui_app.ui.pieces.forms import choose
from gui_app.ui.program.ending import EndRequests
from gui_app.ui.samples import SAMPLES
from gui_app.ui.settings.settings_dialog import SettingsDialog
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.finding import part
from tests.helpers.practice import Practice
from tests.helpers.waiting import until, wait_until
from tests.ui.window.test_main_window import opened

pytestmark = pytest.mark.timeout(200)


class SlowDisk:
    """Where the settings' `os.fsync` is: flushes nothing until it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.flushing: list[threading.Thread] = []

    def flush(self, _handle: int) -> None:
        self.flushing.append(threading.current_thread())
        assert self.let.wait(60)


def flush_by(flush: Callable[[int], object]) -> SimpleNamespace:
    """`os` for the settings; everybody else flushes as ever."""
    return SimpleNamespace(**{**vars(os), "fsync": flush})


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    out = SlowDisk()
    monkeypatch.setattr(settings, "os", flush_by(out.flush))
    return out


async def test_the_window_opens_a_job_and_answers_while_the_disk_is_slow(
    window: MainWindow, practice: Practice, home: Path, disk: SlowDisk
) -> None:
    window.opening.open_sample(SAMPLES[0])
    page = await opened(window, 120)
    await until(lambda: page.model.index(0, 0).data())
    answered: list[str] = []
    QTimer.singleShot(0, window, lambda: answered.append("yes"))
    await until(lambda: answered)
    assert len(disk.flushing) == 1 and not (home / "settings.json").exists()
    disk.let.set()
    await window.aclose()
    assert Settings.load(home / "settings.json").get(RECENT)[0]["path"] == str(page.path)


async def test_closed_right_after_a_change_everything_is_on_the_disk(
    window: MainWindow, practice: Practice, home: Path, disk: SlowDisk
) -> None:
    window.settings.set(EXPORT_FOLDER, "first")
    window.settings.save_soon()
    window.settings.set(EXPORT_FOLDER, "second")
    closing: list[str] = []
    window.closed.connect(lambda: closing.append("closed"))
    window.close()
    await until(lambda: window._is_closing and len(disk.flushing) == 1)
    # Its place on the screen and all else is waiting for the first to be written.
    assert not closing
    disk.let.set()
    await until(lambda: closing)
    saved = json.loads((home / "settings.json").read_text("utf-8"))
    assert saved["export_folder"] == "second" and saved["window_geometry"]


async def test_whatever_is_changed_in_the_window_no_disk_is_waited_for_on_its_thread(
    window: MainWindow, practice: Practice, home: Path, disk: SlowDisk
) -> None:
    disk.let.set()
    window.opening.open_sample(SAMPLES[0])
    page = await opened(window, 120)
    window.opening.open(page.path)
    window.show_settings()
    dialog = part(window, SettingsDialog, "settingsDialog")
    for box, value in (("languageBox", "zh_CN"), ("languageBox", "en"), ("themeBox", "light")):
        choose(part(dialog, QComboBox, box), value)
    part(dialog, QSpinBox, "ceiling_openai").setValue(7)
    window.events.take(JobProgress("other.rowmill", JobState.RUNNING, Counts()))
    window.later.queue.add(page.path)
    await until(lambda: page.path in window.later.queue.order)
    window.events.take(JobProgress("other.rowmill", JobState.PAUSED, Counts()))
    await window.aclose()
    assert disk.flushing
    assert threading.main_thread() not in disk.flushing
    saved = Settings.load(home / "settings.json")
    assert (saved.get(LANGUAGE), saved.get(THEME), saved.get(CONCURRENCY)) == ("en", "light", {"openai": 7})


async def test_what_cannot_be_kept_is_told_in_the_window(window: MainWindow, practice: Practice, home: Path) -> None:
    (home / "settings.json").mkdir(parents=True)
    window.seen.note(Path("a.rowmill"), JobState.RUNNING)
    await until(lambda: "cannot be saved" in window.status.label.text())
    await window.aclose()


async def test_when_the_session_ends_all_is_on_the_disk_before_the_system_goes_on(
    window: MainWindow, practice: Practice, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "os", flush_by(lambda _handle: time.sleep(0.3)))
    ends = EndRequests(cast(QGuiApplication, QGuiApplication.instance()), window.quit, window.keep_now)
    window.settings.set(EXPORT_FOLDER, "here")
    ends._session_ends(cast(QSessionManager, None))
    saved = json.loads((home / "settings.json").read_text("utf-8"))
    assert saved["export_folder"] == "here" and saved["window_geometry"]
    await until(lambda: window._is_closed)
    ends.close()
    ends.deleteLater()


# The program as it is, on a disk that takes a second to flush.
_ON_A_SLOW_DISK = """
import os, sys, time, types
from pathlib import Path
from gui_app import app, settings
slow = lambda _handle: (Path(sys.argv[2]).touch(), time.sleep(1))
settings.os = types.SimpleNamespace(**{**vars(os), "fsync": slow})
sys.exit(app.main([sys.argv[1]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that asks")
def test_sigterm_while_a_change_is_being_written_loses_nothing(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,x\n2,y\n", "utf-8")
    begun = tmp_path / "begun"
    ran = subprocess.Popen(
        [sys.executable, "-c", _ON_A_SLOW_DISK, str(table), str(begun)], stderr=subprocess.PIPE, text=True
    )
    try:
        # The new job is among the recent ones: it is being written just now.
        wait_until(begun.exists)
        ran.send_signal(signal.SIGTERM)
        _out, said = ran.communicate(timeout=60)
    finally:
        ran.kill()
        ran.wait()
    assert ran.returncode == 0, said
    saved = json.loads(paths.config_file().read_text("utf-8"))
    assert saved["recent"][0]["source"] == str(table) and saved["window_geometry"]
    assert [path.name for path in paths.config_file().parent.glob("*settings*")] == ["settings.json"]
