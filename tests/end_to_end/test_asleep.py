"""The worker stands still for longer than its deadlines (SIGSTOP), and the clock is set: no attempt is spent on it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.jobs import JobState, RunOptions
from gui_app.practice.faults import Faults
from gui_app.worker.protocol import RunOrder
from tests.end_to_end.window_stand_in import RECIPE
from tests.helpers.terminal import LABEL, PROMPT, many_reviews, practice_in, read_csv, write_reviews
from tests.worker.conftest import labels, make_job, working  # noqa: F401

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP"), pytest.mark.timeout(200)]

ROWS = 60
DEADLINE_S = 1.0


def attempts(job: Path) -> dict[str, int]:
    """How many attempts ended how, by the cause or the outcome."""
    with closing(sqlite3.connect(job)) as db:
        return dict(db.execute("SELECT ifnull(cause, outcome), count(*) FROM attempts GROUP BY 1"))


def most_tries(job: Path) -> int:
    with closing(sqlite3.connect(job)) as db:
        return db.execute("SELECT max(tries) FROM status").fetchone()[0]


async def test_a_worker_that_stood_still_pays_for_nothing_twice_and_spends_no_attempt(home, make_job):  # noqa: F811
    job = make_job(ROWS)
    order = RunOrder(str(job), RECIPE, options=RunOptions(concurrency=8), deadline_s=DEADLINE_S)
    with practice_in(home, Faults(latency_ms=(300, 500))) as practice:
        async with working() as (client, watch):
            await client._ask({"do": "run", "order": order.to_dict()})
            assert client.pid is not None
            await watch.until(lambda event: getattr(event, "in_flight", 0) == 8)
            os.kill(client.pid, signal.SIGSTOP)
            try:
                # Replies come to a process that does not read them, and every deadline passes.
                await asyncio.sleep(DEADLINE_S + 3.5)
            finally:
                os.kill(client.pid, signal.SIGCONT)
            final = await watch.end_of(job)
        asked = len(practice.asked())
    assert final.state is JobState.FINISHED and final.counts.done == ROWS
    assert len(labels(job)) == ROWS
    assert attempts(job) == {"done": ROWS}
    assert most_tries(job) == 0
    assert asked == ROWS, "what had been answered meanwhile was not asked again"


DAY_S = 86_400.0


@pytest.mark.long
@pytest.mark.parametrize("jumps_s", [(30 * DAY_S, -700 * DAY_S), (-700 * DAY_S, 30 * DAY_S), (-3600.0, 3600.0)])
def test_a_clock_that_is_set_in_mid_run_changes_nothing(home, tmp_path, jumps_s):
    """Thirty days ahead, two years back, or an hour for summer time; with rows that wait for their retry."""
    rows, clock, job, out = 120, tmp_path / "clock", tmp_path / "j.rowmill", tmp_path / "out.csv"
    clock.write_text("0")
    source = write_reviews(tmp_path / "reviews.csv", many_reviews(rows))
    words = ["run", source, "--prompt", PROMPT, "--field", LABEL, "--provider", "practice", "--concurrency", "8"]
    with practice_in(home, Faults(latency_ms=(20, 80), rate_limited=0.1, failing=0.1)) as practice:
        command = [sys.executable, "-m", "tests.helpers.set_clock", clock, *words, "--job", job, "--out", out]
        with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            for at, jump_s in zip((40, 80), jumps_s, strict=True):
                while practice.answers() < at and process.poll() is None:
                    time.sleep(0.02)
                beside = clock.with_suffix(".new")
                beside.write_text(str(jump_s))
                beside.replace(clock)
            said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert practice.answers() == rows, "an answered row was asked again"
        asked = len(practice.asked())
    # Each of the fifth that met a fault was asked once more or twice, and nobody hammered.
    assert asked < rows * 1.5
    assert len(read_csv(out)) == rows + 1
    assert most_tries(job) <= 2
