"""Seen from the system's side (strace): what a window shows as done was on the disk before the worker said so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gui_app.practice.faults import Faults
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from tests.end_to_end import window_stand_in
from tests.helpers.terminal import COLUMNS, many_reviews, practice_in

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

ROWS = 60
CALL = re.compile(r"^(\d+) +(\w+)\((.*)")
UNFINISHED = re.compile(r"<unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")


def test_every_row_shown_as_done_was_synced_before_it_was_told(home, tmp_path):
    job, trace = tmp_path / "job.rowmill", tmp_path / "trace"
    create_job(job, name="job")
    writer = RowsWriter(job)
    writer.begin(COLUMNS, source_name="r.csv", import_settings={})
    writer.add([(row, "") for row in many_reviews(ROWS)])
    writer.finish()
    with practice_in(home, Faults(latency_ms=(20, 80))) as practice:
        subprocess.run(
            [
                *("strace", "-f", "-y", "-s", "300", "-o", str(trace)),
                *("-e", "trace=write,pwrite64,fsync,fdatasync"),
                *(sys.executable, "-m", window_stand_in.__name__, str(job)),
            ],
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=100,
        )
        assert practice.answers() == ROWS
    announced, synced = told(trace.read_text(errors="replace").splitlines(), job)
    print(f"{announced} groups told, {synced} syncs")
    assert announced >= 3, "answers were told in groups"
    assert synced >= announced


def told(lines: list[str], job: Path) -> tuple[int, int]:
    """How many events told of changed rows, and how many syncs there were. Each needs one since the last such event.

    An event goes out on a thread of its own, while the next group may be on its way to the disk already: what has to be
    there is a whole sync of the job's -wal between the writing of the event's group and the event.
    """
    events = syncs = 0
    fresh = False
    open_syncs: set[str] = set()
    done_before = 0
    for line in lines:
        resumed = RESUMED.match(line)
        if resumed and "sync" in resumed[2] and resumed[1] in open_syncs:
            open_syncs.discard(resumed[1])
            syncs, fresh = syncs + 1, True
            continue
        call = CALL.match(line)
        if call is None:
            continue
        pid, name, rest = call.groups()
        if "sync" in name and f"{job}-wal" in rest:
            if UNFINISHED.search(rest):
                open_syncs.add(pid)
            else:
                syncs, fresh = syncs + 1, True
        elif name == "write" and '\\"event\\":' in rest:
            found = re.search(r'\\"counts\\":\[\d+,\d+,(\d+)', rest)
            done = int(found[1]) if found else done_before
            if done > done_before:
                assert fresh, f"{done} rows told as done without a sync since {done_before} were told"
                events, done_before, fresh = events + 1, done, False
    return events, syncs
