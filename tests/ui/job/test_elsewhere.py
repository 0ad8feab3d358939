"""The page of a job that another program runs: who that is, how far it is, and only what works here."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from gui_app.jobs import JobState
from gui_app.ui.job import elsewhere
from gui_app.ui.job.elsewhere import is_process, runs_elsewhere, told_owner
from gui_app.ui.job.job_page import JobPage
from tests.helpers.waiting import until
from tests.store.making import Run, done, make_job, one_column
from tests.store.network.test_working_copy import ROWS
from tests.ui.job.test_bars import summary
from tests.ui.job.test_network_job import opened


@pytest.fixture
def job(tmp_path: Path) -> Path:
    return make_job(tmp_path / "job.rowmill", one_column(*(str(n) for n in range(ROWS))), name="reviews")


def offered(page: JobPage) -> set[str]:
    bar = page.run_bar
    buttons = (bar.try_button, bar.run_button, bar.pause_button, bar.stop_button, bar.export_button)
    return {button.objectName() for button in buttons if button.isVisible() and button.isEnabled()}


async def test_it_is_looked_at_while_it_runs_and_offered_again_when_it_has_ended(
    job: Path, home: Path, qloop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "LOOK_AGAIN_MS", 40)
    run = Run(job)
    with ExitStack() as closing:
        closing.callback(run.close)
        run.claim(4)
        async with opened(job, home) as page:
            await until(lambda: any(f"process {os.getpid()}" in text for text in page.banners.texts()))
            assert offered(page) == {"exportButton"}
            # The keys do no more than the buttons.
            page.run()
            page.run_bar.try_button.click()
            page.run_bar.pause_button.click()
            assert page.run_bar.eta.text() == "Runs elsewhere"
            run.keep(done(1), done(2))
            await until(lambda: page.run_bar._counts.done == 2)
            await until(lambda: page.model.index(0, len(page.model.columns) - 1).data() == "done")
            run.writer.set_state(JobState.PAUSED)
            closing.close()
            await until(lambda: page.run_bar.run_button.isVisible())
            assert not any("process" in text for text in page.banners.texts())
            assert page.run_bar.run_button.text() == "&Continue" and page.run_bar.eta.text() == ""


def test_the_worker_of_this_window_is_nobody_else() -> None:
    here = socket.gethostname()
    assert is_process(f"{here}, 4711", 4711)
    assert not is_process(f"{here}, 4712", 4711) and not is_process("desk, 4711", 4711)
    assert not is_process(None, 4711) and not is_process(f"{here}, 4711", None)


def test_only_somebody_else_is_elsewhere() -> None:
    run = summary(state=JobState.RUNNING, owner="desk, 12")
    assert runs_elsewhere(run, ours=False) and not runs_elsewhere(run, ours=True)
    assert not runs_elsewhere(summary(state=JobState.RUNNING), ours=False)
    # Here between two runs, or just closing it.
    assert not runs_elsewhere(summary(state=JobState.PAUSED, owner="desk, 12"), ours=False)
    assert runs_elsewhere(summary(state=JobState.PAUSED, owner="desk", elsewhere=True), ours=False)


def test_it_is_said_on_which_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "mine")
    assert "on this computer" in told_owner(summary(state=JobState.RUNNING, owner="mine, 12"))
    assert "“desk”" in told_owner(summary(state=JobState.RUNNING, owner="desk, 12"))
    assert "12" not in told_owner(summary(state=JobState.RUNNING, owner="desk, 12"))
    assert "“desk” has this job open" in told_owner(summary(owner="desk", elsewhere=True))
