"""Workbooks come in as the text the user saw, with marks for what was a number or a date."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from gui_app.tables import ImportSettings, open_table, typed
from tests.tables.make_files import ods, text_cell, xls, xlsx
from tests.tables.reading import cells_of, told_by


def _workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        formats = {
            datetime.datetime: book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
            datetime.date: book.add_format({"num_format": "dd.mm.yyyy"}),
            datetime.time: book.add_format({"num_format": "hh:mm"}),
            datetime.timedelta: book.add_format({"num_format": "[h]:mm:ss"}),
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif isinstance(value, bool):
                        sheet.write_boolean(number, column, value)
                    elif isinstance(value, int | float):
                        sheet.write_number(number, column, value)
                    elif value is not None:
                        sheet.write_datetime(number, column, value, formats[type(value)])
    return path


def test_values_become_the_text_the_user_saw_and_marks_say_what_they_were(tmp_path: Path) -> None:
    row = [
        "007",
        12.0,
        0.1 + 0.2,
        -1.5,
        1e20,
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31, 13, 45, 1),
        datetime.time(9, 5),
        datetime.timedelta(hours=30, minutes=15),
        True,
        False,
    ]
    path = _workbook(tmp_path / "a.xlsx", S=[[f"c{n}" for n in range(11)], row])
    expected = (
        "007", "12", "0.3", "-1.5", "100000000000000000000", "2026-01-31", "2026-01-31 13:45:01", "09:05:00",
        "30:15:00", "TRUE", "FALSE",
    )  # fmt: skip
    with open_table(path) as table:
        assert list(table.rows()) == [(expected, "tnnnndDTTbb")]
        assert table.total_rows == 1


def test_marks_lead_back_to_the_values(tmp_path: Path) -> None:
    row = ["a", 12.0, 0.25, datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 13, 45), True]
    with open_table(_workbook(tmp_path / "a.xlsx", S=[["a", "b", "c", "d", "e", "f"], row])) as table:
        cells, marks = next(table.rows())
    assert typed(cells, marks) == row
    assert typed(("07:30:00",), "T") == [datetime.timedelta(hours=7, minutes=30)]


def test_a_text_that_contradicts_its_mark_stays_text() -> None:
    cells = ("abc", "nan", "31 January", "soon", "later", "maybe", "1e999")
    assert typed(cells, "nndDTbn") == list(cells)
    assert typed(("1", "2"), "") == ("1", "2")
    assert typed(("1", "2"), "n") == [1, "2"]


def test_rows_of_text_have_no_marks(tmp_path: Path) -> None:
    with open_table(_workbook(tmp_path / "a.xlsx", S=[["id", "text"], ["1", "a"]])) as table:
        assert list(table.rows()) == [(("1", "a"), "")]


def test_cells_with_line_ends_control_characters_and_escapes_come_whole(tmp_path: Path) -> None:
    texts = ["a\r\nb\nc", "_x0041_", "tab\there", " spaced ", "& < >", "𠀀😀", "\x08"]
    path = _workbook(tmp_path / "a.xlsx", S=[["text"]] + [[text] for text in texts])
    assert cells_of(path, ImportSettings(header=True)) == [(text,) for text in texts]


def test_errors_come_as_the_text_excel_shows(tmp_path: Path) -> None:
    rows = (
        f'<row r="3">{text_cell("C3", "id")}{text_cell("D3", "value")}</row>'
        '<row r="4"><c r="C4"><v>1</v></c><c r="D4" t="e"><f>NA()</f><v>#N/A</v></c></row>'
        '<row r="6"><c t="e" r="C6"><v>#DIV/0!</v></c><c r="D6" t="e"/></row>'
    )
    path = xlsx(tmp_path / "a.xlsx", rows)
    assert cells_of(path) == [("1", "#N/A"), ("#DIV/0!", "")]
    assert told_by(path) == ["A blank row of “a.xlsx” was left out."]


def test_formulas_come_as_their_stored_results(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "sum"])
        sheet.write_number(1, 0, 1)
        sheet.write_formula(1, 1, "=A2+1", None, 2)
        sheet.write_formula(2, 1, '=A2&"x"', None, "1x")
        sheet.write_formula(3, 1, '=""', None, "")
    assert cells_of(tmp_path / "a.xlsx") == [("1", "2"), ("", "1x")]


def test_formulas_without_stored_results_are_told(tmp_path: Path) -> None:
    rows = f'<row r="1">{text_cell("A1", "sum")}</row>'
    rows += '<row r="2"><c r="A2"><v>1</v></c></row><row r="3"><c r="A3"><f>A2+1</f><v></v></c></row>'
    rows += '<row r="4"><c r="A4"><f>A2+1</f></c></row><row r="5"><c r="A5" t="str"><f>""</f><v></v></c></row>'
    assert told_by(xlsx(tmp_path / "a.xlsx", rows)) == [
        "2 formulas of “a.xlsx” have no stored result, so their cells are empty. "
        "Open the file in Excel and save it to fill them."
    ]


def test_merged_cells_are_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["group", "text"])
        sheet.merge_range(1, 0, 2, 0, "both")
        sheet.write_column(1, 1, ["a", "b"])
    assert cells_of(tmp_path / "a.xlsx") == [("both", "a"), ("", "b")]
    assert told_by(tmp_path / "a.xlsx") == [
        "“a.xlsx” has merged cells: the text stands in the first of them, the others are empty."
    ]


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    rows = f'<row r="4">{text_cell("C4", "id")}{text_cell("D4", "text")}</row>'
    rows += f'<row r="5">{text_cell("C5", "1")}{text_cell("D5", "a")}</row>'
    with open_table(xlsx(tmp_path / "a.xlsx", rows)) as table:
        assert table.columns == ("id", "text")
        assert [cells for cells, _ in table.rows()] == [("1", "a")]


def test_a_title_above_the_table_is_left_out(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Report"], [], ["id", "text", "label"], [1, "a", "x"], [2, "b", "y"]]
    path = _workbook(tmp_path / "a.xlsx", S=rows)
    assert cells_of(path) == [("1", "a", "x"), ("2", "b", "y")]
    assert told_by(path) == ["The first 2 lines of “a.xlsx” stand above the table and were left out."]
    with open_table(path) as table:
        again = table.settings
    assert len(cells_of(path, again)) == 2
    assert len(cells_of(path, ImportSettings(header=False))) == 4


def test_the_first_visible_sheet_with_rows_is_taken(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Hidden").write_column(0, 0, ["id", "h"])
        book.add_worksheet("Empty").activate()
        book.add_worksheet("Data").write_column(0, 0, ["id", "d"])
        book.get_worksheet_by_name("Hidden").hide()
        book.add_chartsheet("Chart").set_chart(_chart(book))
    with open_table(tmp_path / "a.xlsx") as table:
        assert table.settings.sheet == "Data"
        assert table.sheets == ("Hidden", "Empty", "Data")
        assert [cells for cells, _ in table.rows()] == [("d",)]
    assert cells_of(tmp_path / "a.xlsx", ImportSettings(sheet="Hidden")) == [("h",)]


def _chart(book: xlsxwriter.Workbook) -> object:
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Data!$A$1:$A$2"})
    return chart


def test_xls_comes_in(tmp_path: Path) -> None:
    with open_table(xls(tmp_path / "a.xls", [["id", "text"], [1.0, "好"], [2.5, "b"]])) as table:
        assert list(table.rows()) == [(("1", "好"), "nt"), (("2.5", "b"), "nt")]
        assert table.sheets == ("S",)


def test_ods_comes_in(tmp_path: Path) -> None:
    def cell(kind: str, attributes: str = "", text: str = "shown") -> str:
        return f'<table:table-cell office:value-type="{kind}" {attributes}><text:p>{text}</text:p></table:table-cell>'

    rows = "<table:table-row>" + "".join(cell("string", text=text) for text in ("id", "when", "ok", "much"))
    rows += '<table:table-cell table:number-columns-repeated="16380"/></table:table-row><table:table-row>'
    rows += cell("float", 'office:value="3"') + cell("date", 'office:date-value="2026-01-31"')
    rows += cell("boolean", 'office:boolean-value="true"') + cell("percentage", 'office:value="0.15"')
    rows += '</table:table-row><table:table-row table:number-rows-repeated="1048574">'
    rows += '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    with open_table(ods(tmp_path / "a.ods", rows)) as table:
        assert table.columns == ("id", "when", "ok", "much")
        assert list(table.rows()) == [(("3", "2026-01-31", "TRUE", "0.15"), "ndbn")]


def test_two_thousand_columns_of_a_sheet_are_fine(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", S=[[f"column {n}" for n in range(2000)], list(range(2000))])
    assert cells_of(path)[0][1999] == "1999"


def test_blank_and_repeated_headings_of_a_sheet_are_named(tmp_path: Path) -> None:
    with open_table(_workbook(tmp_path / "a.xlsx", S=[["a", None, "a"], [1, 2, 3]])) as table:
        assert table.columns == ("a", "Column 2", "a (2)")
        assert table.renamed == ((1, "", "Column 2"), (2, "a", "a (2)"))
    with open_table(tmp_path / "a.xlsx", ImportSettings(unnamed="第 {n} 列")) as table:
        assert table.columns == ("a", "第 2 列", "a (2)") and table.settings.unnamed == "第 {n} 列"


def test_the_file_is_let_go_of_when_the_sheet_is_loaded(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", S=[["id"], ["1"]])
    before = path.read_bytes()
    with open_table(path) as table:
        assert path.read_bytes() == before
        path.unlink()
        assert [cells for cells, _ in table.rows()] == [("1",)]


@pytest.mark.parametrize("shared", [True, False])
def test_a_preview_of_a_large_sheet_reads_its_beginning_only(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet("Data")
        book.add_worksheet("Other").write_string(0, 0, "x")
        for number in range(12_000):
            sheet.write_string(number, 0, f"text number {number}" if number else "text")
            sheet.write_number(number, 1, number)
            sheet.write_string(number, 2, f"and another one {number} that makes the file larger " * 8)
    with open_table(path, ImportSettings(header=True), first_rows=50) as table:
        rows = [cells for cells, _ in table.rows()]
        assert table.sheets == ("Data", "Other")
        assert table.columns[0] == "text"
        assert table.total_rows is None
    assert 49 <= len(rows) < 100
    with open_table(path, ImportSettings(header=True)) as table:
        whole = [cells for cells, _ in table.rows()]
        assert table.total_rows == len(whole) == 11_999
    assert rows == whole[: len(rows)]
