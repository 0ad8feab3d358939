"""Whole job files: copied, duplicated, glanced at, checked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import DamagedJobFile, JobFileError, NotAJobFile, StorageError
from gui_app.jobs import Counts, JobState, RowState
from gui_app.store import job_file
from gui_app.store.copies import check_job, duplicate_job, job_glance, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.reading.queries import JobReader
from tests.store.making import RECIPE, Run, done, doubtful, make_job, one_column


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return tmp_path / "other.rowmill"


def half_done(path: Path) -> Run:
    """Row 1 done, 2 done by hand, 3 needs review, 4 and 5 out, 5 edited meanwhile, 6 follows 4, 7 waits."""
    make_job(path, one_column("a", "b", "c", "d", "e", "d", "f"), name="first")
    run = Run(path)
    run.claim(3)
    run.keep(done(1), done(2), doubtful(3))
    run.claim(2)
    run.exchange((), 0)
    run.writer.db.execute("UPDATE status SET follows = 4, not_before = -1 WHERE row_id = 6")
    with closing(JobEditor(path)) as editor:
        editor.set_value(2, "label", "mine")
        editor.set_value(5, "label", "mine")
        editor.set_note("gold", 3)
    return run


def test_a_live_job_can_be_copied_and_the_copy_belongs_to_nobody(path: Path, other: Path) -> None:
    with half_done(path) as run:
        save_copy(path, other)
        run.keep(done(4))
        run.answer_all()
    with closing(JobReader(other)) as copy:
        summary = copy.summary()
        assert (summary.name, summary.owner, summary.state) == ("first", None, JobState.PAUSED)
        assert summary.counts == Counts(waiting=2, running=2, done=2, needs_review=1)
        assert summary.unknown_sent == 2
        assert copy.rows([2])[0].shown("label") == "mine"
    check_job(other)
    with Run(other) as run:
        assert run.lost == 2
    assert sorted(file.name for file in path.parent.iterdir() if file.is_file()) == ["job.rowmill", "other.rowmill"]


def test_a_copy_takes_the_place_of_an_older_file_but_not_of_an_open_job(path: Path, other: Path) -> None:
    make_job(path, one_column("a"))
    other.write_text("older")
    save_copy(path, other)
    assert job_glance(other).counts == Counts(waiting=1)
    with half_done(path.with_name("third.rowmill")) as run:
        third = run.writer.path
        with pytest.raises(StorageError, match="is open"):
            save_copy(path, third)
        assert run.writer.counts().rows == 7
    with pytest.raises(StorageError, match="is the job itself"):
        save_copy(path, path)
    with pytest.raises(NotAJobFile):
        save_copy(path.with_name("none"), path.with_name("copy"))
    check_job(path)


def test_a_duplicate_with_answers(path: Path, other: Path) -> None:
    with half_done(path):
        duplicate_job(path, other, with_answers=True, name="second")
    with closing(JobReader(other)) as copy:
        summary = copy.summary()
        assert (summary.name, summary.state, summary.owner) == ("second", JobState.PAUSED, None)
        # What is out, is out in the source: here it waits, and nothing was lost.
        assert (summary.counts, summary.unknown_sent) == (Counts(waiting=3, done=3, needs_review=1), 0)
        assert copy.rows([6])[0].follows is None
        assert copy.totals().requests == 3
        assert copy.note("gold") == 3
        assert copy.draft() == RECIPE
    check_job(other)
    with Run(other) as run:
        assert run.claim() == [4, 7]


def test_a_duplicate_without_answers(path: Path, other: Path) -> None:
    with half_done(path):
        duplicate_job(path, other, with_answers=False, name="second \ud800")
    with closing(JobReader(other)) as copy, closing(JobReader(path)) as first:
        summary = copy.summary()
        assert (summary.state, summary.sent, summary.counts) == (JobState.DRAFT, False, Counts(waiting=7))
        assert summary.source_name == "table.csv"
        assert summary.import_done
        assert summary.created_at > first.summary().created_at
        assert [row.cells for row in copy.stream()] == [row.cells for row in first.stream()]
        assert {row.state for row in copy.stream()} == {RowState.WAITING}
        assert copy.totals().requests == 0
        assert (copy.note("gold"), copy.draft()) == (3, RECIPE)
    check_job(other)
    with Run(other) as run:
        assert run.claim(2) == [1, 2]


@pytest.mark.parametrize("with_answers", [True, False])
def test_a_duplicate_has_a_name_of_its_own(path: Path, other: Path, with_answers: bool) -> None:
    make_job(path, one_column("a"))
    other.write_text("somebody's")
    with pytest.raises(StorageError, match="already a file"):
        duplicate_job(path, other, with_answers=with_answers, name="x")
    assert other.read_text() == "somebody's"
    other.unlink()
    duplicate_job(path, other, with_answers=with_answers, name="x")
    ids = []
    for file in (path, other):
        with closing(job_file.connect(file)) as db:
            ids.append(job_file.get_meta(db, "job_id"))
    assert ids[0] != ids[1]


def test_half_a_table_is_not_duplicated(path: Path, other: Path) -> None:
    job_file.create_job(path, name="x")
    with pytest.raises(JobFileError, match="not read to its end"):
        duplicate_job(path, other, with_answers=False, name="y")
    assert not other.exists()


def test_a_glance_tells_what_the_list_shows(path: Path) -> None:
    with half_done(path):
        glance = job_glance(path)
        assert (glance.name, glance.state, glance.error) == ("first", JobState.RUNNING, None)
        assert glance.counts == Counts(waiting=2, running=2, done=2, needs_review=1)
        assert glance.owner is not None
    assert job_glance(path).state is JobState.PAUSED
    assert job_glance(path).updated_at > 0


def test_a_glance_at_a_job_whose_table_is_being_read(path: Path) -> None:
    job_file.create_job(path, name="x")
    with closing(RowsWriter(path)) as writer:
        writer.begin(["a"], source_name="t", import_settings={})
        writer.add([(("1",), "")])
        glance = job_glance(path)
        assert (glance.import_done, glance.counts, glance.error) == (False, Counts(waiting=1), None)


@pytest.mark.usefixtures("spoils")
def test_the_check_finds_counts_that_are_wrong(path: Path) -> None:
    make_job(path, one_column("a"))
    check_job(path)
    with closing(job_file.connect(path)) as db:
        db.execute("UPDATE counts SET done = 5")
    with pytest.raises(DamagedJobFile, match="counts"):
        check_job(path)
