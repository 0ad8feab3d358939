"""What the tests of a job's page share."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gui_app.ui.job.run_bar import RunBar


@pytest.fixture
def bar(qtbot: QtBot) -> RunBar:
    bar = RunBar()
    qtbot.addWidget(bar)
    bar.resize(1000, 120)
    bar.show()
    return bar
