"""However a sheet is written, calamine never finds a cell farther out than the look through it has said."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineError, CalamineWorkbook

from gui_app.tables import sheet_extent
from gui_app.tables.sheet_scan import SheetScan, scan
from tests.tables.make_files import xlsx

_PLACES = st.builds(
    "{}{}".format, st.sampled_from(["A", "B", "Z", "AA", "AZ", "AAC", "b"]), st.sampled_from([1, 2, 9, 40, 33])
)
_R = st.builds(
    lambda form, place: form.format(place=place),
    st.sampled_from(
        [' r="{place}"'] * 6
        + [" r='{place}'", ' r = "{place}"', '\tr="{place}"', '\n r="{place}"', ' s="0"r="{place}"', "",
           ' s="0" r="{place}"', " x=' r=\"A1\"' r=\"{place}\"", ' r="A1" r="{place}"', ' r="{place}" cm="1"',
           ' x:r="A1" r="{place}"', ' r="{place}" x="/>"', ' x="row>" r="{place}"', ' x=">" r="{place}"'],
    ),
    _PLACES,
)  # fmt: skip
_CELLS = st.builds(
    lambda form, r: form.format(r=r),
    st.sampled_from(
        ["<c{r}><v>1</v></c>"] * 4
        + ["<c{r}/>", '<c{r} t="inlineStr"><is><t>a</t></is></c>', "<c{r}></c>", "<x:c{r}><v>1</v></x:c>", "<c/>",
           "<c{r}><f>A1</f><v>2</v></c>", "<c{r}><v>1<row/></v></c>", "<!-- <row r='1'> -->",
           "<x><c{r}><v>1</v></c></x>",
           "<c{r}\n><v>1</v></c\n>", "<c{r} ><v>1</v></c>",
           "<c{r}><is><c/></is></c>", "<a:b:c{r}><v>1</v></a:b:c>",
           "<a:b:row></a:b:row>", "<row></row>", "<![CDATA[<row>]]>", "<c{r}\x0b><v>1</v></c\x0b>", "<row/>"],
    ),
    _R,
)  # fmt: skip
_ROWS = st.builds(
    lambda form, row, cells: form.format(row=row, cells="".join(cells)),
    st.sampled_from(
        ['<row r="{row}">{cells}</row>'] * 4
        + ["<row>{cells}</row>", "<row r='{row}' >{cells}</row>", "<x:row>{cells}</x:row>", '<row r="{row}"/>{cells}',
           "{cells}", '</sheetData><row r="{row}">{cells}</row>', "<row\x0b>{cells}</row\x0b>"],
    ),
    st.sampled_from([1, 2, 9, 40]),
    st.lists(_CELLS, max_size=6),
)  # fmt: skip
_MOST_COLUMNS = {1: 26, 2: 26 + 26**2, 3: 26 + 26**2 + 26**3}


def _sheet(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def _bounds(found: SheetScan, xml: bytes) -> tuple[float, float, float]:
    """Rows, columns and cells at most; without bounds where the sheet would be refused."""
    if not found.doubtful:
        cells = sheet_extent._extent(sheet_extent._PLACES_OF_FILLED, [xml])
        return (1_999_999 if found.tall else 99_999), _MOST_COLUMNS[found.letters], cells
    try:
        return float("inf"), float("inf"), sheet_extent._Walk().extent([xml])
    except ValueError:
        return float("inf"), float("inf"), float("inf")


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ROWS, min_size=1, max_size=5), cut=st.integers(1, 400))
@example(rows=['<row r="1"><c/><c/><c/><c><v>1</v></c></row>'], cut=400)
@example(rows=['<row r="1"><c r="A1"><v>1</v></c><x:c r="AAC1"><v>1</v></x:c></row>'], cut=400)
@example(rows=['<row r="1"><c r="A1" r="AAC1"><v>1</v></c></row>'], cut=400)
@example(rows=['<row r="1"><c/><c/><c/><a:b:row></a:b:row><c><v>1</v></c></row>'], cut=400)
@example(rows=['<row r="1"><c/><c/><c/><row\x0b></row\x0b><c><v>1</v></c></row>'], cut=400)
@example(rows=['<row r="1"><c/><c><v>1<row></row></v></c><c/><c><v>1</v></c></row>'], cut=400)
def test_calamine_finds_no_cell_beyond_what_was_said(tmp_path: Path, rows: list[str], cut: int) -> None:
    path = xlsx(tmp_path / "a.xlsx", "".join(rows))
    try:
        with CalamineWorkbook.from_path(path) as book:
            end = book.get_sheet_by_index(0).end
    except CalamineError:
        return
    xml = _sheet(path)
    found = scan(xml[start : start + cut] for start in range(0, len(xml), cut))
    most_rows, most_columns, most_cells = _bounds(found, xml)
    if end is not None:
        assert end[0] < most_rows
        assert end[1] < most_columns
        assert (end[0] + 1) * (end[1] + 1) <= most_cells


@pytest.mark.parametrize(
    ("cells", "letters", "tall"),
    [
        ('<c r="Z99999"><v>1</v></c>', 1, False),
        ('<c r="Z100000" s="1" t="s"><v>1</v></c>', 1, True),
        ('<c r="Z1999999"/>', 1, True),
        ('<c r="AA1" t="n"><v>1</v></c>', 2, False),
        ('<c r="A1"/><c r="ZZ100000"/>', 2, True),
        ('<c r="AAA1" s="2"><f>A1</f><v>1</v></c>', 3, False),
    ],
)
def test_what_programs_write_is_bounded_by_one_search(cells: str, letters: int, tall: bool) -> None:
    for prefix in ("", "x:"):
        named = cells.replace("<", f"<{prefix}").replace(f"<{prefix}/", f"</{prefix}")
        found = scan(
            [f"<{prefix}worksheet><{prefix}sheetData>{named}</{prefix}sheetData></{prefix}worksheet>".encode()]
        )
        assert (found.letters, found.tall, found.doubtful) == (letters, tall, False)
        assert found.prefix == prefix.encode()
