"""kill -9 while an older job is brought up to date: old and whole, or new and whole, and never anything between."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.store import job_file
from gui_app.store.places import ABANDONED_AFTER_S
from tests.store.making import Run, make_job, one_column

pytestmark = [
    pytest.mark.usefixtures("spoils"),
    pytest.mark.skipif(sys.platform == "win32", reason="forks children to be killed"),
]

ROWS = 3000

CHILD = """
import os, sys
from gui_app.store import job_file, migrations

def later(db):
    db.execute("CREATE TABLE later AS SELECT * FROM cells")
    db.execute("UPDATE attempts SET detail = detail || 'x' WHERE attempt_id % 2 = 0")
    db.execute("CREATE INDEX later_cells ON later (cells)")

migrations.MIGRATIONS = [*migrations.MIGRATIONS, later]
migrations.LATEST = len(migrations.MIGRATIONS)
migrations.expected_objects(migrations.LATEST)
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.write(1, b"begun\\n")
        job_file.close(job_file.open_checked(__import__("pathlib").Path(line.strip())))
        os._exit(0)
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "broken", flush=True)
"""


def contents(path: Path) -> tuple[int, str]:
    """The schema version, and all that must not change; read by nobody of ours."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        cells = db.execute("SELECT group_concat(row_id || cells) FROM cells").fetchone()[0]
        done = db.execute("SELECT count(*) FROM attempts WHERE outcome = 'done'").fetchone()[0]
        if version > 1:
            assert db.execute("SELECT count(*) FROM later").fetchone() == (ROWS,)
            assert db.execute("SELECT count(*) FROM attempts WHERE detail = 'x'").fetchone() == (ROWS // 2,)
        else:
            assert not db.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'later%'").fetchall()
            assert not db.execute("SELECT 1 FROM attempts WHERE detail <> ''").fetchall()
        return version, f"{done} {cells}"


@pytest.mark.parametrize("kills", [8, pytest.param(120, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_a_migration_is_whole_or_has_not_happened(path: Path, kills: int) -> None:
    make_job(path, one_column(*(f"text {n} " + "y" * 200 for n in range(ROWS))))
    with Run(path) as run:
        run.answer_all()
    old = path.read_bytes()
    _, before = contents(path)
    dice, ends = random.Random(kills), Counter[str]()
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        took_s = 0.3
        while ends["killed"] < kills:
            for name in path.parent.glob("*"):
                name.unlink()
            path.write_bytes(old)
            parent.stdin.write(f"{path}\n")
            parent.stdin.flush()
            words = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
            child = int(next(word for word in words if word.isdigit()))
            began = time.monotonic()
            time.sleep(dice.uniform(0.0, took_s))
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
            ended = parent.stdout.readline().strip()
            if ended == "done":
                took_s = max(0.01, min(took_s, time.monotonic() - began))
            assert ended in ("killed", "done")
            version, after = contents(path)
            assert after == before
            backup = path.with_name(f"{path.name}.v1.backup")
            if version > 1:
                assert backup.exists()
            if backup.exists():
                assert contents(backup) == (1, before)
            ends[ended] += 1
            ends[f"version {version}"] += 1
        parent.stdin.close()
    assert ends["version 1"], "killed before it was through at least once"
    print(dict(ends))


def test_what_a_killed_process_left_half_made_is_cleared_away_after_a_day(path: Path) -> None:
    old, new = path.with_name(f".{'a' * 32}.new-wal"), path.with_name(f".{'b' * 32}.new")
    others = path.with_name(".new.new")
    for file in (old, new, others):
        file.write_bytes(b"half")
    for file in (old, others):
        os.utime(file, (time.time() - ABANDONED_AFTER_S - 60,) * 2)
    job_file.create_job(path, name="x")
    assert sorted(file.name for file in path.parent.iterdir()) == sorted([new.name, others.name, path.name])
