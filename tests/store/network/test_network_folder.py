"""A job that is worked on in a folder of another computer: no shared memory is used, and all else is as everywhere."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import JobInUse
from gui_app.jobs import Counts
from gui_app.store import network_folder
from gui_app.store.copies import check_job, job_glance, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.job_file import connect, create_job
from gui_app.store.reading.queries import JobReader
from tests.store.making import Run, make_job, one_column

MOUNTS = """\
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw shared:2 - proc proc rw
30 22 0:40 / /mnt/office rw,relatime shared:3 - cifs //server/share rw
31 22 0:41 / /mnt/my\\040files rw - nfs4 server:/files rw
32 30 0:42 / /mnt/office/local rw - ext4 /dev/sdb1 rw
33 22 0:43 / /home/me/far rw - fuse.sshfs me@server: rw
34 31 0:44 / /mnt/my\\040files rw - xfs /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me", "ext4"),
        ("/mnt/office", "cifs"),
        ("/mnt/office/a/b", "cifs"),
        ("/mnt/officer", "ext4"),
        ("/mnt/office/local/x", "ext4"),
        ("/home/me/far/jobs", "fuse.sshfs"),
        ("/mnt/my files", "xfs"),
    ],
)
def test_where_a_folder_lies_is_told_from_the_mounts(folder: str, kind: str) -> None:
    assert network_folder._kind_of(folder, network_folder.parsed(MOUNTS)) == kind


@pytest.mark.parametrize(
    ("where", "remote"),
    [("\\\\server\\share\\x", True), ("\\\\?\\UNC\\server\\share", True), ("\\\\?\\C:\\x", False), ("C:\\x", False)],
)
def test_a_share_of_windows_is_told_from_its_spelling(where: str, remote: bool) -> None:
    assert network_folder._is_remote_on_windows(where) is remote


def test_a_folder_of_this_computer_is_none_of_another(tmp_path: Path) -> None:
    assert not network_folder.is_remote(tmp_path)
    assert not network_folder.is_remote(tmp_path / "not there")


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as one of another computer, and so does Rowmill's own: jobs are worked on where they are."""
    folder = tmp_path / "far"
    folder.mkdir()
    monkeypatch.setattr(network_folder, "is_remote", lambda where: Path(where).name in ("far", "working copies"))
    return folder


def mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return str(db.execute("PRAGMA journal_mode").fetchone()[0])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_job_is_made_run_edited_and_read_without_shared_memory(remote: Path) -> None:
    job = make_job(remote / "job.rowmill", one_column(*map(str, range(300))))
    with Run(job) as run, closing(JobReader(job)) as reader:
        ids = run.claim(50)
        assert reader.counts() == Counts(waiting=250, running=50)
        assert not [name for name in files(remote) if name.endswith(("-wal", "-shm"))]
        with pytest.raises(JobInUse):
            Run(job)
        with closing(JobEditor(job)) as editor:
            editor.set_value(200, "label", "by hand")
        run.keep(*[])
        assert len(ids) == 50
    assert mode(job) == "delete"
    with Run(job) as run:
        run.answer_all()
    assert job_glance(job).counts.done == 300
    check_job(job)
    assert files(remote) == ["job.rowmill"]


def test_a_job_that_is_copied_there_leaves_its_shared_memory_behind_and_gets_it_back_at_home(
    remote: Path, tmp_path: Path
) -> None:
    home = make_job(tmp_path / "home.rowmill", one_column("a", "b", "c"))
    assert mode(home) == "wal"
    far = remote / "far.rowmill"
    shutil.copy(home, far)
    with closing(JobReader(far)) as reader:
        assert reader.counts() == Counts(waiting=3)
        assert files(remote) == ["far.rowmill"]
    with Run(far) as run:
        run.answer_all()
    assert mode(far) == "delete"
    save_copy(far, tmp_path / "back.rowmill")
    with Run(tmp_path / "back.rowmill") as run:
        assert run.claim() == []
    assert mode(tmp_path / "back.rowmill") == "wal"


def test_what_still_lay_in_a_wal_file_is_not_lost_on_the_way(remote: Path, tmp_path: Path) -> None:
    home = make_job(tmp_path / "home.rowmill", one_column("a", "b", "c"))
    run = Run(home)
    run.answer_all()
    for suffix in ("", "-wal"):
        shutil.copy(f"{home}{suffix}", f"{remote / 'far.rowmill'}{suffix}")
    run.close()
    assert (remote / "far.rowmill-wal").stat().st_size
    with closing(JobReader(remote / "far.rowmill")) as reader:
        assert reader.counts() == Counts(done=3)
    assert files(remote) == ["far.rowmill"]


KILLED = """
import sys
from pathlib import Path
from gui_app.store import network_folder
network_folder.is_remote = lambda where: True
from tests.store.making import Run, done
path = Path(sys.argv[1])
with Run(path) as run:
    while ids := run.claim(3):
        run.keep(*(done(row_id, run.version) for row_id in ids))
        print(*ids, flush=True)
"""


def test_killed_in_the_middle_nothing_told_is_lost(remote: Path) -> None:
    job = make_job(remote / "job.rowmill", one_column(*map(str, range(3000))))
    told: set[int] = set()
    for pause_s in (0.05, 0.2, 0.35):
        command = [sys.executable, "-c", KILLED, str(job)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
            assert process.stdout is not None
            told.update(map(int, process.stdout.readline().split()))
            time.sleep(pause_s)
            os.kill(process.pid, signal.SIGKILL)
            told.update(int(word) for line in process.stdout if line.endswith("\n") for word in line.split())
        # What was in the middle of being written lies in a journal, and is taken back by whoever opens it next.
        with closing(JobReader(job)) as reader:
            assert all(row.state == "done" for row in reader.rows(sorted(told)))
        check_job(job)
    assert len(told) > 30
    Run(job).close()  # A journal that was only just begun holds nothing, and goes with the next writing.
    assert files(remote) == ["job.rowmill"]


def test_a_new_job_there_never_has_shared_memory(remote: Path) -> None:
    create_job(remote / "new.rowmill", name="new")
    assert files(remote) == ["new.rowmill"]
    with closing(connect(remote / "new.rowmill")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
