"""A job in a network folder is worked on as a copy here, and goes back whole: nothing lost, one file there."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gui_app.errors import JobInUse, NotAJobFile, StorageError
from gui_app.jobs import Counts, JobState
from gui_app.store import lease, network_folder
from gui_app.store.copies import check_job, job_glance, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.network import copy_back, in_use, working_copy
from gui_app.store.network.copy_back import StoredMeanwhile
from gui_app.store.reading.queries import JobReader
from tests.store.making import Run, done, make_job, one_column

ROWS = 30


class Office:
    """A folder that several computers share, and the computers: each has a folder of its own for its copies."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "share"
        self.folder.mkdir()
        self.job = self.folder / "job.rowmill"
        self._homes, self._monkeypatch = folder, monkeypatch
        self.sit_at("one")

    def sit_at(self, computer: str) -> None:
        self._monkeypatch.setenv("ROWMILL_HOME", str(self._homes / computer))
        self._monkeypatch.setattr("socket.gethostname", lambda: computer)

    @contextmanager
    def at(self, computer: str) -> Iterator[None]:
        before = Path(os.environ["ROWMILL_HOME"]).name
        self.sit_at(computer)
        try:
            yield
        finally:
            self.sit_at(before)

    @contextmanager
    def share_away(self) -> Iterator[None]:
        """As after an unmount: an empty folder of this computer is left."""
        aside = self.folder.with_name("unplugged")
        self.folder.rename(aside)
        self.folder.mkdir()
        try:
            yield
        finally:
            assert list(self.folder.iterdir()) == [], "something was written into the empty mount point"
            self.folder.rmdir()
            aside.rename(self.folder)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(
        network_folder,
        "is_remote",
        lambda where: Path(where).name == "share" and not (Path(where).parent / "unplugged").exists(),
    )
    office = Office(tmp_path, monkeypatch)
    make_job(office.job, one_column(*map(str, range(ROWS))))
    return office


def counts(job: Path) -> Counts:
    with closing(JobReader(job)) as reader:
        return reader.counts()


def answers_in(file: Path) -> int:
    """What one file by itself holds, asked of SQLite alone."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as db:
        return int(db.execute("SELECT done FROM counts").fetchone()[0])


def answer(run: Run, number: int) -> None:
    run.keep(*(done(row_id, run.version) for row_id in run.claim(number)))


def abandon(run: Run) -> None:
    """What a kill of its process leaves: nothing is copied back, nobody is told."""
    lease._held.discard(run.writer._lease.token)
    run.writer._returning._path = Path("/nowhere/job.rowmill")
    run.writer.db.close()
    run.writer._returning.close()


def test_a_closed_job_is_one_file_that_holds_everything_and_belongs_to_nobody(office: Office) -> None:
    with Run(office.job) as run:
        answer(run, 10)
        assert run.writer.path.parent.parent.parent.name == "one"
        assert office.files() == ["job.rowmill", "job.rowmill.in-use"]
    assert office.files() == ["job.rowmill"]
    assert answers_in(office.job) == 10
    # It starts as a file that never had a -wal, and holds nothing of this computer's.
    assert office.job.read_bytes()[18:20] == b"\x01\x01"
    assert b"working copies" not in office.job.read_bytes()
    with office.at("two"):
        assert counts(office.job) == Counts(waiting=ROWS - 10, done=10)
        check_job(office.job)


def test_another_computer_is_told_who_and_since_when_and_may_look(office: Office) -> None:
    with Run(office.job) as run:
        answer(run, 10)
        copy_back.copy_back(office.job, run.writer.path)
        with office.at("two"):
            assert counts(office.job).done == 10
            assert job_glance(office.job).owner == "one"
            with pytest.raises(JobInUse, match=r"“one” since 20\d\d-.*paid for twice"):
                Run(office.job)
            with pytest.raises(JobInUse, match="“one”"):
                JobEditor(office.job)
        answer(run, 5)
    with office.at("two"):
        assert job_glance(office.job).owner is None
        with Run(office.job) as run:
            assert run.lost == 0
            answer(run, 100)
    assert counts(office.job) == Counts(done=ROWS)
    assert office.files() == ["job.rowmill"]


def test_looking_leaves_nothing_in_the_folder(office: Office) -> None:
    before = office.job.read_bytes()
    with office.at("two"):
        assert counts(office.job).waiting == ROWS
    assert office.files() == ["job.rowmill"] and office.job.read_bytes() == before


def test_what_another_computer_stored_is_seen_here_by_readers_that_are_open(office: Office) -> None:
    with closing(JobReader(office.job)) as reader:
        with office.at("two"), Run(office.job) as run:
            answer(run, 7)
        assert counts(office.job).done == 7
        assert reader.counts().done == 7


def test_an_edit_goes_back_when_the_job_is_closed(office: Office) -> None:
    with closing(JobEditor(office.job)) as editor:
        editor.set_value(3, "label", "by hand")
        assert office.files() == ["job.rowmill", "job.rowmill.in-use"]
    with office.at("two"):
        assert counts(office.job).done == 1
    assert office.files() == ["job.rowmill"]


def test_a_window_that_was_left_open_keeps_nobody_from_the_job(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_back, "EVERY_S", 0.05)
    with closing(JobEditor(office.job)) as editor:
        editor.set_value(1, "label", "by hand")
        while office.files() != ["job.rowmill"]:
            time.sleep(0.02)
        with office.at("two"), Run(office.job) as run:
            answer(run, 4)
            with office.at("one"), pytest.raises(JobInUse, match="“two”"):
                editor.set_value(2, "label", "by hand")
        # What the other one did is there before anything is changed.
        editor.set_value(30, "label", "by hand")
        assert counts(office.job).done == 6
    assert answers_in(office.job) == 6
    assert office.files() == ["job.rowmill"]


def test_a_run_is_copied_back_now_and_then(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_back, "EVERY_S", 0.05)
    with Run(office.job) as run:
        for number in (4, 9):
            answer(run, number - counts(office.job).done)
            while answers_in(office.job) < number:
                time.sleep(0.02)


def test_nothing_is_written_where_nothing_has_changed(office: Office) -> None:
    with Run(office.job) as run:
        copy_back.copy_back(office.job, run.writer.path)
        written = office.job.stat()
        copy_back.copy_back(office.job, run.writer.path)
        now = office.job.stat()
        assert (now.st_ino, now.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_a_killed_run_is_found_and_continued_here_and_the_other_computer_is_told(office: Office) -> None:
    run = Run(office.job)
    answer(run, 10)
    out = run.claim(2)
    abandon(run)
    assert answers_in(office.job) == 0
    with office.at("two"), pytest.raises(JobInUse, match="“one”"):
        Run(office.job)
    assert counts(office.job).done == 10
    with Run(office.job) as run:
        assert run.lost == len(out)
        assert len(run.answer_all()) == ROWS - 10
    assert answers_in(office.job) == ROWS and office.files() == ["job.rowmill"]


def test_whoever_only_looks_brings_home_what_a_killed_run_has_left(office: Office) -> None:
    run = Run(office.job)
    answer(run, 10)
    abandon(run)
    # Its process is gone.
    with closing(sqlite3.connect(run.writer.path)) as db, db:
        db.execute("UPDATE meta SET value = 'null' WHERE key = 'owner'")
    assert counts(office.job).done == 10
    assert answers_in(office.job) == 10 and office.files() == ["job.rowmill"]


def test_a_share_that_goes_away_in_mid_run_loses_nothing(office: Office) -> None:
    run = Run(office.job)
    answer(run, 5)
    with office.share_away():
        answer(run, 5)
        with pytest.raises(StorageError, match="cannot be reached"):
            copy_back.copy_back(office.job, run.writer.path)
        run.close()
        assert run.writer.not_copied_back is not None
        # It is shown, and not begun anew: another computer could not be kept from it.
        assert counts(office.job).done == 10
        with pytest.raises(StorageError, match="cannot be reached"):
            Run(office.job)
    with Run(office.job) as run:
        answer(run, 1)
    assert answers_in(office.job) == 11 and office.files() == ["job.rowmill"]


def test_with_the_share_away_a_job_that_is_level_is_not_there(office: Office) -> None:
    assert counts(office.job).waiting == ROWS
    with office.share_away(), pytest.raises(NotAJobFile):
        JobReader(office.job)


def test_a_newer_original_of_another_computer_is_never_overwritten(office: Office) -> None:
    run = Run(office.job)
    answer(run, 10)
    abandon(run)
    in_use.mark_of(office.job).unlink()  # As the sentence says, for a computer that is gone for good.
    with office.at("two"), Run(office.job) as other:
        answer(other, 3)
    with pytest.raises(StoredMeanwhile, match="lies beside it as “job \\(one\\)"):
        Run(office.job)
    assert office.files() == ["job (one).rowmill", "job.rowmill"]
    assert answers_in(office.folder / "job (one).rowmill") == 10 and answers_in(office.job) == 3
    assert counts(office.job).done == 3
    with Run(office.job) as run:
        answer(run, 1)
    assert answers_in(office.job) == 4
    assert office.files() == ["job (one).rowmill", "job.rowmill"]
    with Run(office.folder / "job (one).rowmill") as run:
        assert len(run.answer_all()) == ROWS - 10


def test_a_run_whose_job_was_taken_away_in_the_middle_ends_up_beside_it_once(office: Office) -> None:
    run = Run(office.job)
    answer(run, 10)
    in_use.mark_of(office.job).unlink()
    with office.at("two"), Run(office.job) as other:
        answer(other, 3)
        for _ in range(2):
            with office.at("one"), pytest.raises(StoredMeanwhile):
                copy_back.copy_back(office.job, run.writer.path)
            answer(run, 1)
    run.close()
    assert isinstance(run.writer.not_copied_back, StoredMeanwhile)
    assert office.files() == ["job (one).rowmill", "job.rowmill"]
    assert answers_in(office.folder / "job (one).rowmill") == 12 and answers_in(office.job) == 3
    assert counts(office.job).done == 3


def test_an_original_that_was_changed_where_it_lies_is_no_longer_ours(office: Office) -> None:
    """By a computer whose own folder is on the network too, and which works in place."""
    run = Run(office.job)
    answer(run, 10)
    abandon(run)
    with closing(sqlite3.connect(office.job)) as db, db:
        db.execute("UPDATE meta SET value = '\"renamed\"' WHERE key = 'name'")
    with pytest.raises(StoredMeanwhile):
        Run(office.job)


def test_a_copy_of_a_running_job_names_no_folder_and_no_computer(office: Office, tmp_path: Path) -> None:
    with Run(office.job) as run:
        answer(run, 10)
        save_copy(office.job, tmp_path / "copy.rowmill")
    with closing(sqlite3.connect(tmp_path / "copy.rowmill")) as db:
        keys = {key for (key,) in db.execute("SELECT key FROM meta")}
    assert not keys & {*working_copy.OF_COPIES, working_copy.STAMP}
    assert counts(tmp_path / "copy.rowmill").done == 10


def test_a_job_carried_there_unclosed_brings_its_last_answers_along(office: Office, tmp_path: Path) -> None:
    home = make_job(tmp_path / "home.rowmill", one_column("a", "b", "c"))
    run = Run(home)
    run.answer_all()
    for end in ("", "-wal"):
        shutil.copy(f"{home}{end}", office.folder / f"far.rowmill{end}")
    run.close()
    far = office.folder / "far.rowmill"
    with Run(far) as run:
        assert run.claim() == []
    assert counts(far).done == 3 and answers_in(far) == 3
    assert office.files() == ["far.rowmill", "job.rowmill"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes everywhere")
def test_in_a_folder_that_cannot_be_written_a_job_is_read_and_not_run(office: Office) -> None:
    office.folder.chmod(0o500)
    try:
        assert counts(office.job).waiting == ROWS
        with pytest.raises(StorageError, match="read-only"):
            Run(office.job)
    finally:
        office.folder.chmod(0o700)


def test_a_mark_that_was_only_half_written_is_somebody_elses(office: Office) -> None:
    in_use.mark_of(office.job).write_bytes(b'{"pla')
    with pytest.raises(JobInUse):
        Run(office.job)
    assert in_use.mark_of(office.job).exists()


def test_a_job_that_is_not_there_gets_no_mark(office: Office) -> None:
    with pytest.raises(NotAJobFile):
        Run(office.folder / "other.rowmill")
    assert office.files() == ["job.rowmill"]


MORTAL = """
import os, signal, sys
from pathlib import Path
from gui_app.store import lease, network_folder, places
from gui_app.store.network import copy_back, in_use, working_copy
network_folder.is_remote = lambda where: Path(where).name == "share"
from tests.store.making import Run, done

name, when, job = sys.argv[1], sys.argv[2], Path(sys.argv[3])
owner, _, function = name.rpartition(".")
module = {"copy_back": copy_back, "in_use": in_use, "places": places, "working_copy": working_copy, "os": os}[owner]
real = getattr(module, function)
armed = []

def dies(*given, **more):
    if not armed:
        return real(*given, **more)
    if when == "after":
        real(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, function, dies)
if "start" in sys.argv:
    armed.append(1)
run = Run(job)
ids = run.claim(9)
run.keep(*(done(row_id, run.version) for row_id in ids))
print(*ids, flush=True)
armed.append(1)
run.close()
print("closed", flush=True)
"""

AT_START = ("working_copy._fetch", "working_copy._make_copy", "working_copy.put", "in_use.claim")
AT_END = (
    "copy_back.copy_back", "copy_back._snapshot", "copy_back._to_the_disk", "os.replace", "places._sync_folder",
    "working_copy.note", "copy_back.let_go", "in_use.release",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", [*(f"{name} start" for name in AT_START), *AT_END])
def test_killed_at_any_step_nothing_told_is_lost_or_asked_again(office: Office, point: str, when: str) -> None:
    name, _, start = point.partition(" ")
    if start:
        working_copy.forget(office.job)
    mortal = subprocess.run(
        [sys.executable, "-c", MORTAL, name, when, str(office.job), *filter(None, [start])],
        capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=60, check=False,
    )  # fmt: skip
    assert mortal.returncode == -signal.SIGKILL, mortal.stderr
    told = {int(word) for word in mortal.stdout.split()}
    assert len(told) == (0 if start else 9)
    # The other computer has it all, or is told that it has not.
    with office.at("two"):
        try:
            Run(office.job).close()
        except JobInUse:
            pass
        else:
            assert counts(office.job).done == len(told)
    with Run(office.job) as run:
        asked = set(run.answer_all())
    assert asked == set(range(1, ROWS + 1)) - told
    assert counts(office.job).done == ROWS and answers_in(office.job) == ROWS
    # What was half sent is cleared away a day later, as in every folder of jobs.
    assert [name for name in office.files() if not name.endswith(".new")] == ["job.rowmill"]
    assert not list(working_copy.copy_of(office.job).parent.glob("on the way*"))  # type: ignore[union-attr]
    check_job(office.job)


def test_two_processes_of_one_computer_share_one_copy(office: Office) -> None:
    with Run(office.job) as run, closing(JobEditor(office.job)) as editor, closing(JobReader(office.job)) as reader:
        editor.set_value(30, "label", "by hand")
        answer(run, 5)
        assert reader.counts().done == 6
        with pytest.raises(JobInUse, match=str(os.getpid())):
            Run(office.job)
        assert reader.summary().state is JobState.RUNNING
        editor.close()
        # Whoever closes first takes no mark away from the one that still runs.
        assert office.files() == ["job.rowmill", "job.rowmill.in-use"]
        answer(run, 5)
    assert answers_in(office.job) == 11 and office.files() == ["job.rowmill"]
