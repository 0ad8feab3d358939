"""kill -9 at random moments: what was acknowledged is there, and is not sent again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.jobs import RowState
from gui_app.store import job_file
from gui_app.store.copies import check_job
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import JobReader

ROWS = 3000


class Killed:
    """Starts the worker, kills it after a while, and keeps a journal of what it said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept: set[int] = set()
        self.sent: Counter[int] = Counter()
        self.imported = False
        self.ended = False

    def live(self, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.store.mortal_worker", str(self.path), str(ROWS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            # Lines lie in the pipe meanwhile; it must not fill, so they are few.
            os.set_blocking(process.stdout.fileno(), True)
            time.sleep(seconds)
            process.kill()
            for line in process.stdout:
                if line.endswith("\n"):
                    self._note(*line.split())

    def _note(self, word: str, row_id: str = "0") -> None:
        if word == "kept":
            self.kept.add(int(row_id))
        elif word == "sent":
            assert int(row_id) not in self.kept, "sent again after its answer was stored"
            self.sent[int(row_id)] += 1
        self.imported |= word == "imported"
        self.ended |= word == "end"

    def check(self) -> None:
        """By somebody who trusts nothing the worker's process has left but the file."""
        if not self.path.exists():
            assert not self.imported
            return
        check_job(self.path)
        with closing(JobReader(self.path)) as reader:
            if not reader.summary().import_done:
                assert not self.imported
                return
            rows = {row.row_id: row for row in reader.stream()}
        assert list(rows) == list(range(1, ROWS + 1))
        for row_id, row in rows.items():
            assert row.cells == (f"text {row_id}",)
            if row_id in self.kept:
                assert (row.state, row.values) == (RowState.DONE, {"label": f"answer {row_id}"})
            if row.values:
                assert row.values == {"label": f"answer {row_id}"}
                assert self.sent[row_id]


def live_and_die(path: Path, kills: int, seed: int, longest_s: float) -> Killed:
    chance = random.Random(seed)
    worker = Killed(path)
    for _ in range(kills):
        worker.live(chance.uniform(0.0, longest_s))
        worker.check()
    for _ in range(60):
        if worker.ended:
            break
        worker.live(2.0)
    worker.check()
    assert worker.ended
    assert worker.kept >= set(range(1, ROWS + 1)) - set(lost_words(worker))
    return worker


def lost_words(worker: Killed) -> list[int]:
    """Rows whose answer was stored in the moment of the kill, before it could be said."""
    with closing(JobReader(worker.path)) as reader:
        return [row.row_id for row in reader.stream() if row.state == "done" and row.row_id not in worker.kept]


def test_a_worker_killed_again_and_again_loses_nothing_and_pays_for_nothing_twice(path: Path) -> None:
    worker = live_and_die(path, kills=10, seed=7, longest_s=0.3)
    with closing(JobReader(path)) as reader:
        totals = reader.totals()
        assert reader.counts().done == ROWS
    # Each request is on record: those that were answered, and those whose owner died.
    assert totals.requests == ROWS + totals.unknown
    assert 7 <= totals.unknown <= 7 * 11
    assert sum(worker.sent.values()) <= totals.requests


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_two_hundred_kills(path: Path) -> None:
    for seed in range(10):
        live_and_die(path.with_name(f"{seed}.rowmill"), kills=20, seed=seed, longest_s=0.4)


def test_hand_edits_made_while_the_worker_dies_are_all_there(path: Path) -> None:
    worker = Killed(path)
    worker.live(0.3)
    while not worker.imported:
        worker.live(0.5)
    chance = random.Random(3)
    edited: dict[int, str] = {}
    with closing(JobEditor(path)) as editor:
        for _ in range(4):
            command = [sys.executable, "-m", "tests.store.mortal_worker", str(path), str(ROWS)]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as process:
                until = time.monotonic() + 0.6
                while time.monotonic() < until:
                    row_id = chance.randint(1, ROWS)
                    editor.set_value(row_id, "label", f"hand {row_id}")
                    edited[row_id] = f"hand {row_id}"
                process.kill()
    check_job(path)
    with closing(JobReader(path)) as reader:
        rows = {row.row_id: row for row in reader.stream()}
    for row_id, value in edited.items():
        assert rows[row_id].shown("label") == value
        assert rows[row_id].state in ("done", "running")
    assert all(row.values in ({}, {"label": f"answer {row.row_id}"}) for row in rows.values())


@pytest.mark.skipif(sys.platform != "linux", reason="strace")
def test_every_group_of_answers_is_on_the_disk_before_it_is_announced(path: Path) -> None:
    import shutil

    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    trace = path.with_name("trace")
    command = ["strace", "-f", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", str(trace), sys.executable]
    subprocess.run(
        [*command, "-m", "tests.store.mortal_worker", str(path), "300"],
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    written = False
    announced = 0
    for line in trace.read_text(errors="replace").splitlines():
        if "pwrite64(" in line:
            written = True
        elif "sync(" in line:
            written = False
        elif 'write(1, "kept' in line:
            assert not written, "announced before it was on the disk"
            announced += 1
    assert announced == 300


def test_the_lease_of_a_killed_worker_is_free_at_once(path: Path) -> None:
    worker = Killed(path)
    while not worker.sent:
        worker.live(0.3)
    assert not worker.ended
    with closing(job_file.connect(path)) as db:
        assert job_file.get_meta(db, "owner") is not None
    with closing(JobReader(path)) as reader:
        summary = reader.summary()
    assert summary.owner is None
    assert summary.unknown_sent == summary.counts.running
