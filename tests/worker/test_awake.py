"""The computer is kept awake while a job asks rows live, and not a moment longer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import psutil
import pytest

from gui_app.jobs import JobState, Lane, RunOptions, Scope
from gui_app.practice.faults import Batching, Faults
from gui_app.worker.awake import Awake
from gui_app.worker.client import WorkerLost
from tests.helpers.session_bus import Desktop, session_bus
from tests.helpers.terminal import practice_in
from tests.worker.conftest import RECIPE, states, working

SUSPEND = 4
SLOW = Faults(latency_ms=(30, 60))


@pytest.fixture
def desktop(nothing_left_behind: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with session_bus() as address, Desktop(address) as running:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield running


async def is_awake(desktop: Desktop) -> bool:
    return await asyncio.to_thread(desktop.until, awake=True)


async def may_sleep(desktop: Desktop) -> bool:
    return await asyncio.to_thread(desktop.until, awake=False)


async def test_a_paused_job_lets_the_computer_sleep_and_one_that_goes_on_keeps_it_awake(home, make_job, desktop):
    job = make_job(60)
    with practice_in(home, SLOW):
        async with working() as (client, watch):
            assert not desktop.holding
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=2))
            assert await is_awake(desktop)
            assert desktop.asked == [("rowmill", "A job is running", SUSPEND)]
            await client.pause(job)
            assert (await watch.end_of(job)).state is JobState.PAUSED
            assert await may_sleep(desktop)
            since = len(watch.events)
            await client.run(job, RECIPE, Scope(), RunOptions())
            assert (await watch.end_of(job, since)).state is JobState.FINISHED
            assert await may_sleep(desktop)
    assert len(desktop.asked) == desktop.let_go == 2
    assert states(job) == {"done": 60}


async def test_a_killed_worker_keeps_nobody_awake(home, make_job, desktop, expect_log):
    expect_log("worker")
    job = make_job(60)
    with practice_in(home, SLOW):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(concurrency=2))
            assert await is_awake(desktop)
            (worker,) = [child for child in psutil.Process().children() if "worker" in child.cmdline()]
            os.kill(worker.pid, signal.SIGKILL)
            await watch.until(lambda event: isinstance(event, WorkerLost))
            assert await may_sleep(desktop)
    assert desktop.let_go == 0


async def test_a_job_that_waits_for_its_overnight_answers_lets_the_computer_sleep(home, make_job, desktop):
    job = make_job(20)
    with practice_in(home, batching=Batching(seconds=60)):
        async with working() as (client, watch):
            await client.run(job, RECIPE, Scope(), RunOptions(lane=Lane.OVERNIGHT))
            await watch.until(lambda event: getattr(event, "state", None) is JobState.SUBMITTED)
            await client.pause(job)
    assert desktop.asked == []


@pytest.mark.parametrize("address", [None, "unix:path=/nowhere/bus", "nonsense"])
def test_where_there_is_nobody_to_ask_nothing_is_said(nothing_left_behind, monkeypatch, address: str | None):
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    awake = Awake()
    with awake.held():
        pass
    awake.join()


def test_on_a_server_without_a_desktop_nothing_is_imported_for_it(monkeypatch):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    code = (
        "import sys\nfrom gui_app.worker.awake import system_wakelock\n"
        "with system_wakelock(): pass\n"
        "sys.exit('wakepy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


class Calls:
    """Instead of the system: what it was asked, and on which threads."""

    def __init__(self) -> None:
        self.now = self.most = self.times = 0
        self.threads: list[tuple[int, int]] = []
        self.asked = threading.Event()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        here = threading.get_ident()
        self.now, self.times = self.now + 1, self.times + 1
        self.most = max(self.most, self.now)
        self.asked.set()
        try:
            yield
        finally:
            self.now -= 1
            self.threads.append((here, threading.get_ident()))


def test_several_jobs_ask_the_system_once_and_the_last_one_lets_go(nothing_left_behind):
    calls = Calls()
    awake = Awake(calls)
    with awake.held():
        assert calls.asked.wait(5)
        with awake.held(), awake.held():
            pass
        assert (calls.now, calls.times) == (1, 1)
    awake.join()
    with pytest.raises(ValueError, match="as it may"), awake.held():
        raise ValueError("as it may")
    awake.join()
    assert (calls.now, calls.most, calls.times) == (0, 1, 2)
    assert all(entered == left for entered, left in calls.threads)


def test_a_system_that_cannot_do_it_is_no_reason_to_fail(nothing_left_behind):
    def refuses() -> AbstractContextManager[object]:
        raise OSError("no")

    @contextmanager
    def refuses_to_end() -> Iterator[None]:
        yield
        raise OSError("no")

    for keep in (refuses, refuses_to_end, nullcontext):
        awake = Awake(keep)
        with awake.held():
            pass
        awake.join()
