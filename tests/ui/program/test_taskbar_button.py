"""Progress at Windows' taskbar: the calls, through a table of methods as COM lays one out."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.ui.program import taskbar_button
from gui_app.ui.program.taskbar import TaskbarProgress
from gui_app.ui.program.taskbar_button import TaskbarButton, find_taskbar

HANDLE = 0x1234


class MadeUpTaskbar:
    """An ITaskbarList3 that keeps what it is told. Every method that is not expected is written down too."""

    def __init__(self, init: int = 0) -> None:
        self.told: list[tuple[Any, ...]] = []
        kinds = {3: taskbar_button._Init, 9: taskbar_button._SetValue, 10: taskbar_button._SetState}
        self._kept = [self._entry(at, kinds.get(at, taskbar_button._Init), init) for at in range(21)]
        self._table = (ctypes.c_void_p * 21)(*(ctypes.cast(entry, ctypes.c_void_p).value for entry in self._kept))
        self._object = ctypes.pointer(ctypes.cast(self._table, ctypes.c_void_p))
        self.place = ctypes.cast(self._object, ctypes.c_void_p).value or 0

    def _entry(self, at: int, kind: Any, init: int) -> Any:
        def called(this: int, *arguments: int) -> int:
            assert this == self.place
            self.told.append((at, *arguments))
            return init if at == 3 else 0

        return kind(called)


def test_the_bar_is_shown_as_far_as_the_jobs_are_and_goes_with_them(qtbot: QtBot) -> None:
    taskbar = MadeUpTaskbar()
    bar = TaskbarProgress(send=TaskbarButton(taskbar.place, HANDLE).show)
    bar.moved(JobProgress("a", JobState.RUNNING, Counts(waiting=70, done=30)))
    bar.ended("a", JobProgress("a", JobState.FINISHED, Counts(done=100)))
    assert taskbar.told == [(3,), (10, HANDLE, 2), (9, HANDLE, 300, 1_000), (10, HANDLE, 0)]


def test_a_taskbar_that_does_not_work_is_left_alone(qtbot: QtBot) -> None:
    taskbar = MadeUpTaskbar(init=-2147467259)
    TaskbarButton(taskbar.place, HANDLE).show({"progress": 0.5, "progress-visible": True})
    assert taskbar.told == [(3,)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is one")
def test_elsewhere_there_is_none() -> None:
    assert find_taskbar() is None
