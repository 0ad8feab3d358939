"""The window's life on the loop: from the moment all is there until everything is closed in order."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

# After PySide6: it takes the binding that is there already.
from qasync import QEventLoop

from gui_app.keys import KeyStore
from gui_app.ui.program.collecting import Collector
from gui_app.ui.program.ending import EndRequests
from gui_app.ui.program.handed_files import HandedFiles
from gui_app.ui.program.notifying import JobNotifier
from gui_app.ui.program.side_threads import SideThreads
from gui_app.ui.program.taskbar import TaskbarProgress
from gui_app.ui.services import Services
from gui_app.worker.client import WorkerClient

if TYPE_CHECKING:
    from gui_app.settings import Settings
    from gui_app.ui.program.single_instance import SingleInstance
    from gui_app.ui.window.main_window import MainWindow


def services(settings: Settings) -> Services:
    """What the window works with."""
    return Services(WorkerClient(), settings, KeyStore(os.environ))


def live(app: QApplication, window: MainWindow, door: SingleInstance, files: Sequence[Path]) -> None:
    """Run until the window has closed.

    Args:
        files: Opened at once.
    """
    loop = QEventLoop(app)
    loop.set_default_executor(SideThreads())
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(_live(app, window, door, files))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())


async def _live(app: QApplication, window: MainWindow, door: SingleInstance, files: Sequence[Path]) -> None:
    collector = Collector(app)
    closed = asyncio.Event()
    # Not the event's own method: of what is no QObject, Qt keeps a method without keeping what it belongs to.
    window.closed.connect(lambda: closed.set())
    notifier = JobNotifier(window.settings, window, app.windowIcon())
    window.jobMoved.connect(notifier.moved)
    window.jobEnded.connect(notifier.ended)
    taskbar = TaskbarProgress(window)
    window.jobMoved.connect(taskbar.moved)
    window.jobEnded.connect(taskbar.ended)
    door.called.connect(lambda paths: _called(window, [Path(path) for path in paths]))
    ends = EndRequests(app, window.quit, window.keep_now)
    if sys.platform == "darwin":
        # Nowhere else does a file come as an event, and looking at every event has its price.
        HandedFiles(app).opened.connect(lambda path: _called(window, [Path(path)]))
    door.listen_soon()
    window.begin()
    if window.settings.notice is not None:
        window.status.tell_error(window.settings.notice)
    for file in files:
        window.opening.open(file)
    try:
        await closed.wait()
    finally:
        taskbar.close()
        door.close()
        ends.close()
        window.deleteLater()
        collector.close()


def _called(window: MainWindow, files: Sequence[Path]) -> None:
    window.come_back()
    for file in files:
        window.opening.open(file)
