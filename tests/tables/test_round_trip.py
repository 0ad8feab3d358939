"""Import, export, import: every cell comes back, whatever stands in it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gui_app.errors import InputError
from gui_app.tables import Cell, ImportSettings, open_table, save_table, typed
from gui_app.tables.formula_guard import is_formula_like
from tests.tables.reading import write

# Half a surrogate pair is no text, NUL is removed on import, and no XML holds the others.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_TRICKY = st.sampled_from(
    ["", "=1+1", "-5", "'", '"', '""', "a,b", "a\r\nb", "\r", "\n", " ", "\t", "\ufeff", "007", "_x0041_", "<r>a</r>"]
)
_CELLS = st.one_of(_TEXT, _TRICKY)
_OLD_SETTINGS = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


@st.composite
def _tables(draw: st.DrawFn, cells: st.SearchStrategy[str] = _CELLS) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8))


def _read(path: Path, chosen: ImportSettings) -> tuple[tuple[str, ...], list[tuple[tuple[str, ...], str]]]:
    with open_table(path, chosen) as table:
        return table.columns, list(table.rows())


def _names(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"c{n}" for n in range(len(rows[0]))]


@_OLD_SETTINGS
@given(rows=_tables(), separator=st.sampled_from(",;\t|"))
def test_csv_without_the_prefix_gives_back_every_cell(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    save_table(tmp_path / "a.csv", _names(rows), rows, separator=separator, protect=False)
    chosen = ImportSettings("utf-8", separator, quote='"', escape="", header=True, skip_lines=0)
    columns, found = _read(tmp_path / "a.csv", chosen)
    assert list(columns) == _names(rows)
    assert found == [(tuple(row), "") for row in rows]
    save_table(tmp_path / "b.csv", columns, (typed(*row) for row in found), separator=separator, protect=False)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


@_OLD_SETTINGS
@given(rows=_tables())
def test_csv_with_the_prefix_gives_back_every_cell_but_for_the_prefix(tmp_path: Path, rows: list[list[str]]) -> None:
    report = save_table(tmp_path / "a.csv", _names(rows), rows)
    _, found = _read(tmp_path / "a.csv", ImportSettings("utf-8", ",", quote='"', escape="", header=True, skip_lines=0))
    expected = [tuple("'" + cell if is_formula_like(cell) else cell for cell in row) for row in rows]
    assert [cells for cells, _ in found] == expected
    assert report.protected_cells == sum(is_formula_like(cell) for row in rows for cell in row)


_XLSX_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12)
_XLSX_CELLS = st.one_of(
    _XLSX_TEXT,
    _TRICKY,
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.booleans(),
    st.dates(min_value=datetime.date(1900, 3, 1)),
)


@_OLD_SETTINGS
@given(rows=st.lists(st.tuples(st.just("x"), _XLSX_CELLS, _XLSX_CELLS, st.just("y")), min_size=1, max_size=8))
def test_excel_gives_back_every_cell_and_kind(tmp_path: Path, rows: list[tuple[object, ...]]) -> None:
    save_table(tmp_path / "a.xlsx", ["a", "b", "c", "d"], rows)  # type: ignore[arg-type]
    chosen = ImportSettings(header=True, skip_lines=0)
    first = _read(tmp_path / "a.xlsx", chosen)
    back = [tuple(typed(*row)) for row in first[1]]
    assert back == [tuple(row) for row in rows]
    assert [list(map(type, row)) for row in back] == [list(map(type, row)) for row in rows]
    save_table(tmp_path / "b.xlsx", first[0], back)
    assert _read(tmp_path / "b.xlsx", chosen) == first


@_OLD_SETTINGS
@given(rows=_tables(st.one_of(_PRINTED, _TRICKY)), encoding=st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_what_is_detected_gives_the_same_table_when_it_is_asked_for(
    tmp_path: Path, rows: list[list[str]], encoding: str
) -> None:
    save_table(tmp_path / "a.csv", _names(rows), rows, bom=False)
    path = write(tmp_path / "b.csv", (tmp_path / "a.csv").read_bytes().decode(), encoding)
    with open_table(path) as table:
        found = table.columns, list(table.rows())
        chosen = table.settings
    assert _read(path, chosen) == found


@settings(_OLD_SETTINGS, max_examples=300)
@given(contents=st.one_of(st.binary(max_size=200), st.text("ab\",;\t\r\n\0'\\=0é中", max_size=60).map(str.encode)))
def test_any_bytes_are_a_table_or_refused_in_words(tmp_path: Path, contents: bytes) -> None:
    path = write(tmp_path / "a.csv", contents)
    said = ""
    columns: tuple[str, ...] = ()
    rows: list[tuple[tuple[str, ...], str]] = []
    try:
        with open_table(path) as table:
            columns, rows = table.columns, list(table.rows())
            said = "“a.csv”".join(sentence.format(**details) for sentence, details in table.warnings)
    except InputError as error:
        said = str(error)
    assert not said or "“a.csv”" in said
    assert all(len(cells) == len(columns) for cells, _ in rows)
    assert len(set(columns)) == len(columns)
    assert path.read_bytes() == contents


@settings(_OLD_SETTINGS, max_examples=80)
@given(
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=4),
    kept=st.floats(0.5, 1),
)
def test_a_damaged_workbook_is_a_table_or_refused_in_words(
    tmp_path: Path, changes: list[tuple[float, int]], kept: float
) -> None:
    save_table(tmp_path / "good.xlsx", ["id", "text"], [[n, f"text {n}"] for n in range(20)])
    contents = bytearray((tmp_path / "good.xlsx").read_bytes())
    for place, byte in changes:
        contents[int(place * len(contents))] = byte
    del contents[int(kept * len(contents)) :]
    path = write(tmp_path / "a.xlsx", bytes(contents))
    refused = None
    try:
        with open_table(path) as table:
            list(table.rows())
    except InputError as error:
        refused = error
    assert refused is None or "“a.xlsx”" in str(refused)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_job_of_numbers_and_dates_goes_out_as_it_came_in(tmp_path: Path, name: str) -> None:
    rows: list[list[Cell]] = [
        ["007", 1.5, datetime.date(2026, 1, 31), True],
        ["1e5", -2, datetime.date(1999, 12, 31), False],
    ]
    save_table(tmp_path / "in.xlsx", ["id", "n", "d", "b"], rows)
    with open_table(tmp_path / "in.xlsx") as table:
        save_table(tmp_path / name, table.columns, (typed(*row) for row in table.rows()))
    with open_table(tmp_path / name) as table:
        assert [cells for cells, _ in table.rows()] == [
            ("007", "1.5", "2026-01-31", "TRUE"),
            ("1e5", "-2", "1999-12-31", "FALSE"),
        ]
