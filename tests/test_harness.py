"""The strictness of the test run itself: what is left behind, logged or warned of fails a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

CASES = {
    "thread": "def test(): threading.Thread(target=time.sleep, args=(1.5,)).start()",
    "child process": "def test(): kept.append(subprocess.Popen(['sleep', '60']))",
    "detached process": "def test(): subprocess.Popen('setsid sleep 60 & exit', shell=True).wait()",
    "log record": "def test(): logging.getLogger('x').warning('unexpected')",
    "log record that never came": "def test(expect_log): expect_log('never')",
    "warning": "def test(): warnings.warn('old')",
    "task": "async def test(): kept.append(asyncio.create_task(asyncio.sleep(60)))",
    "task on qasync": "async def test(qloop): kept.append(asyncio.create_task(asyncio.sleep(60)))",
    "endless coroutine": "@pytest.mark.timeout(2)\nasync def test(): await asyncio.sleep(60)",
    "Qt warning": "def test(qapp): QtCore.qWarning('unexpected')",
    "Qt timer": "def test(qapp): kept.append(QtCore.QTimer()); kept[-1].start(1000)",
    "window": "def test(qapp): kept.append(QtWidgets.QLabel('x')); kept[-1].show()",
}
HEAD = """
import asyncio, logging, subprocess, threading, time, warnings
import pytest
from PySide6 import QtCore, QtWidgets
kept = []
"""
GOOD = """
def test_a_home_of_its_own(home, tmp_path):
    from gui_app import paths
    assert paths.data_dir() == home and home.is_relative_to(tmp_path)
def test_no_keychain():
    import keyring
    assert type(keyring.get_keyring()).__module__ == "keyring.backends.fail"
def test_expected_log(expect_log):
    expect_log("this .*"); logging.getLogger("x").warning("this one")
async def test_async():
    await asyncio.sleep(0.001)
async def test_async_on_qasync(qloop):
    assert asyncio.get_running_loop() is qloop
    assert await asyncio.to_thread(lambda: 5) == 5
def test_windows_and_timers_that_end(qtbot):
    label = QtWidgets.QLabel("x"); qtbot.addWidget(label); label.show()
    timer = QtCore.QTimer(label); timer.start(1000)
    with qtbot.waitSignal(timer.timeout, timeout=5000, raising=True): timer.setInterval(1)
    timer.stop()
"""


def _run(folder: Path, name: str, code: str) -> str:
    (folder / f"test_{name.replace(' ', '_')}.py").write_text(HEAD + code, "utf-8")
    environment = {**os.environ, "ROWMILL_TEST_PATIENCE_S": "0.3", "PYTHONPATH": str(ROOT)}
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "-p", "tests.conftest"]
    options += ["-p", "no:cacheprovider", "-q", "--tb=short", "--basetemp", str(folder / "t")]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder)],
        capture_output=True, text=True, env=environment, cwd=folder, timeout=100, check=False,
    )  # fmt: skip
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def bad_run(tmp_path_factory) -> str:
    """One run of everything that must fail, each in a file of its own."""
    folder = tmp_path_factory.mktemp("bad")
    for name, code in CASES.items():
        (folder / f"test_{name.replace(' ', '_')}.py").write_text(HEAD + code, "utf-8")
    return _run(folder, "nothing", "")


@pytest.mark.parametrize("name", [name for name in CASES if name != "detached process"])
def test_a_test_fails_that_leaves_or_says(name, bad_run):
    file = f"test_{name.replace(' ', '_')}.py"
    assert any(line.startswith(("FAILED", "ERROR")) and file in line for line in bad_run.splitlines()), bad_run


def test_the_run_fails_when_a_detached_process_outlives_it(bad_run):
    assert "Processes outlived their tests" in bad_run


def test_what_is_in_order_passes(tmp_path):
    assert "6 passed in" in (output := _run(tmp_path, "good", GOOD)), output


def test_the_rooms_below_the_window_are_tested_without_qt(tmp_path):
    blocked = tmp_path / "PySide6"
    blocked.mkdir()
    (blocked / "__init__.py").write_text("raise ImportError('no Qt here')", "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest-qt", "-p", "no:cacheprovider", "tests/test_paths.py"],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
