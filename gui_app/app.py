"""Puts the window's parts together, starts the loop, and closes everything in order."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

# After PySide6: it takes the binding that is there already.
from qasync import QEventLoop

from gui_app import __version__, i18n, paths
from gui_app.errors import StorageError
from gui_app.i18n import _
from gui_app.keys import KeyStore
from gui_app.logs import log_to_file
from gui_app.sentences import explain
from gui_app.settings import LANGUAGE, TEXT_SIZE, THEME, Settings
from gui_app.ui.look.icons import pixmap
from gui_app.ui.look.qt_words import use_qt_words
from gui_app.ui.look.theme import apply_text_size, apply_theme
from gui_app.ui.services import Services
from gui_app.ui.window.collecting import Collector
from gui_app.ui.window.ending import EndRequests
from gui_app.ui.window.handed_files import HandedFiles
from gui_app.ui.window.main_window import MainWindow
from gui_app.ui.window.notifying import JobNotifier
from gui_app.ui.window.single_instance import SingleInstance
from gui_app.ui.window.taskbar import TaskbarProgress
from gui_app.worker.client import WorkerClient

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Open the window, with a file in it if one is given. Returns the exit code.

    Args:
        arguments: At most one path, of a table or a job.
    """
    settings = Settings.load()
    i18n.set_language(settings.get(LANGUAGE))
    if len(arguments) > 1 or any(argument.startswith("--") for argument in arguments):
        sys.stderr.write(_("Give one file to open, or a command. `rowmill --help` lists them.") + "\n")
        return 2
    try:
        folder = paths.runtime_dir()
        log_to_file("rowmill")
    except StorageError as error:
        sys.stderr.write(explain(error) + "\n")
        return 2
    app = application()
    door = SingleInstance(folder, app)
    if door.hand_over(arguments):
        return 0
    apply_theme(app, settings.get(THEME))
    apply_text_size(app, int(settings.get(TEXT_SIZE)))
    use_qt_words(app)
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(_run(app, settings, door, [Path(argument) for argument in arguments]))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    return 0


def application() -> QApplication:
    """The one QApplication, named and with its icon."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(["rowmill"])
    app.setApplicationName("rowmill")
    app.setApplicationDisplayName("Rowmill")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("rowmill")
    app.setWindowIcon(window_icon())
    # The window decides when the program ends: jobs may go on without it.
    app.setQuitOnLastWindowClosed(False)
    return app


def window_icon() -> QIcon:
    """Rowmill's own icon: up to 32 pixels the drawing that was made for few pixels."""
    out = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        out.addPixmap(pixmap("rowmill-small" if size <= 32 else "rowmill", "black", size))
    return out


async def _run(app: QApplication, settings: Settings, door: SingleInstance, files: Sequence[Path]) -> None:
    collector = Collector(app)
    window = MainWindow(Services(WorkerClient(), settings, KeyStore(os.environ)))
    closed = asyncio.Event()
    window.closed.connect(closed.set)
    notifier = JobNotifier(settings, window, app.windowIcon())
    window.jobMoved.connect(notifier.moved)
    window.jobEnded.connect(notifier.ended)
    taskbar = TaskbarProgress(window)
    window.jobMoved.connect(taskbar.moved)
    window.jobEnded.connect(taskbar.ended)
    door.called.connect(lambda paths: _called(window, [Path(path) for path in paths]))
    ends = EndRequests(app, window.quit)
    if platform.system() == "Darwin":
        # Nowhere else does a file come as an event, and looking at every event has its price.
        HandedFiles(app).opened.connect(lambda path: _called(window, [Path(path)]))
    window.show()
    door.listen_soon()
    if settings.notice is not None:
        window.status.tell_error(settings.notice)
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
