"""Writing the rows of a table into a new job."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gui_app.errors import JobFileError, JobInUse
from gui_app.jobs import Counts, JobState, RowState
from gui_app.store import imports, job_file
from gui_app.store.claims import JobWriter
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.packing import pack_cells, pack_rows, pack_value, pack_values, unpack_cells, unpack_values
from gui_app.store.reading.queries import JobReader
from tests.store.making import OTHER_RECIPE, Read, Run, make_job, never_sent, one_column

SQL = "'; DROP TABLE status; -- \" ] ) ` \\"


def start(path: Path, *columns: str) -> RowsWriter:
    writer = RowsWriter(path)
    writer.begin(columns, source_name="t.csv", import_settings={})
    return writer


def test_a_table_becomes_the_rows_of_a_job(path: Path, read: Read) -> None:
    create_job(path, name="n")
    writer = RowsWriter(path)
    writer.begin(
        ["a", "b"],
        source_name="table.xlsx",
        import_settings={"sheet": "One", "header": True},
        renamed=[(1, "a", "b")],
        sheets=["One", "Two"],
    )
    assert writer.add([(("1", "x"), "nt"), (("2", ""), "")]) == 2
    assert writer.add([]) == 2
    assert writer.add([(("3", "z"), "")]) == 3
    writer.finish([("{count} rows were short", {"count": 3})])
    summary = read().summary()
    assert summary.columns == ("a", "b")
    assert (summary.name, summary.source_name, summary.state) == ("n", "table.xlsx", JobState.DRAFT)
    assert summary.import_settings == {"sheet": "One", "header": True}
    assert (summary.renamed, summary.sheets) == (((1, "a", "b"),), ("One", "Two"))
    assert summary.warnings == (("{count} rows were short", {"count": 3}),)
    assert (summary.import_done, summary.sent, summary.counts) == (True, False, Counts(waiting=3))
    rows = read().rows([1, 2, 3])
    assert [(row.row_id, row.cells, row.marks) for row in rows] == [
        (1, ("1", "x"), "nt"),
        (2, ("2", ""), ""),
        (3, ("3", "z"), ""),
    ]


def test_rows_with_and_without_marks_keep_their_places_in_one_group(path: Path, read: Read) -> None:
    create_job(path, name="n")
    writer = start(path, "a", "b")
    batches = [[(("1", "x"), "nt"), (("2", "y"), "")], [], [(("3", "z"), "")], [(("4", "w"), "tt")]]
    assert writer.write([pack_rows(batch) for batch in batches]) == 4
    writer.finish()
    rows = read().rows([1, 2, 3, 4])
    assert [(*row.cells, row.marks) for row in rows] == [
        ("1", "x", "nt"), ("2", "y", ""), ("3", "z", ""), ("4", "w", "tt"),
    ]  # fmt: skip


def test_the_first_rows_can_be_seen_while_the_rest_is_read(path: Path, read: Read) -> None:
    create_job(path, name="n")
    writer = start(path, "a")
    writer.add((row, "") for row in one_column("1", "2"))
    reader = read()
    assert list(reader.row_ids()) == [1, 2]
    assert not reader.summary().import_done
    writer.add((row, "") for row in one_column("3"))
    assert [row.cells for row in reader.rows(reader.row_ids())] == [("1",), ("2",), ("3",)]
    writer.finish()
    assert reader.summary().import_done


def test_reading_the_table_anew_starts_over(path: Path, read: Read) -> None:
    make_job(path, one_column("old", "old 2", "old 3"))
    writer = start(path, "x", "y")
    writer.add([(("1", "2"), "")])
    writer.finish()
    assert read().columns() == ("x", "y")
    assert [row.cells for row in read().rows(read().row_ids())] == [("1", "2")]
    assert read().counts() == Counts(waiting=1)


def test_what_a_run_that_sent_nothing_left_goes_with_its_rows(path: Path, read: Read) -> None:
    make_job(path, one_column("same", "same"))
    with Run(path) as run:
        run.claim()
        run.keep(never_sent(1))
        run.begin(recipe=OTHER_RECIPE)
    writer = start(path, "text")
    writer.add((row, "") for row in one_column("same", "else", "same"))
    writer.finish()
    summary = read().summary()
    assert (summary.sent, summary.lane, summary.state) == (False, None, JobState.DRAFT)
    with Run(path) as run:
        assert run.claim() == [1, 2]


def test_the_table_is_locked_once_a_request_has_gone_out(path: Path, read: Read) -> None:
    make_job(path, one_column("a"))
    with Run(path) as run:
        run.answer_all()
    assert read().summary().sent
    writer = RowsWriter(path)
    with pytest.raises(JobFileError, match="Start a new job"):
        writer.begin(["b"], source_name="t", import_settings={})
    writer.close()
    assert read().rows([1])[0].cells == ("a",)


def test_the_table_is_not_read_anew_while_somebody_runs_the_job(path: Path) -> None:
    make_job(path, one_column("a"))
    with closing(JobWriter(path)), closing(RowsWriter(path)) as writer, pytest.raises(JobInUse):
        writer.begin(["b"], source_name="t", import_settings={})


def test_two_readings_of_a_table_never_mix(path: Path, read: Read) -> None:
    create_job(path, name="n")
    first = start(path, "a")
    first.add((row, "") for row in one_column("old 1", "old 2", "old 3"))
    second = start(path, "b")
    with pytest.raises(JobFileError, match="read anew"):
        first.add((row, "") for row in one_column("old 4"))
    second.add((row, "") for row in one_column("new 1"))
    with pytest.raises(JobFileError, match="read anew"):
        first.finish()
    second.add((row, "") for row in one_column("new 2"))
    second.finish()
    first.close()
    assert [row.cells for row in read().rows(read().row_ids())] == [("new 1",), ("new 2",)]


def test_a_reading_that_ended_early_can_be_told(path: Path, read: Read) -> None:
    create_job(path, name="n")
    writer = start(path, "a")
    writer.add([(("1",), "")])
    writer.close()
    assert not read().summary().import_done


@pytest.mark.parametrize(
    "text", [SQL, "quote ' \" ''", "中文，你好", "nul \x00 in the middle", "\ud800 alone",
     "\x1b[31m", "a\r\nb\tc", "\u2028\ufeff\ufffe", ""]
)  # fmt: skip
def test_any_text_in_any_place_comes_back_as_it_was(path: Path, read: Read, text: str) -> None:
    create_job(path, name=text)
    writer = RowsWriter(path)
    writer.begin([text or "x", "b"], source_name=text, import_settings={"quote": text})
    writer.add([((text, text * 2), "")])
    writer.finish([(text, {"text": text})])
    (row,) = read().rows([1])
    assert row.cells == (text, text * 2)
    summary = read().summary()
    assert summary.name == text
    assert summary.import_settings == {"quote": text}
    if "\ud800" not in text:
        assert summary.columns == (text or "x", "b")
        assert summary.source_name == text


def test_a_cell_of_ten_megabytes(path: Path, read: Read) -> None:
    long = '中 \\ " x' * 1_500_000
    make_job(path, [[long, "b"], ["\ud800" + long, "b"]], ["text", "b"])
    whole = read().rows([1, 2], full=True)
    assert [row.cells for row in whole] == [(long, "b"), ("\ud800" + long, "b")]
    one, two = read().rows([1, 2])
    assert one.cells == (long[:300] + "…", "b")
    assert two.cells == ("\ud800" + long[:299] + "…", "b")
    assert [row.cells[0] for row in read().stream()] == [long, "\ud800" + long]


def test_two_thousand_columns(path: Path, read: Read) -> None:
    columns = [f"column {i}" for i in range(2000)]
    make_job(path, [[str(i) for i in range(2000)]], columns)
    assert read().columns() == tuple(columns)
    assert read().rows([1])[0].cells == tuple(str(i) for i in range(2000))


# Lone surrogates too; a pair of them is a character.
ANY_TEXT = st.text(st.characters()).map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
ANY_VALUE = st.one_of(st.text(), st.booleans(), st.none(), st.integers(), st.lists(st.text()).map(tuple))


@given(st.lists(ANY_TEXT))
@settings(deadline=None)
def test_packed_cells_are_unpacked_to_the_same(cells: list[str]) -> None:
    packed = pack_cells(cells)
    packed.encode()
    assert unpack_cells(packed) == tuple(cells)


@given(st.lists(st.tuples(st.lists(ANY_TEXT, min_size=1).map(tuple), st.text("tndDTb", max_size=3)), min_size=1))
@example([(("a", "b"), ""), (("c", "d"), "")])
@example([(("a", "b"), "tn"), (("c", "d"), "")])
@example([(("\\", 'say "no"'), ""), (("", ""), "")])
@settings(deadline=None)
def test_sqlite_takes_a_batch_apart_into_the_very_rows_that_were_packed(
    rows: list[tuple[tuple[str, ...], str]],
) -> None:
    packed = pack_rows(rows)
    marks = (packed.marks.encode(), packed.width) if packed.width else ()
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE cells (row_id INTEGER PRIMARY KEY, cells TEXT, marks TEXT)")
        db.execute(imports._MARKED if marks else imports._PLAIN, (5, f"[{packed.text}]", *marks))
        found = db.execute("SELECT row_id, cells, marks FROM cells ORDER BY row_id").fetchall()
    assert packed.count == len(rows)
    assert [(row_id, unpack_cells(cells), marks) for row_id, cells, marks in found] == [
        (row_id, *row) for row_id, row in enumerate(rows, start=5)
    ]


@given(st.dictionaries(st.text(), ANY_VALUE))
@settings(deadline=None)
def test_packed_values_are_unpacked_to_the_same(values: dict[str, object]) -> None:
    assert unpack_values(pack_values(values)) == values


@pytest.mark.parametrize("packed", ["", "{}", "[1]", '["a", null]', "[[]]", "nonsense", '"text"', "[" * 100_000])
def test_cells_that_are_none_are_refused(packed: str) -> None:
    with pytest.raises((ValueError, TypeError, RecursionError)):
        unpack_cells(packed)


def test_equal_values_are_packed_alike() -> None:
    assert pack_value(("a", "b")) == pack_value(["a", "b"]) == '["a","b"]'


@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_cells_hold_can_be_searched_sorted_and_shown(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    from gui_app.jobs import RowFilter
    from gui_app.store.reading.queries import Order

    file = tmp_path / f"{len(list(tmp_path.iterdir()))}.rowmill"
    make_job(file, rows, ["a", "b"])
    with closing(JobReader(file)) as reader:
        for row_id, row in enumerate(rows, start=1):
            for cell in row:
                found = list(reader.row_ids(RowFilter(search=cell)))
                if not any("\ud800" <= character <= "\udfff" for character in cell):
                    assert row_id in found
        assert sorted(reader.row_ids(None, Order("column", 1))) == list(range(1, len(rows) + 1))
        assert [cell for _, _, cell in reader.pairs("x", 0)] == []
        assert all(row.state is RowState.WAITING for row in reader.stream())
        assert [row.cells for row in reader.stream()] == rows


def test_the_import_says_nothing_of_other_files(path: Path) -> None:
    make_job(path, one_column("a"))
    with closing(job_file.connect(path)) as db:
        notes = " ".join(value for (value,) in db.execute("SELECT value FROM meta"))
    assert str(path.parent) not in notes
