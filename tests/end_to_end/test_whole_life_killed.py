"""kill -9 at any moment of a job's whole life: reading the table, overnight, live, exporting."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gui_app.practice.faults import Batching, Faults
from tests.end_to_end import whole_life
from tests.end_to_end.stand_in import StandIn, kill
from tests.end_to_end.whole_life import LIVE_ROWS
from tests.helpers.practice import Practice
from tests.helpers.terminal import expected_label, many_reviews, practice_in, read_csv, write_reviews

TABLE = 6000
STEPS = ("import", "overnight", "live", "export")
OLDER = b"\xef\xbb\xbfan older export\r\n"
WAITING, RUNNING, DONE = 0, 1, 2
LIVE, OVERNIGHT = 0, 1
SEED = int(os.environ.get("ROWMILL_SEED", "7"))


@dataclass
class Record:
    """What the whole test has seen."""

    killed: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    live_requests: int = 0
    live_rows: int = 0
    batch_requests: int = 0
    batch_rows: int = 0
    unknown: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


def check_file(job: Path, shown: dict[int, str]) -> None:
    """Between two lives: the file is whole, and what was shown is in it. Asks none of Rowmill's own code."""
    if not job.exists():
        assert not shown
        return
    with closing(sqlite3.connect(job)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        states = db.execute("SELECT state, count(*) FROM status GROUP BY state").fetchall()
        counts = db.execute("SELECT waiting, running, done, needs_review, failed FROM counts").fetchone()
        assert [dict(states).get(state, 0) for state in range(5)] == list(counts)
        if json.loads(db.execute("SELECT value FROM meta WHERE key = 'import_done'").fetchone()[0]):
            assert sum(counts) == TABLE
        kept = dict(
            db.execute(
                "SELECT s.row_id, json_extract(a.field_values, '$.sentiment') FROM status s "
                "JOIN attempts a ON a.attempt_id = s.attempt_id WHERE s.state = 2"
            )
        )
        assert {row: kept.get(row) for row in shown} == shown


def check_export(target: Path, *, finished: bool) -> None:
    """The older file or a whole new one, and never anything between."""
    if not finished and target.read_bytes() == OLDER:
        return
    heading, *lines = read_csv(target)
    assert heading == ["id", "review", "note", "sentiment", "state"]
    assert [line[0] for line in lines] == [str(number) for number in range(1, TABLE + 1)]
    for number, line in enumerate(lines, start=1):
        wanted = [expected_label(number), "done"] if number <= LIVE_ROWS else ["", "waiting"]
        assert line[3:] == wanted, f"row {number}"


def check_payments(job: Path, practice: Practice, began: float, record: Record) -> None:
    """Every request the server saw is on record, and none came after its row's answer was stored."""
    with closing(sqlite3.connect(job)) as db:
        rows = {
            row_id: (ended, json.loads(cells)[1], lane, source)
            for row_id, ended, cells, lane, source in db.execute(
                "SELECT s.row_id, a.ended_at, c.cells, a.lane, s.source_row_id FROM status s "
                "JOIN attempts a ON a.attempt_id = s.attempt_id AND a.row_id = s.row_id "
                "JOIN cells c ON c.row_id = s.row_id WHERE s.state = 2"
            )
        }
        tried = dict(db.execute("SELECT row_id, count(*) FROM attempts GROUP BY row_id"))
        answered = dict(db.execute("SELECT row_id, count(*) FROM attempts WHERE outcome = 'done' GROUP BY row_id"))
        unknown = db.execute("SELECT count(*) FROM attempts WHERE outcome = 'unknown'").fetchone()[0]
    assert sorted(rows) == list(range(1, LIVE_ROWS + 1))
    assert set(answered.values()) == {1}
    live: dict[str, list[float]] = {}
    for entry in practice.asked():
        if entry.at < began:
            continue  # Of an earlier job with the same texts.
        live.setdefault(entry.prompt.partition("Text:\n")[2], []).append(entry.at)
    batch: Counter[str] = Counter()
    for entry in practice.journal(endpoint="batch"):
        batch[entry.prompt.partition("Text:\n")[2]] += entry.at >= began
    for row, (ended, review, lane, _) in rows.items():
        if lane == OVERNIGHT:
            # Whatever dies, a batch is found again: each row of it is paid once.
            assert (batch[review], live.get(review, [])) == (1, []), f"row {row}"
        else:
            assert not batch[review]
            assert max(live[review]) <= ended, f"row {row} was asked after its answer was stored"
            assert len(live[review]) <= tried[row], f"row {row} was asked more often than is on record"
    record.live_requests += sum(map(len, live.values()))
    record.live_rows += len(live)
    record.batch_requests += sum(batch.values())
    record.batch_rows += len(batch)
    record.unknown += unknown


def reach(window: StandIn, wanted: str) -> bool:
    """Wait until it begins this step, or is past it already. False: it has finished."""
    while window.until("step", "finished") == "step":
        if STEPS.index(window.step) >= STEPS.index(wanted):
            return True
    return False


def one_life(folder: Path, home: Path, kills: int, dice: random.Random, record: Record, *, often: bool) -> int:
    """A job from its table to its export, killed up to so often on the way. Returns how often it was."""
    folder.mkdir()
    write_reviews(folder / "reviews.csv", many_reviews(TABLE))
    job, target = folder / "life.rowmill", folder / "out.csv"
    target.write_bytes(OLDER)
    shown: dict[int, str] = {}
    killed, began, here = 0, time.time(), Counter[str]()
    window: StandIn | None = None
    with practice_in(home, Faults(latency_ms=(20, 60)), batching=Batching(seconds=0.2)) as practice:
        try:
            while True:
                window = window or StandIn(whole_life.__name__, folder, shown)
                if killed == kills:
                    window.until("finished")
                    break
                wanted = dice.choice(STEPS) if often else STEPS[killed % len(STEPS)]
                if not reach(window, wanted):
                    break
                here[window.step] += 1
                if here[window.step] > 4:
                    # The last step would have all the kills that are left.
                    window.until("finished")
                    break
                time.sleep(dice.uniform(0.0, 1.6 if window.step in ("overnight", "live") else 0.5))
                if window.finished:
                    break
                what = dice.choice(("worker", "window", "both"))
                record.killed[f"{what} in {window.step}"] += 1
                window.kill(what)
                killed += 1
                if what != "worker":
                    record.refusals.update(window.refusals)
                    window = None
                    check_file(job, shown)
                    check_export(target, finished=False)
            window.end()
            assert window.finished
            record.refusals.update(window.refusals)
            check_file(job, shown)
            check_export(target, finished=True)
            check_payments(job, practice, began, record)
        finally:
            if window is not None and window.process.poll() is None:
                kill(window.process.pid)
                window.end()
    record.shown += len(shown)
    assert list(folder.glob("life.rowmill*")) == [job], "a closed job is one file"
    return killed


@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(4, 4, marks=pytest.mark.timeout(200)),
        pytest.param(
            200, int(os.environ.get("ROWMILL_SEED", "7")), marks=[pytest.mark.long, pytest.mark.timeout(3400)]
        ),
    ],
)
def test_a_job_killed_at_every_step_of_its_life_loses_nothing_and_pays_for_nothing_twice(kills, seed, home, tmp_path):
    dice, record = random.Random(seed), Record()
    left, number = kills, 0
    while left > 0:
        number += 1
        killed = one_life(tmp_path / f"life{number}", home, min(left, 16), dice, record, often=kills > 4)
        left -= killed
        print(f"life {number}: {killed} kills, {record.live_requests} live requests for {record.live_rows} rows")
    assert sum(record.killed.values()) == kills
    # What is asked a second time is on record as sent with unknown reply, before it is.
    assert record.live_requests - record.live_rows <= record.unknown
    print(f"{number} jobs, {kills} kills {dict(sorted(record.killed.items()))}; {record}")
