"""The window opens without what its first page does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LATER = (
    "anthropic", "babel", "genai_prices", "keyring", "openai", "psutil", "xlsxwriter", "PySide6.QtNetwork",
    "gui_app.commands", "gui_app.engine.runner", "gui_app.engine.in_memory", "gui_app.practice", "gui_app.pricing",
    "gui_app.providers", "gui_app.recipes", "gui_app.review", "gui_app.store", "gui_app.tables",
    "gui_app.ui.job.job_page", "gui_app.ui.settings.settings_dialog", "gui_app.ui.exporting.export_dialog",
    "gui_app.ui.jobs_list.job_shelf",
)  # fmt: skip

_BUILT = """
import json, os, sys
from gui_app import app
from gui_app.keys import KeyStore
from gui_app.settings import Settings
from gui_app.ui.window.main_window import MainWindow
from gui_app.ui.services import Services
from gui_app.worker.client import WorkerClient
application = app.application()
app.apply_theme(application, "light")
window = MainWindow(Services(WorkerClient(), Settings.load(), KeyStore({})))
window.show()
print(json.dumps(sorted(sys.modules)), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _BUILT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "ROWMILL_HOME": str(tmp_path_factory.mktemp("home"))},
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", LATER)
def test_the_window_opens_without(imported: list[str], name: str) -> None:
    assert "gui_app.ui.window.main_window" in imported
    assert not [module for module in imported if module == name or module.startswith(f"{name}.")]
