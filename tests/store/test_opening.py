"""Job files from anybody: damaged in each way, newer, older, with things planted in them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gui_app.errors import DamagedJobFile, JobFileError, NewerJobFile, NotAJobFile, StorageError, UserError
from gui_app.jobs import Counts, RowState
from gui_app.store import job_file, migrations
from gui_app.store.claims import JobWriter
from gui_app.store.copies import check_job, duplicate_job, job_glance, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.imports import RowsWriter
from gui_app.store.reading.queries import JobReader
from tests.store.making import Run, make_job, one_column

pytestmark = pytest.mark.usefixtures("spoils")

OPENERS: list[Callable[[Path], object]] = [JobReader, JobWriter, JobEditor, RowsWriter]


def refused_by_all(path: Path, kind: type[UserError], words: str) -> None:
    """Every way to open it says the same, and the file stays as it is."""
    before = path.read_bytes() if path.is_file() else None
    for opener in OPENERS:
        with pytest.raises(kind, match=words):
            opener(path)
    glance = job_glance(path)
    assert isinstance(glance.error, kind)
    assert glance.name == path.stem
    if before is not None:
        assert path.read_bytes() == before


@pytest.fixture(scope="module")
def whole_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with answers and with cells on many pages."""
    path = tmp_path_factory.mktemp("whole") / "job.rowmill"
    make_job(path, one_column(*(f"text {i} " + "x" * 100 for i in range(2000))), name="whole")
    with Run(path) as run:
        run.answer_all()
    return path


@pytest.fixture
def job(path: Path, whole_job: Path) -> Path:
    """A copy of it to be spoiled."""
    shutil.copy(whole_job, path)
    return path


def patch(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_a_missing_file(path: Path) -> None:
    refused_by_all(path, NotAJobFile, "no job file “job.rowmill” any more")
    assert not path.exists()


def test_an_empty_file(path: Path) -> None:
    path.touch()
    refused_by_all(path, NotAJobFile, "is empty")


def test_a_folder(path: Path) -> None:
    path.mkdir()
    refused_by_all(path, NotAJobFile, "is a folder")


def test_a_table(path: Path) -> None:
    path.write_text("a,b\n1,2\n")
    refused_by_all(path, NotAJobFile, "open a CSV or Excel file")


@pytest.mark.parametrize(
    "content", [b"S", b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\x01" * 84, b"\xff" * 4096]
)
def test_the_beginning_of_something(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused_by_all(path, JobFileError, "“job.rowmill” is")


def test_a_database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE status (row_id)")
        db.commit()
    refused_by_all(path, NotAJobFile, "another program")


def test_a_job_of_a_newer_version(job: Path) -> None:
    with closing(sqlite3.connect(job)) as db:
        db.execute("PRAGMA user_version = 99")
    refused_by_all(job, NewerJobFile, "newer version of Rowmill")


def test_a_job_without_a_version(job: Path) -> None:
    with closing(sqlite3.connect(job)) as db:
        db.execute("PRAGMA user_version = 0")
    refused_by_all(job, DamagedJobFile, "damaged")


def test_a_zeroed_header(job: Path) -> None:
    patch(job, 0, bytes(100))
    refused_by_all(job, DamagedJobFile, "damaged")


def test_a_file_cut_off(job: Path) -> None:
    size = job.stat().st_size
    for share in (0.9, 0.5, 0.1):
        os.truncate(job, int(size * share) // 8192 * 8192)
        refused_by_all(job, DamagedJobFile, "damaged")
    os.truncate(job, 8192)
    refused_by_all(job, DamagedJobFile, "damaged")
    os.truncate(job, 50)
    refused_by_all(job, JobFileError, "job")


def test_garbage_in_the_middle_is_found_by_reading_and_by_the_check(job: Path) -> None:
    patch(job, job.stat().st_size // 2, os.urandom(3 * 8192))
    with pytest.raises(DamagedJobFile, match="damaged"):
        check_job(job)
    with pytest.raises(DamagedJobFile, match="start a new job"), closing(JobReader(job)) as reader:
        for row in reader.stream():
            assert row.state is RowState.DONE
        for row_id in range(1, 2001):
            reader.attempts(row_id)


@pytest.mark.parametrize("seed", range(12))
def test_any_page_spoiled_is_a_sentence_and_never_a_crash(job: Path, seed: int) -> None:
    import random

    chance = random.Random(seed)
    size = job.stat().st_size
    for _ in range(4):
        patch(job, chance.randrange(100, size), chance.randbytes(chance.choice([1, 40, 3000])))
    for question in (look_at_everything, run_and_edit, check_job):
        ask(question, job)
    assert job_glance(job).path == job


def ask(question: Callable[[Path], object], job: Path) -> None:
    """Answers, or refuses in words."""
    try:
        question(job)
    except UserError as error:
        words = str(error)
    else:
        return
    assert "job.rowmill" in words or "recipe" in words


def look_at_everything(path: Path) -> None:
    from gui_app.jobs import RowFilter
    from gui_app.store.reading.filters import Order

    with closing(JobReader(path)) as reader:
        reader.summary()
        reader.totals()
        reader.draft()
        reader.recipe_versions()
        reader.failure_groups()
        reader.label_counts("label")
        found = reader.row_ids(RowFilter(search="text"), Order("field", "label"))
        reader.rows(found[:200])
        list(reader.pairs("label", 0))
        for _ in reader.stream():
            pass


def run_and_edit(path: Path) -> None:
    with closing(JobEditor(path)) as editor:
        editor.set_value(7, "label", "x")
        editor.undo()
    with Run(path) as run:
        run.claim()


PLANTED = {
    "a trigger": "CREATE TRIGGER evil AFTER UPDATE ON status BEGIN DELETE FROM attempts; END",
    "a view": "CREATE VIEW evil AS SELECT * FROM status",
    "a table": "CREATE TABLE evil (a)",
    "an index": "CREATE INDEX evil ON cells (cells)",
    "a virtual table": "CREATE VIRTUAL TABLE evil USING fts5(a)",
    "another trigger body": "DROP TRIGGER count_states",
    "a missing index": "DROP INDEX status_by_state",
    "a changed table": "ALTER TABLE attempts ADD COLUMN evil",
    "statistics": "ANALYZE",
}


@pytest.mark.parametrize("what", PLANTED)
def test_things_planted_in_a_job_are_refused(job: Path, what: str) -> None:
    with closing(sqlite3.connect(job)) as db:
        db.execute(PLANTED[what])
        db.commit()
    refused_by_all(job, DamagedJobFile, "unexpected or missing parts")


def test_a_job_file_attaches_no_other_file_and_a_claimed_size_takes_no_memory(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(job_file.connect(job)) as db:
        with pytest.raises(sqlite3.OperationalError, match="too many attached"):
            db.execute("ATTACH ? AS other", (str(job.with_name("other.db")),))
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
        with pytest.raises(sqlite3.DataError, match="too big"):
            db.execute("SELECT zeroblob(900000000)").fetchone()
    monkeypatch.setitem(job_file._LIMITS, sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
    with closing(RowsWriter(make_job(job.with_name("new.rowmill"), one_column("a")))) as writer:
        writer.begin(("text",), source_name="t", import_settings={})
        with pytest.raises(StorageError, match="too large to be kept"):
            writer.add([(("x" * 200_000,), "")])


def test_a_trigger_under_a_name_of_sqlites_own_is_refused(job: Path) -> None:
    with closing(sqlite3.connect(job)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_evil', 'status', 0, "
            "'CREATE TRIGGER sqlite_evil AFTER UPDATE ON status BEGIN DELETE FROM attempts; END')"
        )
        db.commit()
    refused_by_all(job, DamagedJobFile, "damaged")


CANNOT_BE = {
    "a state": "UPDATE status SET state = 9 WHERE row_id = 1",
    "a cause": "UPDATE status SET state = 4, cause = 'evil' WHERE row_id = 1",
    "cells": "UPDATE cells SET cells = '{\"a\": 1}' WHERE row_id = 1",
    "too few cells": "UPDATE cells SET cells = '[]' WHERE row_id = 1",
    "cells that are no text": "UPDATE cells SET cells = '[1]' WHERE row_id = 1",
    "cells that are no JSON": "UPDATE cells SET cells = 'text' WHERE row_id = 1",
    "cells that are no UTF-8": "UPDATE cells SET cells = CAST(x'5b22ff225d' AS TEXT) WHERE row_id = 1",
    "cells of bytes": "UPDATE cells SET cells = x'ff00' WHERE row_id = 1",
    "deep cells": "UPDATE cells SET cells = printf('%.*c', 100000, '[') WHERE row_id = 1",
    "values": "UPDATE attempts SET field_values = '[1]' WHERE row_id = 1",
    "values that are no JSON": "UPDATE attempts SET field_values = '{' WHERE row_id = 1",
    "values that are bytes": "UPDATE attempts SET field_values = x'ff' WHERE row_id = 1",
    "a confidence": "UPDATE attempts SET confidence = '3' WHERE row_id = 1",
    "a lane": "UPDATE status SET lane = 'x' WHERE row_id = 1",
    "a time": "UPDATE status SET not_before = 'x' WHERE row_id = 1",
    "a model": "UPDATE attempts SET model = x'ff' WHERE row_id = 1",
    "a hand value": "INSERT INTO hand_values VALUES (1, 'label', 'x', 0)",
    "a job state": "UPDATE meta SET value = '\"evil\"' WHERE key = 'state'",
    "a note": "UPDATE meta SET value = 'x' WHERE key = 'name'",
    "the columns": "INSERT INTO columns VALUES (7, x'ff')",
    "a run": "UPDATE meta SET value = '[]' WHERE key = 'run'",
    "settings": "INSERT OR REPLACE INTO meta VALUES ('import_settings', '3')",
    "warnings": "INSERT OR REPLACE INTO meta VALUES ('warnings', '{\"a\": 1}')",
    "counts": "DELETE FROM counts",
    "wrong counts": "UPDATE counts SET done = done + 1",
    "a draft": "UPDATE meta SET value = '{}' WHERE key = 'draft'",
    "a recipe": "UPDATE recipe_versions SET recipe = 'x'",
    "totals": "DELETE FROM totals",
    "missing rows": "DELETE FROM status WHERE row_id < 50",
    "huge numbers": "UPDATE attempts SET cost_usd = 9e999, input_tokens = 'many'",
    "a mark that the table was read": "UPDATE meta SET value = 'x' WHERE key = 'import_done'",
    "a deep note": "UPDATE meta SET value = printf('%.*c', 100000, '[') WHERE key = 'import_done'",
    "an attempt": "UPDATE status SET attempt_id = 'x' WHERE row_id = 1",
    "a step": "INSERT INTO edits (step, row_id, edited_at) VALUES ('x', 1, 0)",
    "a draft that is no text": "INSERT OR REPLACE INTO meta VALUES ('draft', '1e300')",
    "no cells": "DELETE FROM cells WHERE row_id = 1",
    "an owner": "INSERT OR REPLACE INTO meta VALUES ('owner', '{\"host\": [1]}')",
}


@pytest.mark.parametrize("what", CANNOT_BE)
def test_contents_that_cannot_be_are_a_sentence_and_never_a_crash(path: Path, what: str) -> None:
    job = make_job(path, one_column("a", "text b"))
    with Run(path) as run:
        run.answer_all()
    with closing(sqlite3.connect(job)) as db:
        db.execute(CANNOT_BE[what])
        db.commit()
    for question in (look_at_everything, run_and_edit, ask_again, check_job, duplicate, carry):
        ask(question, job)
    assert job_glance(job).path == job


def duplicate(path: Path) -> None:
    duplicate_job(path, path.with_name("duplicate.rowmill"), with_answers=True, name="duplicate")


def carry(path: Path) -> None:
    from tests.store.test_carry import newer

    newer(path, path.with_name("newer.rowmill"), [("a",), ("text b",)])


@pytest.mark.parametrize("due", [1.0, 1e300])
def test_a_row_that_is_due_and_has_no_cells_ends_the_run(path: Path, due: float) -> None:
    job = make_job(path, one_column("a", "b"))
    with closing(sqlite3.connect(job)) as db:
        db.execute("DELETE FROM cells WHERE row_id = 2")
        db.execute("UPDATE status SET not_before = ? WHERE row_id = 2", (due,))
        db.commit()
    with Run(path) as run:
        assert run.claim() == [1]
        with pytest.raises(DamagedJobFile, match="row 2 has no cells"):
            run.writer.next_due()


def ask_again(path: Path) -> None:
    from tests.store.making import again

    with Run(path, again()) as run:
        run.answer_all()


def test_an_older_job_is_brought_up_to_date_after_a_backup(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*migrations.MIGRATIONS, lambda db: db.execute("CREATE TABLE later (a)")]
    old = job.read_bytes()
    with newer_rowmill(monkeypatch, steps):
        # Looking at it needs no change, and makes none.
        with closing(JobReader(job)) as reader:
            assert reader.counts() == Counts(done=2000)
        assert job.read_bytes() == old
        JobEditor(job).close()
        with closing(sqlite3.connect(job)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (2,)
            assert db.execute("SELECT count(*) FROM later").fetchone() == (0,)
        with closing(JobReader(job)) as reader:
            assert reader.counts() == Counts(done=2000)
        before = job.read_bytes()
        JobEditor(job).close()
        assert job.read_bytes() == before
    refused_by_all(job, NewerJobFile, "newer")
    backup = job.with_name("job.rowmill.v1.backup")
    with closing(JobReader(backup)) as reader:
        assert reader.counts() == Counts(done=2000)


class newer_rowmill:
    """This program, with more steps in its list."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, steps: list[Callable[[sqlite3.Connection], object]]) -> None:
        self._context = monkeypatch.context()
        self._steps = steps

    def __enter__(self) -> None:
        patcher = self._context.__enter__()
        patcher.setattr(migrations, "MIGRATIONS", self._steps)
        patcher.setattr(migrations, "LATEST", len(self._steps))

    def __exit__(self, *exc: object) -> None:
        self._context.__exit__(None, None, None)


def test_a_step_that_fails_leaves_the_old_job_as_it_was(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half_way(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM attempts")
        db.execute("CREATE TABLE later (a)")
        db.execute("INSERT INTO no_such_table VALUES (1)")

    with newer_rowmill(monkeypatch, [*migrations.MIGRATIONS, half_way]), pytest.raises(sqlite3.OperationalError):
        JobEditor(job)
    check_job(job)
    with closing(JobReader(job)) as reader:
        assert reader.totals().requests == 2000


def test_two_windows_may_open_an_old_job_at_once(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    steps = [*migrations.MIGRATIONS, lambda db: db.execute("CREATE TABLE later (a)")]
    with newer_rowmill(monkeypatch, steps), ThreadPoolExecutor(4) as pool:
        for editor in pool.map(lambda _: JobEditor(job), range(4)):
            editor.close()
        check_job(job)


def test_a_stranger_does_not_get_his_triggers_run_by_the_migration(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(job)) as db:
        db.execute("CREATE TRIGGER evil AFTER UPDATE ON meta BEGIN DELETE FROM attempts; END")
        db.commit()
    steps = [*migrations.MIGRATIONS, lambda db: db.execute("UPDATE meta SET value = value")]
    with newer_rowmill(monkeypatch, steps):
        refused_by_all(job, DamagedJobFile, "unexpected")
    assert list(job.parent.glob("*.backup")) == []


def test_making_a_job_never_takes_the_place_of_a_file(job: Path) -> None:
    before = job.read_bytes()
    with pytest.raises(StorageError, match="already a file"):
        job_file.create_job(job, name="other")
    assert job.read_bytes() == before


def test_a_new_job_does_not_inherit_what_a_deleted_one_left(path: Path) -> None:
    make_job(path, one_column("old"))
    writer = JobWriter(path)
    wal = Path(f"{path}-wal")
    left = wal.read_bytes()
    assert left
    writer.close()
    path.unlink()
    wal.write_bytes(left)
    make_job(path, one_column("new"))
    with closing(JobReader(path)) as reader:
        assert reader.rows([1])[0].cells == ("new",)
    check_job(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_whoever_looks_at_a_job_last_leaves_one_file_behind(path: Path, read_only: bool) -> None:
    """What wrote it could not put it all into the job's own file, because somebody was reading just then."""
    make_job(path, one_column("a"))
    # A reader that comes while the file is being made is one that may never write.
    reading = job_file.connect(path, read_only=read_only)
    with closing(JobEditor(path)) as editor:
        # A question that is still being answered holds on to what it sees.
        answering = reading.execute("SELECT name FROM sqlite_master UNION ALL SELECT name FROM sqlite_master")
        assert answering.fetchone()
        editor.set_note("typed", "kept")
    assert Path(f"{path}-wal").stat().st_size
    answering.close()
    job_file.close_reader(reading, path)
    assert [file.name for file in path.parent.glob(f"{path.name}*")] == [path.name]
    with closing(JobReader(path)) as again:
        assert again.note("typed") == "kept"


def test_a_reader_that_closes_leaves_the_file_of_one_that_still_works_to_it(path: Path) -> None:
    make_job(path, one_column("a"))
    with closing(JobWriter(path)):
        JobReader(path).close()
        assert Path(f"{path}-wal").exists()


def test_a_job_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StorageError, match="cannot be stored"):
        job_file.create_job(blocked / "job.rowmill", name="x")
    with pytest.raises(StorageError, match="cannot be stored"):
        job_file.create_job(tmp_path / ("x" * 300), name="x")
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["file"]


@pytest.mark.parametrize(
    "name", ["a job.rowmill", "作业.rowmill", "100% #1?.rowmill", "x&mode=memory.rowmill", '‘q’"\\.rowmill']
)
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    path = make_job(tmp_path / name, one_column("a"))
    with Run(path) as run:
        run.answer_all()
    check_job(path)
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [name]


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder in which this process may not write: for root's rights no such folder exists, so it gives them up."""
    if os.name != "posix":
        pytest.skip("folders of POSIX systems")
    folder = Path(tempfile.mkdtemp(prefix="rowmill-read-only-"))
    folder.chmod(0o755)
    root = os.geteuid() == 0
    make_job(folder / "job.rowmill", one_column("a", "b")).chmod(0o644)
    with Run(folder / "job.rowmill") as run:
        run.answer_all()
    folder.chmod(0o555)
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_job_in_a_read_only_folder_can_be_looked_at_and_says_why_no_more(read_only_folder: Path) -> None:
    path = read_only_folder / "job.rowmill"
    with closing(JobReader(path)) as reader:
        assert reader.counts() == Counts(done=2)
        assert [row.cells for row in reader.stream()] == [("a",), ("b",)]
    assert job_glance(path).counts == Counts(done=2)
    for opener in (JobEditor, JobWriter, RowsWriter):
        with pytest.raises(StorageError, match="read-only"):
            opener(path)
    for attempt in (
        lambda: job_file.create_job(read_only_folder / "new.rowmill", name="x"),
        lambda: save_copy(path, read_only_folder / "copy.rowmill"),
        lambda: duplicate_job(path, read_only_folder / "copy.rowmill", with_answers=True, name="x"),
    ):
        with pytest.raises(StorageError, match="cannot be stored"):
            attempt()
    assert [file.name for file in read_only_folder.iterdir()] == ["job.rowmill"]


def test_a_job_that_was_not_closed_in_a_folder_that_became_read_only(read_only_folder: Path) -> None:
    path = read_only_folder / "job.rowmill"
    # Its answers lie in the -wal file, which cannot be read without writing beside it.
    wal = Path(f"{path}-wal")
    euid = os.geteuid()
    os.seteuid(os.getuid())
    read_only_folder.chmod(0o755)
    wal.write_bytes(b"x" * 10_000)
    read_only_folder.chmod(0o555)
    os.seteuid(euid)
    with pytest.raises(StorageError):
        JobReader(path)
