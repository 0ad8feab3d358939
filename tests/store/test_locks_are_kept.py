"""SQLite's locks on a job outlive whatever else this process does with the file."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

import gui_app
from gui_app.errors import DamagedJobFile, NotAJobFile, StorageError, UserError
from gui_app.store import job_file, opened
from gui_app.store.copies import job_glance
from gui_app.store.reading.queries import JobReader
from tests.store.making import make_job, one_column

OTHER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    db.execute("BEGIN IMMEDIATE")
    print("free")
except sqlite3.OperationalError as error:
    print(error)
"""


def seen_from_outside(path: Path) -> str:
    """Whether another program may write to it: "free" or SQLite's words."""
    run = subprocess.run([sys.executable, "-c", OTHER, str(path)], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("name", ["job.rowmill", "another name.rowmill"])
def test_opening_a_job_a_second_time_drops_no_lock(path: Path, name: str) -> None:
    make_job(path, one_column("a"))
    second = path.with_name(name)
    if second != path:
        os.link(path, second)
    with closing(job_file.connect(path)) as db:
        # In this mode there is no -shm file from which it could be seen that somebody is at work.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        assert seen_from_outside(path) == "database is locked"
        job_file.look_at_first_bytes(second)
        assert seen_from_outside(path) == "database is locked"
        db.execute("ROLLBACK")
    assert seen_from_outside(path) == "free"
    if second != path:
        second.unlink()


def test_many_threads_opening_and_closing_leave_each_others_locks_alone(path: Path) -> None:
    make_job(path, one_column("a"))
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            job_glance(path)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(12):
            with closing(job_file.open_checked(path)) as db, job_file.transaction(db, path):
                assert seen_from_outside(path) == "database is locked"
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_reading_all_of_a_job_that_is_open_drops_no_lock_and_leaves_nothing_open(path: Path) -> None:
    make_job(path, one_column("a"))
    handles = len(os.listdir("/proc/self/fd"))
    with closing(job_file.connect(path)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN IMMEDIATE")
        assert opened.can_be_read(path)
        assert seen_from_outside(path) == "database is locked"
    assert opened.can_be_read(path)
    assert len(os.listdir("/proc/self/fd")) == handles
    assert not opened.can_be_read(path.with_name("not there"))


def test_a_drive_that_cannot_be_read_is_not_called_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says "malformed" for both."""
    make_job(path, one_column(*map(str, range(3000))))
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 30_000)
    with closing(JobReader(path)) as reader:
        with pytest.raises(DamagedJobFile, match="damaged"):
            list(reader.stream())
        monkeypatch.setattr(opened, "can_be_read", lambda path: False)
        with pytest.raises(StorageError, match="Check that its drive is connected"):
            list(reader.stream())
    path.unlink()


def test_a_connection_is_known_until_it_is_closed_and_no_longer(path: Path) -> None:
    make_job(path, one_column("a"))
    head = opened.first_bytes(path)
    assert head is not None and head.startswith(b"SQLite format 3")
    with closing(JobReader(path)):
        assert opened.first_bytes(path) is None
    assert opened.first_bytes(path) == head


def test_a_pipe_named_like_a_job_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(NotAJobFile, match="is not a Rowmill job"):
        JobReader(path)
    assert isinstance(job_glance(path).error, UserError)
    path.unlink()


def test_only_one_place_opens_a_job_file_outside_sqlite() -> None:
    """The store reads no file by other means; whoever must, asks `opened` first."""
    found = []
    for module in sorted((Path(gui_app.__file__).parent / "store").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name in ("open", "read_bytes", "read_text", "write_bytes", "write_text", "copy", "copyfile", "copy2"):
                found.append((module.name, name))
    # The rest reads what the system says of a process, and makes a folder's new name durable.
    system = [("lease.py", "read_bytes"), ("lease.py", "read_text"), ("network_folder.py", "read_text")]
    rest = [*system, *[("opened.py", "open")] * 2, ("places.py", "open")]
    # Originals in network folders and what is sent there: SQLite is never asked for a lock on any of them.
    far = [
        ("copies.py", "copyfile"),
        ("copy_back.py", "copyfile"),
        ("copy_back.py", "open"),
        ("working_copy.py", "copyfile"),
    ]
    marks = [
        ("in_use.py", "open"),
        ("in_use.py", "read_bytes"),
        ("in_use.py", "read_text"),
        ("in_use.py", "write_text"),
        ("working_copy.py", "read_text"),
        ("working_copy.py", "write_text"),
    ]
    # A -wal or -journal: SQLite has its locks on the job itself.
    beside = [("beside.py", "open")]
    assert sorted(found) == sorted([*rest, *far, *marks, *beside, ("working_copy.py", "open")])
