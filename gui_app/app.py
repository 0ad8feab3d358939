"""Puts the window's parts together, starts the loop, and closes everything in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from gui_app import __version__, i18n, paths
from gui_app.errors import StorageError
from gui_app.i18n import _
from gui_app.settings import LANGUAGE, TEXT_SIZE, THEME, Settings
from gui_app.ui.look.before_paint import make_the_names
from gui_app.ui.look.theme import apply_text_size, apply_theme, choose_colours
from gui_app.ui.program.single_instance import SingleInstance
from gui_app.ui.program.steps import Steps
from gui_app.ui.window.main_window import MainWindow

# What is imported once the window is on the screen, each with what the ones before have not brought: in bites of a few
# milliseconds, where asyncio as a whole would take thirty.
_LATER = (
    "socket",
    "logging.handlers",
    "sqlite3",
    "gui_app.logs",
    "ssl",
    "subprocess",
    "concurrent.futures",
    "asyncio",
    "qasync",
    "hashlib",
    "dataclasses",
    "gui_app.jobs",
    "gui_app.sentences",
    "gui_app.keys",
    "gui_app.engine.events",
    "gui_app.worker.protocol",
    "gui_app.worker.client",
    "gui_app.ui.pieces.forms",
    "gui_app.ui.pieces.status_message",
    "gui_app.ui.later.later",
    "gui_app.ui.jobs_list.job_waits",
    "gui_app.ui.jobs_list.library",
    "gui_app.ui.jobs_list.updating",
    "gui_app.ui.window.window_dialogs",
    "gui_app.ui.window.away",
    "gui_app.ui.program.notifying",
    "gui_app.ui.window_actions",
    "gui_app.ui.window.key_work",
    "gui_app.ui.program.life",
)


def main(arguments: Sequence[str]) -> int:
    """Open the window, with a file in it if one is given. Returns the exit code.

    The window is drawn before anything is imported that it does not show: the rest follows in steps of a few
    milliseconds, and what is pressed meanwhile is done as soon as it can be.

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
    except StorageError as error:
        from gui_app.sentences import explain

        sys.stderr.write(explain(error) + "\n")
        return 2
    app = application()
    door = SingleInstance(folder, app)
    if door.hand_over(arguments):
        return 0
    choose_colours(app, settings.get(THEME))
    apply_text_size(app, int(settings.get(TEXT_SIZE)))
    window = MainWindow(settings)
    apply_theme(app, settings.get(THEME))
    window.jobs.refit()
    window.show_first()
    Steps(window, _rest(app, window)).run()
    from gui_app.ui.program.life import live

    live(app, window, door, [Path(argument) for argument in arguments])
    return 0


def application() -> QApplication:
    """The one QApplication, named and dressed in Qt's own style, which looks the same on every system."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        app = found
        if not app.styleSheet():
            app.setStyle("Fusion")
    else:
        # Asked for so, PySide does not wrap it, with all the names that styles have.
        app = QApplication(["rowmill", "-style", "Fusion"])
    app.setApplicationName("rowmill")
    app.setApplicationDisplayName("Rowmill")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("rowmill")
    # The window decides when the program ends: jobs may go on without it.
    app.setQuitOnLastWindowClosed(False)
    return app


def _rest(app: QApplication, window: MainWindow) -> Iterator[None]:
    """All that is not on the first picture, with a breath wherever some milliseconds have gone by."""
    make_the_names()
    yield
    for name in _LATER:
        import_module(name)
        yield
    from gui_app.logs import log_to_file
    from gui_app.ui.look.qt_words import use_qt_words
    from gui_app.ui.look.theme import look_again

    log_to_file("rowmill")
    look_again(app)
    use_qt_words(app)
    yield
    app.setWindowIcon(window_icon())
    yield
    from gui_app.ui.program.life import services

    yield from window.furnishing(services(window.settings))


def window_icon() -> QIcon:
    """Rowmill's own icon: up to 32 pixels the drawing that was made for few pixels."""
    from gui_app.ui.look.icons import drawing

    out = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        out.addPixmap(drawing("rowmill-small" if size <= 32 else "rowmill", size))
    return out
