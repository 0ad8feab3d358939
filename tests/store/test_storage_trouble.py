"""A full disk, a lock that is not let go of: a sentence, nothing lost, and it goes on afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import StorageError
from gui_app.jobs import Counts
from gui_app.store import job_file
from gui_app.store.copies import check_job, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.reading.queries import JobReader
from tests.store.making import Read, Run, done, make_job, one_column


def test_a_full_disk_keeps_nothing_of_an_exchange_and_the_next_one_all_of_it(path: Path, read: Read) -> None:
    make_job(path, one_column(*map(str, range(100))))
    with Run(path) as run:
        ids = run.claim(50)
        outcomes = [done(row_id, raw="x" * 5000) for row_id in ids]
        pages = run.writer.db.execute("PRAGMA page_count").fetchone()[0]
        run.writer.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="is full"):
            run.exchange(outcomes, 10)
        # Nothing is sent while nothing can be stored.
        assert read().counts() == Counts(waiting=50, running=50)
        with pytest.raises(StorageError, match="is full"):
            run.exchange(outcomes, 10)
        run.writer.db.execute("PRAGMA max_page_count = 1000000")
        assert len(run.exchange(outcomes, 10).sent) == 10
        assert read().counts() == Counts(waiting=40, running=10, done=50)
        assert read().totals().requests == 50


def test_a_job_that_could_not_be_given_back_for_a_full_disk_is_not_in_use_by_oneself(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    run = Run(path)
    run.writer.db.execute("PRAGMA query_only = ON")
    run.close()
    assert read().summary().owner is None
    Run(path).close()


def test_a_full_disk_during_an_import(path: Path, read: Read) -> None:
    job_file.create_job(path, name="x")
    with closing(RowsWriter(path)) as writer:
        writer.begin(["a"], source_name="t", import_settings={})
        writer.add([(("x",), "")])
        writer._db.execute("PRAGMA max_page_count = 60")
        with pytest.raises(StorageError, match="is full"):
            writer.add([(("y" * 10_000,), "")] * 500)
        assert read().counts() == Counts(waiting=1)
        assert not read().summary().import_done
        writer._db.execute("PRAGMA max_page_count = 1000000")
        assert writer.add([(("z",), "")]) == 2


def test_a_full_disk_during_an_edit(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with closing(JobEditor(path)) as editor:
        editor._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StorageError, match="is full"):
            editor.set_value(1, "label", "x" * 100_000)
        assert read().counts() == Counts(waiting=1)
        editor._db.execute("PRAGMA max_page_count = 100000")
        editor.set_value(1, "label", "x" * 100_000)
    assert read().counts() == Counts(done=1)


def test_a_job_that_another_program_keeps_locked(path: Path) -> None:
    make_job(path, one_column("a"))
    with closing(job_file.connect(path)) as other, Run(path) as run:
        run.writer.db.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="keeps “job\\.rowmill” locked"):
            run.claim()
        other.execute("ROLLBACK")
        assert run.claim() == [1]


def test_closing_an_editor_does_not_hold_up_the_worker(path: Path, read: Read) -> None:
    """A checkpoint that waits for a reader would keep the worker from storing answers meanwhile."""
    make_job(path, one_column(*map(str, range(2000))))
    stream = read().stream(batch=1)
    next(stream)
    with Run(path) as run:
        editor = JobEditor(path)
        editor.set_value(1, "label", "x")
        editor.close()
        run.writer.db.execute("PRAGMA busy_timeout = 0")
        run.answer_all()
    stream.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.getuid() != 0:
        pytest.skip("only root mounts")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.privileged
def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    path = make_job(small_disk / "job.rowmill", one_column(*map(str, range(500))))
    ballast = small_disk / "ballast"
    with Run(path) as run:
        ids = run.claim(100)
        outcomes = [done(row_id, raw="x" * 2000) for row_id in ids]
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 4096)
        with pytest.raises(StorageError, match="is full"):
            run.exchange(outcomes, 10)
        with pytest.raises(StorageError):
            save_copy(path, small_disk / "copy.rowmill")
        ballast.unlink()
        assert len(run.exchange(outcomes, 10).sent) == 10
        assert run.writer.counts() == Counts(waiting=390, running=10, done=100)
    check_job(path)
    assert [file.name for file in small_disk.iterdir()] == ["job.rowmill"]


@pytest.mark.privileged
def test_a_read_only_file_system_can_be_looked_at(small_disk: Path) -> None:
    path = make_job(small_disk / "job.rowmill", one_column("a"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with closing(JobReader(path)) as reader:
        assert reader.counts() == Counts(waiting=1)
    with pytest.raises(StorageError, match="read-only"):
        JobEditor(path).rename("x")


@pytest.mark.privileged
def test_a_drive_that_was_pulled_out(small_disk: Path) -> None:
    path = make_job(small_disk / "job.rowmill", one_column("a", "b"))
    run = Run(path)
    run.claim(1)
    subprocess.run(["umount", "-l", str(small_disk)], check=True)
    try:
        with pytest.raises(StorageError, match="moved or deleted"):
            run.exchange([done(1)], 1)
    finally:
        run.writer.db.close()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small_disk)], check=True)
