"""The window with everything real behind it: worker processes, job files, the practice provider on loopback."""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui_app.app import application
from gui_app.keys import KeyStore
from gui_app.practice import launch
from gui_app.settings import Settings
from gui_app.ui.look.theme import apply_theme
from gui_app.ui.program.collecting import Collector
from gui_app.ui.services import Services
from gui_app.ui.window.main_window import MainWindow
from gui_app.worker.client import WorkerClient
from tests.helpers.practice import Practice


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    """Widgets look as they do in the app; modules are left out of every further collection."""
    apply_theme(application(), "light")
    gc.collect()
    gc.freeze()


# For a module and not for a test: each end looks through everything there is, a third of a second.
@pytest.fixture(scope="module", autouse=True)
def collected_here(qapp: QApplication) -> Iterator[None]:
    """As in the app: no other thread deletes a widget."""
    collector = Collector()
    yield
    collector.close()


@pytest.fixture
def practice(home: Path) -> Iterator[Practice]:
    """A practice server without waiting, where the worker looks for one."""
    place = launch.default_home()
    with Practice(place) as server:
        launch.write_state(place, server.port, server.token, os.getpid())
        yield server


@pytest.fixture
def window(home: Path, qloop: object, practice: Practice) -> Iterator[MainWindow]:
    """The shown window. Close it with `await window.aclose()`."""
    window = MainWindow.whole(Services(WorkerClient(), Settings(home / "settings.json"), KeyStore({})))
    window.resize(1280, 800)
    window.show()
    yield window
    window.hide()
    window.deleteLater()


Until = Callable[..., Awaitable[None]]
Bot = QtBot
