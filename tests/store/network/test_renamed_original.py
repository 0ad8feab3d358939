"""A job that was renamed or moved on the share while its working copy is ahead is gone on with, not begun again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import JobInUse, NotAJobFile, StorageError
from gui_app.store import network_folder
from gui_app.store.edits import JobEditor
from gui_app.store.network import at_hand, copy_back, in_use, working_copy
from tests.store.making import Run, make_job, one_column
from tests.store.network.test_working_copy import ROWS, Office, abandon, answer, answers_in, counts


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    def is_remote(where: Path) -> bool:
        return "share" in Path(where).parts and not (tmp_path / "unplugged").exists()

    monkeypatch.setattr(network_folder, "is_remote", is_remote)
    monkeypatch.setattr(at_hand, "TRY_AGAIN_S", 0.0)
    office = Office(tmp_path, monkeypatch)
    make_job(office.job, one_column(*map(str, range(ROWS))))
    return office


def ahead_by(job: Path, number: int) -> None:
    """What a kill leaves once its process is gone."""
    run = Run(job)
    answer(run, number)
    abandon(run)
    with closing(sqlite3.connect(run.writer.path)) as db, db:
        db.execute("UPDATE meta SET value = 'null' WHERE key = 'owner'")


def copies() -> list[Path]:
    return sorted(working_copy.copies_dir().glob("*/*.rowmill"))


@pytest.mark.parametrize("there", ["new name.rowmill", "folder/job.rowmill"])
@pytest.mark.parametrize("looked", [False, True])
def test_opened_under_its_new_name_it_goes_on_with_the_copy_that_is_ahead(
    office: Office, there: str, looked: bool
) -> None:
    ahead_by(office.job, 10)
    renamed = office.folder / there
    renamed.parent.mkdir(exist_ok=True)
    office.job.rename(renamed)
    if looked:
        assert counts(renamed).done == 10
    with Run(renamed) as run:
        assert len(run.answer_all()) == ROWS - 10
    assert answers_in(renamed) == ROWS
    assert [path.name for path in office.folder.rglob("*.*")] == [renamed.name]
    assert copies() == [working_copy.copy_of(renamed)]


def test_opened_under_its_former_name_it_is_not_made_a_second_time(office: Office) -> None:
    ahead_by(office.job, 10)
    office.job.rename(office.folder / "renamed.rowmill")
    with pytest.raises(StorageError, match=r"has become “renamed\.rowmill”"):
        Run(office.job)
    with pytest.raises(StorageError, match=r"has become “renamed\.rowmill”"):
        copy_back.settle(office.job)
    with Run(office.folder / "renamed.rowmill") as run:
        assert len(run.answer_all()) == ROWS - 10
    assert office.files() == ["renamed.rowmill"]


def test_a_folder_renamed_on_the_share_takes_its_jobs_along(office: Office) -> None:
    (office.folder / "june").mkdir()
    job = office.folder / "june" / "job.rowmill"
    office.job.rename(job)
    ahead_by(job, 10)
    (office.folder / "june").rename(office.folder / "july")
    with Run(office.folder / "july" / "job.rowmill") as run:
        assert len(run.answer_all()) == ROWS - 10
    assert [path.name for path in office.folder.rglob("*.*")] == ["job.rowmill"]


def test_renamed_over_a_job_that_was_looked_at_before(office: Office) -> None:
    other = make_job(office.folder / "other.rowmill", one_column("a", "b"))
    assert counts(other).waiting == 2
    ahead_by(office.job, 10)
    office.job.replace(other)
    assert counts(other).done == 10
    with Run(other) as run:
        assert len(run.answer_all()) == ROWS - 10


def test_the_one_that_was_copied_waits_until_the_first_one_is_whole(office: Office) -> None:
    ahead_by(office.job, 10)
    second = office.folder / "second.rowmill"
    shutil.copy(office.job, second)
    assert counts(second).done == 0
    with pytest.raises(StorageError, match=r"under its former name “.*job.rowmill”"):
        Run(second)
    with Run(office.job) as run:
        answer(run, 1)
    with Run(second) as run:
        assert len(run.answer_all()) == ROWS
    assert answers_in(office.job) == 11


def test_a_job_renamed_while_it_runs_is_not_run_a_second_time(office: Office) -> None:
    renamed = office.folder / "renamed.rowmill"
    with Run(office.job) as run:
        answer(run, 5)
        office.job.rename(renamed)
        with pytest.raises(JobInUse, match="under its former name"):
            Run(renamed)
        with pytest.raises(JobInUse, match="under its former name"):
            JobEditor(renamed)
        answer(run, 5)
        with pytest.raises(StorageError, match="renamed, moved or deleted"):
            copy_back.copy_back(office.job, run.writer.path)
    assert run.writer.not_copied_back is not None
    with Run(renamed) as run:
        assert len(run.answer_all()) == ROWS - 10
    assert answers_in(renamed) == ROWS and office.files() == ["renamed.rowmill"]


def test_a_job_deleted_on_the_share_is_put_back_by_whoever_opens_it_and_by_nobody_who_only_looks(
    office: Office,
) -> None:
    ahead_by(office.job, 10)
    office.job.unlink()
    assert counts(office.job).done == 10
    assert not office.job.exists()
    with Run(office.job) as run:
        assert len(run.answer_all()) == ROWS - 10
    assert answers_in(office.job) == ROWS and office.files() == ["job.rowmill"]


@pytest.mark.parametrize("there", ["team/done/job.rowmill", "team/done/june/other name.rowmill", "beside/job.rowmill"])
def test_opened_under_its_former_name_one_that_was_moved_nearby_is_found(office: Office, there: str) -> None:
    job, moved = office.folder / "team" / "job.rowmill", office.folder / there
    job.parent.mkdir()
    office.job.rename(job)
    ahead_by(job, 10)
    moved.parent.mkdir(parents=True)
    job.rename(moved)
    with pytest.raises(StorageError, match=rf"has become “{re.escape(os.path.relpath(moved, job.parent))}”"):
        Run(job)
    assert not job.exists()
    with Run(moved) as run:
        assert len(run.answer_all()) == ROWS - 10


@pytest.fixture
def moved(office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job whose answers lay here alone was moved far away, and then opened where it had been: 5 more were asked."""
    monkeypatch.setattr(copy_back, "LOOK_AROUND_S", 0.0)
    with Run(office.job) as run:
        answer(run, 3)
    ahead_by(office.job, 10)
    moved = office.folder / "far" / "away" / "job.rowmill"
    moved.parent.mkdir(parents=True)
    office.job.rename(moved)
    with Run(office.job) as run:
        answer(run, 5)
    return moved


def test_moved_far_away_and_put_back_under_its_former_name_it_is_not_asked_again(office: Office, moved: Path) -> None:
    assert counts(moved).done == 3
    for write in (Run, JobEditor):
        with pytest.raises(StorageError, match=r"is an earlier state of “.*job\.rowmill”, .* Open that one, or move"):
            write(moved)
    # What it was put back as goes on, and another computer's work does not make that forgotten.
    with office.at("B"), Run(office.job) as run:
        answer(run, 1)
    assert counts(office.job).done == 19
    with pytest.raises(StorageError, match="is an earlier state"):
        Run(moved)
    office.job.replace(moved)
    with Run(moved) as run:
        assert len(run.answer_all()) == ROWS - 19
    assert answers_in(moved) == ROWS


def test_once_what_took_its_place_is_gone_its_answers_come_along(office: Office, moved: Path) -> None:
    office.job.unlink()
    assert counts(moved).done == 18
    with Run(moved) as run:
        assert len(run.answer_all()) == ROWS - 18
    assert answers_in(moved) == ROWS
    assert copies() == [working_copy.copy_of(moved)]


def test_one_that_was_copied_after_it_was_put_back_is_a_job_of_its_own(office: Office, moved: Path) -> None:
    second = office.folder / "second.rowmill"
    shutil.copy(office.job, second)
    with Run(second) as run:
        assert len(run.answer_all()) == ROWS - 18


def test_while_the_share_of_the_former_place_is_away_nobody_can_tell(office: Office, tmp_path: Path) -> None:
    ahead_by(office.job, 10)
    other = tmp_path / "share 2" / "share"
    other.mkdir(parents=True)
    shutil.copy(office.job, other / "job.rowmill")
    aside = office.folder.with_name("elsewhere")
    office.folder.rename(aside)
    with pytest.raises(StorageError, match="under its former name"):
        Run(other / "job.rowmill")
    # The same share mounted elsewhere brings this computer's mark along.
    shutil.copy(in_use.mark_of(aside / "job.rowmill"), in_use.mark_of(other / "job.rowmill"))
    with Run(other / "job.rowmill") as run:
        assert len(run.answer_all()) == ROWS - 10


def test_an_edit_under_the_former_name_is_refused_once_the_job_has_moved(office: Office) -> None:
    with closing(JobEditor(office.job)) as editor:
        editor.set_value(3, "label", "by hand")
        renamed = office.folder / "renamed.rowmill"
        office.job.rename(renamed)
        with Run(renamed) as run:
            assert counts(renamed).done == 1
            answer(run, 3)
        with pytest.raises(NotAJobFile, match=r"no job file “job\.rowmill” any more"):
            editor.set_value(4, "label", "by hand")
    assert answers_in(renamed) == 4 and office.files() == ["renamed.rowmill"]


MORTAL = """
import os, signal, sys
from pathlib import Path
from gui_app.store import network_folder
from gui_app.store.network import at_hand, in_use, renamed, working_copy
network_folder.is_remote = lambda where: "share" in Path(where).parts
module, function = sys.argv[1].split(".")
module = globals()[module]
real = getattr(module, function)
def dies(*given, **more):
    if sys.argv[2] == "after":
        real(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, function, dies)
from tests.store.making import Run
Run(Path(sys.argv[3]))
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "point", ["in_use.claim", "renamed._take_along", "working_copy.put", "in_use.release", "renamed._drop"]
)
@pytest.mark.parametrize("again", ["new", "former"])
def test_killed_while_it_takes_the_copy_along_nothing_is_asked_again(
    office: Office, point: str, when: str, again: str
) -> None:
    ahead_by(office.job, 10)
    there = office.folder / "renamed.rowmill"
    office.job.rename(there)
    mortal = subprocess.run(
        [sys.executable, "-c", MORTAL, point, when, str(there)],
        capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=60, check=False, env={**os.environ},
    )  # fmt: skip
    assert mortal.returncode == -signal.SIGKILL, mortal.stderr
    if again == "former":
        in_use.release(there)
        there.rename(office.job)
        there = office.job
    with Run(there) as run:
        assert len(run.answer_all()) == ROWS - 10
    assert answers_in(there) == ROWS
    assert set(office.files()) <= {there.name, "job.rowmill.in-use"}
