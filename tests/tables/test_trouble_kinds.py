"""The rest of what public collections of troublesome tables hold: macros, links to elsewhere, hidden sheets, widths."""

from __future__ import annotations

import socket
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from gui_app.tables import open_table
from tests.tables.make_files import text_cell, xlsx
from tests.tables.reading import cells_of, refusal_of, told_by, write


def column_name(number: int) -> str:
    """A, B, ..., Z, AA, ..., XFD."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def test_a_workbook_with_macros_is_a_table_and_its_macros_are_nothing(tmp_path: Path) -> None:
    parts = {"xl/vbaProject.bin": 'Attribute VB_Name = "Auto_Open"', "xl/macrosheets/sheet2.xml": "<x/>"}
    rows = f'<row r="1">{text_cell("A1", "text")}</row><row r="2">{text_cell("A2", "hello")}</row>'
    path = xlsx(tmp_path / "a.xlsm", rows, **parts)
    assert cells_of(path) == [("hello",)]


@pytest.mark.parametrize(
    "formula", ["[1]Other!$A$1", "HYPERLINK(&quot;http://evil&quot;)", "WEBSERVICE(&quot;http://evil&quot;)"]
)
def test_a_link_to_elsewhere_comes_as_its_stored_value_and_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formula: str
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    monkeypatch.setattr(socket.socket, "connect", nobody)
    rows = (
        f'<row r="1">{text_cell("A1", "text")}{text_cell("B1", "more")}</row>'
        f'<row r="2">{text_cell("A2", "hello")}<c r="B2" t="str"><f>{formula}</f><v>stored</v></c></row>'
    )
    link = '<externalLink><externalBook r:id="rId1"/></externalLink>'
    path = xlsx(tmp_path / "a.xlsx", rows, **{"xl/externalLinks/externalLink1.xml": link})
    assert cells_of(path) == [("hello", "stored")]


def test_a_hidden_sheet_can_be_chosen_and_is_not_taken_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, how in (("hidden", "hide"), ("very hidden", "very_hidden"), ("shown", "")):
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, ["text", name])
            if how:
                getattr(sheet, how)()
            else:
                sheet.activate()
    with open_table(path) as table:
        assert [cells for cells, _ in table.rows()] == [("shown",)]
        assert set(table.sheets) >= {"shown"}


def test_sixteen_thousand_columns_are_fine_and_one_more_than_excel_has_is_refused(tmp_path: Path) -> None:
    for count in (16_384,):
        line = ",".join(f"c{n}" for n in range(count))
        path = write(tmp_path / "a.csv", f"{line}\n" + ",".join(map(str, range(count))) + "\n")
        (cells,) = cells_of(path)
        assert len(cells) == count and cells[-1] == str(count - 1)
    line = ",".join(f"c{n}" for n in range(16_385))
    assert "columns" in refusal_of(write(tmp_path / "b.csv", f"{line}\n{line}\n"))


def test_a_sheet_of_sixteen_thousand_columns(tmp_path: Path) -> None:
    head = "".join(text_cell(f"{column_name(n)}1", f"c{n}") for n in range(1, 16_001))
    cells = "".join(text_cell(f"{column_name(n)}2", str(n)) for n in range(1, 16_001))
    (row,) = cells_of(xlsx(tmp_path / "a.xlsx", f'<row r="1">{head}</row><row r="2">{cells}</row>'))
    assert len(row) == 16_000 and row[-1] == "16000"


@pytest.mark.parametrize("size", [200_000, pytest.param(10_000_000, marks=pytest.mark.long)])
def test_a_huge_cell_comes_whole_from_either_kind_of_file(tmp_path: Path, size: int) -> None:
    text = "word " * (size // 5)
    path = write(tmp_path / "a.csv", f'a,b\n1,"{text}"\n2,x\n')
    assert cells_of(path) == [("1", text), ("2", "x")]
    assert told_by(path) == []
    rows = f'<row r="1">{text_cell("A1", "a")}</row><row r="2">{text_cell("A2", text.strip())}</row>'
    path = xlsx(tmp_path / "a.xlsx", rows)
    # Excel itself holds 32,767 characters; a file with more was made by another program.
    assert cells_of(path) == [(text.strip(),)]


def test_a_workbook_that_points_outside_itself_reads_nothing_else(tmp_path: Path) -> None:
    """A sheet's relation may name a file of this computer, or a path out of the archive."""
    secret = write(tmp_path / "secret.xml", "<worksheet><sheetData/></worksheet>")
    path = xlsx(tmp_path / "a.xlsx", f'<row r="1">{text_cell("A1", "a")}</row>')
    for target in (secret.as_uri(), f"../../../..{secret}", "/../../etc/passwd", "http://127.0.0.1:9/sheet.xml"):
        changed = tmp_path / "b.xlsx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name == "xl/_rels/workbook.xml.rels":
                    data = data.replace(b"worksheets/sheet1.xml", target.encode())
                new.writestr(name, data)
        assert "b.xlsx" in refusal_of(changed)
