"""A -wal or -journal of another file beside a job: SQLite would write its pages into the job, so it is not opened."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import JobFileError
from gui_app.store.copies import job_glance
from gui_app.store.reading.queries import JobReader
from tests.store.making import Run, done, make_job, one_column
from tests.store.test_opening import OPENERS


@pytest.fixture
def job(path: Path) -> Path:
    make_job(path, one_column(*(f"text {i} " + "x" * 100 for i in range(300))))
    with Run(path) as run:
        run.answer_all()
    return path


def refused(job: Path, other: str) -> None:
    before, beside = job.read_bytes(), Path(f"{job}{other}").read_bytes()
    for opener in OPENERS:
        with pytest.raises(JobFileError, match=f"“job.rowmill{other}”, which belongs to another file"):
            opener(job)
    assert isinstance(job_glance(job).error, JobFileError)
    assert (job.read_bytes(), Path(f"{job}{other}").read_bytes()) == (before, beside)
    Path(f"{job}{other}").unlink()
    with closing(JobReader(job)) as reader:
        assert reader.counts().done == 300


@pytest.mark.parametrize("page_bytes", [4096, 8192])
def test_the_wal_of_another_database_is_not_taken_for_the_job_s_own(job: Path, page_bytes: int) -> None:
    other = job.with_name("other.db")
    with closing(sqlite3.connect(other)) as db:
        db.execute(f"PRAGMA page_size = {page_bytes}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE evil (a)")
        db.executemany("INSERT INTO evil VALUES (?)", [("x" * 3000,)] * 40)
        db.commit()
        shutil.copy(f"{other}-wal", f"{job}-wal")
    refused(job, "-wal")


def test_a_journal_of_another_file_is_not_rolled_back_into_the_job(job: Path) -> None:
    head = bytes.fromhex("d9d505f920a163d7") + struct.pack(">IIIII", 1, 12345, 3, 512, 8192)
    Path(f"{job}-journal").write_bytes(head.ljust(512, b"\0") + struct.pack(">I", 2) + bytes(8196))
    refused(job, "-journal")


def test_what_a_killed_run_left_is_the_job_s_own(path: Path) -> None:
    make_job(path, one_column(*map(str, range(3000))))
    run = Run(path)
    claimed = run.claim(500)
    run.keep(*(done(row_id, run.version) for row_id in claimed))
    killed = path.with_name("killed.rowmill")
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{killed}{end}")
    assert os.stat(f"{killed}-wal").st_size > 0
    with closing(JobReader(killed)) as reader:
        assert reader.counts().done == 500
    run.close()


def test_what_sqlite_leaves_alone_is_left_to_it(job: Path) -> None:
    for end, contents in (("-wal", os.urandom(9000)), ("-journal", os.urandom(9000))):
        Path(f"{job}{end}").write_bytes(contents)
        with closing(JobReader(job)) as reader:
            assert reader.counts().done == 300
