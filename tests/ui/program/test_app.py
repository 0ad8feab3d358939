"""The program as it is started: one window a user, a file handed over, an ordinary end when the system asks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from gui_app import app, paths
from gui_app.store.copies import job_glance
from gui_app.ui.window.main_window import MainWindow
from tests.helpers.practice import Practice
from tests.helpers.waiting import until, wait_until

START = [sys.executable, "-m", "gui_app"]


def table(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("a,b\n1,x\n2,y\n", "utf-8")
    return path


def names() -> list[str]:
    found = [job_glance(path) for path in paths.jobs_dir().glob("*.rowmill")]
    return sorted(glance.name for glance in found if glance.import_done)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that asks")
def test_a_second_start_hands_its_file_over_and_sigterm_is_an_ordinary_close(home: Path, tmp_path: Path) -> None:
    first = subprocess.Popen([*START, str(table(tmp_path, "one.csv"))], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: names() == ["one"])
        second = subprocess.run([*START, str(table(tmp_path, "two.csv"))], timeout=40, check=False)
        assert second.returncode == 0
        wait_until(lambda: names() == ["one", "two"])
        first.send_signal(signal.SIGTERM)
        _out, said = first.communicate(timeout=40)
    finally:
        first.kill()
        first.wait()
    assert first.returncode == 0
    complaints = [line for line in said.splitlines() if not line.startswith(b"This plugin does not support")]
    assert not complaints, b"\n".join(complaints).decode()
    # Closed in order: no job is left open, and what was seen of the window is remembered. An import that was still at
    # work ends in its own process, a moment later.
    wait_until(lambda: not list(paths.jobs_dir().glob("*-wal")))
    assert "window_geometry" in paths.config_file().read_text("utf-8")


def test_two_files_or_an_unknown_option_are_refused_in_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["a.csv", "b.csv"]) == 2
    assert app.main(["--nonsense"]) == 2
    assert "--help" in capsys.readouterr().err


async def test_a_job_file_that_is_none_gets_a_sentence(window: MainWindow, practice: Practice, tmp_path: Path) -> None:
    broken = tmp_path / "from a friend.rowmill"
    broken.write_bytes(b"PK\x03\x04 something else")
    window.opening.open(broken)
    await until(lambda: window.page is not None and window.page.banners.texts() != [])
    assert window.page is not None
    assert "not a Rowmill job" in window.page.banners.texts()[0]
    await window.aclose()


async def test_called_by_a_second_start_a_hidden_window_comes_back(window: MainWindow, practice: Practice) -> None:
    window.go_to_background()
    assert not window.isVisible()
    window.come_back()
    assert window.isVisible()
    await window.aclose()


async def test_the_window_opens_nothing_and_starts_nobody_by_itself(window: MainWindow, practice: Practice) -> None:
    await asyncio.sleep(0.2)
    assert window._services.worker._process is None
    assert QApplication.activeModalWidget() is None
    await window.aclose()
