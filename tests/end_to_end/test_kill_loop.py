"""kill -9 of the worker, of the window's process, or of both, at random moments: nothing lost, nothing paid twice."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.practice.faults import Faults
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from tests.end_to_end import window_stand_in
from tests.end_to_end.stand_in import StandIn, kill
from tests.helpers.practice import Practice
from tests.helpers.terminal import COLUMNS, expected_label, many_reviews, practice_in

DONE = 2


def kill_loop(job: Path, kills: int, dice: random.Random) -> tuple[Counter[str], dict[int, str]]:
    """Kill so often, then let it finish. Returns what was killed how often, and what was ever shown as done."""
    shown: dict[int, str] = {}
    killed: Counter[str] = Counter()
    window: StandIn | None = None
    try:
        while sum(killed.values()) < kills:
            if window is None:
                window = StandIn(window_stand_in.__name__, job, shown)
            if window.until("worker", "finished") != "worker":
                break
            # From the first claim to the middle of the stream of answers.
            window.until_shown(len(shown) + dice.choice((0, 1, dice.randint(2, 70))))
            time.sleep(dice.uniform(0.0, 0.1))
            what = dice.choice(("worker", "window", "both"))
            if window.finished:
                break
            if what != "window":
                kill(window.worker)
            if what != "worker":
                kill(window.process.pid)
                window.end()
                window = None
            killed[what] += 1
        if window is None:
            window = StandIn(window_stand_in.__name__, job, shown)
        window.until("finished")
        window.end()
        assert window.finished
        return killed, shown
    finally:
        if window is not None and window.process.poll() is None:
            kill(window.process.pid)
            window.end()


def check(job: Path, rows: int, shown: dict[int, str], practice: Practice) -> int:
    """Ask the file and the server's journal, and none of Rowmill's own code. Returns how many were sent twice."""
    with closing(sqlite3.connect(job)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        states = dict(db.execute("SELECT state, count(*) FROM status GROUP BY state"))
        assert states == {DONE: rows}
        kept = {
            row_id: (json.loads(values)["sentiment"], ended, json.loads(cells)[1])
            for row_id, values, ended, cells in db.execute(
                "SELECT s.row_id, a.field_values, a.ended_at, c.cells FROM status s "
                "JOIN attempts a ON a.attempt_id = s.attempt_id AND a.row_id = s.row_id "
                "JOIN cells c ON c.row_id = s.row_id"
            )
        }
        attempts = dict(db.execute("SELECT row_id, count(*) FROM attempts GROUP BY row_id"))
        done = dict(db.execute("SELECT row_id, count(*) FROM attempts WHERE outcome = 'done' GROUP BY row_id"))
    assert {row: label for row, (label, _, _) in kept.items()} == {n: expected_label(n) for n in range(1, rows + 1)}
    assert {row: kept[row][0] for row in shown} == shown
    # An answer that was stored once is the only one.
    assert set(done.values()) == {1}
    requests: dict[str, list[float]] = {}
    for entry in practice.asked():
        requests.setdefault(entry.prompt.partition("Text:\n")[2], []).append(entry.at)
    for row, (_, ended, review) in kept.items():
        assert max(requests[review]) <= ended, f"row {row} was asked after its answer was stored"
        assert len(requests[review]) <= attempts[row], f"row {row} was asked more often than is on record"
    return sum(len(times) - 1 for times in requests.values())


def filled_job(path: Path, rows: int) -> Path:
    create_job(path, name="kill")
    writer = RowsWriter(path)
    writer.begin(COLUMNS, source_name="reviews.csv", import_settings={})
    writer.add([(row, "") for row in many_reviews(rows)])
    writer.finish()
    return path


@pytest.mark.parametrize(
    ("kills", "rows"),
    [
        pytest.param(15, 700, marks=pytest.mark.timeout(270)),
        pytest.param(60, 3600, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_killed_at_random_moments_nothing_shown_is_lost_and_nothing_stored_is_asked_again(kills, rows, home, tmp_path):
    job = filled_job(tmp_path / "kill.rowmill", rows)
    with practice_in(home, Faults(latency_ms=(30, 90))) as practice:
        killed, shown = kill_loop(job, kills, random.Random(kills))
        twice = check(job, rows, shown, practice)
    assert sum(killed.values()) == kills
    # What was on its way at a kill is all that may be paid twice: eight calls, and on a slow disk the answers that wait
    # for their commit, which are no more than the rows that were marked sent ahead: a tenth of a second's.
    assert twice <= kills * (8 + 14)
    assert len(shown) > rows // 3
    print(f"{kills} kills ({dict(killed)}), {len(shown)} rows shown as done, {twice} requests sent twice")
