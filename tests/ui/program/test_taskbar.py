"""Progress at the program's icon: told to the desktop over the session bus, all jobs together."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from jeepney import MatchRule, message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection
from PySide6.QtDBus import QDBusConnection
from pytestqt.qtbot import QtBot

from gui_app.engine.events import JobProgress
from gui_app.jobs import Counts, JobState
from gui_app.ui.program.taskbar import TaskbarProgress, desktop_sender, send_over
from tests.helpers.session_bus import session_bus


def moving(job: str, finished: int, rows: int) -> JobProgress:
    return JobProgress(job, JobState.RUNNING, Counts(waiting=rows - finished, done=finished))


def test_jobs_are_added_up_and_the_bar_goes_with_the_last_one(qtbot: QtBot) -> None:
    told: list[dict[str, Any]] = []
    bar = TaskbarProgress(send=told.append)
    bar.moved(moving("a", 10, 100))
    bar.moved(moving("b", 40, 100))
    assert told[-1] == {"progress": 0.25, "progress-visible": True}
    bar.ended("a", JobProgress("a", JobState.FINISHED, Counts(done=100)))
    assert told[-1] == {"progress": 0.4, "progress-visible": True}
    bar.ended("b", JobProgress("b", JobState.PAUSED, Counts(waiting=60, done=40)))
    assert told[-1] == {"progress": 0.0, "progress-visible": False}


def test_a_run_over_some_rows_counts_those(qtbot: QtBot) -> None:
    told: list[dict[str, Any]] = []
    bar = TaskbarProgress(send=told.append)
    bar.moved(JobProgress("a", JobState.RUNNING, Counts(waiting=90, done=10), run_rows=20, run_finished=10))
    assert told[-1]["progress"] == 0.5


def test_the_desktop_is_not_told_at_every_event(qtbot: QtBot) -> None:
    told: list[dict[str, Any]] = []
    bar = TaskbarProgress(send=told.append)
    for finished in range(50):
        bar.moved(moving("a", finished, 100))
    assert len(told) == 1


def test_without_a_bus_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert desktop_sender() is None
    TaskbarProgress().moved(moving("a", 1, 2))


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="no dbus-daemon here")
def test_a_dock_hears_the_signal_it_listens_for(qtbot: QtBot) -> None:
    with session_bus() as address:
        dock = open_dbus_connection(address)
        rule = MatchRule(type="signal", interface="com.canonical.Unity.LauncherEntry", member="Update")
        Proxy(message_bus, dock).AddMatch(rule)
        bus = QDBusConnection.connectToBus(address, "rowmill-test")
        assert bus.isConnected()
        with dock.filter(rule) as heard:
            bar = TaskbarProgress(send=lambda values: send_over(bus, values))
            bar.moved(moving("a", 1, 4))
            message = dock.recv_until_filtered(heard, timeout=10)
        assert message.body == (
            "application://rowmill.desktop",
            {"progress": ("d", 0.25), "progress-visible": ("b", True)},
        )
        QDBusConnection.disconnectFromBus("rowmill-test")
        dock.close()
