"""What a test must not leave behind: threads, child processes, Qt timers and windows, log records."""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psutil

_HARMLESS_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
_HARMLESS_THREADS = ("pytest_timeout", "QueueFeederThread")


@dataclass
class Snapshot:
    """What was there before the test."""

    threads: set[threading.Thread]
    processes: set[int]
    with_qt: bool
    timers: set[int] = field(default_factory=set)
    windows: set[int] = field(default_factory=set)

    @classmethod
    def take(cls, *, with_qt: bool) -> Snapshot:
        """Look around. Qt is asked only by tests that use it."""
        snapshot = cls(set(threading.enumerate()), _children(), with_qt)
        if with_qt:
            snapshot.timers = set(_active_timers())
            snapshot.windows = set(_open_windows())
        return snapshot

    def left_behind(self, *, patience_s: float) -> list[str]:
        """What is there now and was not before, after giving it time to end. Leftover processes are killed."""
        deadline = time.monotonic() + patience_s
        wait_s = 0.001
        while (left := self._new()) and time.monotonic() < deadline:
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, 0.1)
        for pid in _children() - self.processes if left else ():
            _kill(pid)
        return left

    def _new(self) -> list[str]:
        left = [
            f"thread {thread.name}"
            for thread in threading.enumerate()
            if thread not in self.threads
            and not isinstance(thread, threading._DummyThread)
            and not thread.name.startswith(_HARMLESS_THREADS)
        ]
        for pid in _children() - self.processes:
            name = _describe(pid)
            if name and not any(part in name for part in _HARMLESS_PROCESSES):
                left.append(f"process {pid}: {name}")
        if self.with_qt:
            _let_qt_delete()
            left += [text for key, text in _open_windows().items() if key not in self.windows]
            left += [text for key, text in _active_timers().items() if key not in self.timers]
        return left


def strays(homes: Collection[str]) -> dict[str, psutil.Process]:
    """Living processes, children or not, whose ROWMILL_HOME is one of these folders; by what they are."""
    found = {}
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("ROWMILL_HOME") in homes:
                found[f"{process.pid}: {' '.join(process.cmdline())[:200]}"] = process
        except psutil.Error:
            continue
    return found


def _children() -> set[int]:
    # Not /proc/self/task/*/children: it leaves some out while a thread ends.
    return {child.pid for child in psutil.Process().children()}


def _describe(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        # A finished child nobody waited for is not running, but asyncio and subprocess warn of it themselves.
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())[:200]
    except psutil.Error:
        return ""


def _kill(pid: int) -> None:
    try:
        psutil.Process(pid).kill()
    except psutil.Error:
        pass


def _let_qt_delete() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    # deleteLater waits for a loop; a test that is over has none.
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _active_timers() -> dict[int, str]:
    # Those known to Python, or hanging below the application; by address.
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QTimer

    app = QCoreApplication.instance()
    below = app.findChildren(QTimer) if app else []
    found = {}
    for timer in [*below, *(thing for thing in gc.get_objects() if isinstance(thing, QTimer))]:
        if shiboken6.isValid(timer) and timer.isActive():
            whose = f"{type(timer.parent()).__name__} {timer.objectName()}"
            found[shiboken6.getCppPointer(timer)[0]] = f"running QTimer of {whose}, every {timer.interval()} ms"
    return found


def _open_windows() -> dict[int, str]:
    import shiboken6

    # A test without widgets has no windows.
    widgets: Any = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or not isinstance(widgets.QApplication.instance(), widgets.QApplication):
        return {}
    return {
        shiboken6.getCppPointer(widget)[0]: f"open window {type(widget).__name__} {widget.objectName()!r}"
        for widget in widgets.QApplication.topLevelWidgets()
        if widget.isVisible()
    }


class LogWatch(logging.Handler):
    """Collects what is logged at WARNING or above while it is entered."""

    _stack: ClassVar[list[LogWatch]] = []

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[str] = []
        self._expected: list[str] = []

    @classmethod
    def current(cls) -> LogWatch:
        """The watch of the running test."""
        return cls._stack[-1]

    def expect(self, pattern: str) -> None:
        """Records that match are right, and at least one must come."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What no expected pattern covers."""
        return [text for text in self._records if not any(re.search(p, text) for p in self._expected)]

    def check_expected(self) -> None:
        """Fails when an expected record never came."""
        missing = [p for p in self._expected if not any(re.search(p, text) for text in self._records)]
        assert not missing, f"never logged: {missing}; logged: {self._records}"

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record as text."""
        text = f"{record.name} {record.levelname}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" [{type(record.exc_info[1]).__name__}: {record.exc_info[1]}]"
        self._records.append(text)

    def __enter__(self) -> LogWatch:
        self._stack.append(self)
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *exc: object) -> None:
        logging.getLogger().removeHandler(self)
        self._stack.remove(self)
