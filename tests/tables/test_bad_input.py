"""Each kind of file that is no table gets one sentence that says what it is and what to do."""

from __future__ import annotations

import os
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import xlsxwriter

from gui_app.errors import InputError
from gui_app.tables import ImportSettings, open_table
from tests.tables.make_files import compound, ods, text_cell, xls, xlsx
from tests.tables.reading import cells_of, refusal_of, write

_TABLE = f'<row r="1">{text_cell("A1", "id")}{text_cell("B1", "text")}</row>'
_UNPLACED = "<c s='0'/>"
_TWO_ROWS = _TABLE + f'<row r="2"><c r="A2"><v>1</v></c>{text_cell("B2", "a")}</row>'


def test_an_empty_file(tmp_path: Path) -> None:
    assert refusal_of(write(tmp_path / "a.csv", "")) == (
        "“a.csv” is empty (0 bytes). Choose a file with at least one row."
    )


@pytest.mark.parametrize("text", ["\n\n\r\n", "\ufeff", "\ufeff\n"])
def test_a_file_of_blank_lines(tmp_path: Path, text: str) -> None:
    assert refusal_of(write(tmp_path / "a.csv", text)) == (
        "“a.csv” holds only blank lines. Choose a file with at least one row."
    )


def test_a_header_without_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n")
    assert refusal_of(path) == (
        "“a.csv” holds column names only and no rows. Add rows below them, "
        "or, if the first row is data, say that it has no heading."
    )
    assert cells_of(path, ImportSettings(header=False)) == [("id", "text")]


def test_one_row_of_data_is_no_header(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "1,good\n")) == [("1", "good")]


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        (b"%PDF-1.7\n...", "is a PDF document, not a table. Copy its table into Excel"),
        (b"\x89PNG\r\n\x1a\n....", "is a picture, film or sound, not a table."),
        (b"\x1f\x8b\x08\x00....", "is a compressed file. Unpack it and choose the CSV or Excel file inside."),
        (b"SQLite format 3\0....", "is a database or a Rowmill job, not a table."),
        (b"PAR1....", "is a Parquet or Arrow file."),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "is not a table but binary data."),
        (bytes(range(256)) * 8, "is not a table but binary data."),
        (bytes(5000), "is not a table but binary data."),
    ],
)
def test_a_binary_file(tmp_path: Path, contents: bytes, sentence: str) -> None:
    assert refusal_of(write(tmp_path / "a.csv", contents)).startswith(f"“a.csv” {sentence}")


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><table><tr><td>1</td></tr></table></body></html>",
        "\ufeff<!DOCTYPE html>\n<html></html>",
        "\n <!-- saved --> <table border=1><tr><td>a</td></tr></table>",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>',
        "MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related\n\n1,2\n",
    ],
)
def test_a_web_page_named_xls(tmp_path: Path, page: str) -> None:
    assert refusal_of(write(tmp_path / "report.xls", page)) == (
        "“report.xls” is a web page (HTML), not a table. Open it in Excel, save it as .xlsx and choose that file."
    )


def test_a_word_processor_s_text_named_xls(tmp_path: Path) -> None:
    assert "is a document or a presentation" in refusal_of(write(tmp_path / "a.xls", "{\\rtf1 some, text\n1, 2\n}"))


def test_an_xml_spreadsheet_of_2003(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
    assert "is an XML file, not a table" in refusal_of(write(tmp_path / "a.xls", text))


@pytest.mark.parametrize("text", ['[{"id": 1}, {"id": 2}]', '{"id": 1}\n{"id": 2}\n', '[\n {\n  "id": 1}]'])
def test_a_json_file(tmp_path: Path, text: str) -> None:
    for name in ("a.json", "a.csv"):
        assert "is a JSON file. Rowmill reads CSV and Excel" in refusal_of(write(tmp_path / name, text))


def test_a_cell_of_json_is_no_json_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", '{"a": 1}\tx\n{"a": 2}\ty\n')
    assert cells_of(path) == [('{"a": 1}', "x"), ('{"a": 2}', "y")]


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tables.csv").mkdir()
    assert refusal_of(tmp_path / "tables.csv") == "“tables.csv” is a folder. Choose a CSV or Excel file inside it."


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "gone.csv") == (
        "“gone.csv” was not found. Check its name and folder, or choose the file again."
    )


def test_a_file_whose_folder_is_a_file(tmp_path: Path) -> None:
    assert "is not there any more" in refusal_of(write(tmp_path / "a.csv", "x") / "b.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    path.chmod(0)
    assert "another program holds it, or you may not read it" in refusal_of(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is not an ordinary file but a device" in refusal_of(tmp_path / "pipe.csv")


def test_a_name_that_is_none() -> None:
    with pytest.raises(InputError, match="is no file name"):
        open_table("a\0b.csv")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    assert "is too long for this system" in refusal_of(tmp_path / ("x" * 300 + ".csv"))


def test_a_file_that_shrinks_away_leaves_no_handle_open(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n")
    for _ in range(3):
        refusal_of(path)  # an unclosed file would be a ResourceWarning, and warnings are errors


# -- workbooks


def test_a_workbook_named_csv_is_opened_as_what_it_is(tmp_path: Path) -> None:
    assert cells_of(xlsx(tmp_path / "a.csv", _TWO_ROWS)) == [("1", "a")]


def test_an_ods_named_xlsx_is_opened_as_what_it_is(tmp_path: Path) -> None:
    row = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        "</table:table-row>"
    )
    assert cells_of(ods(tmp_path / "a.xlsx", row.format("id") + row.format("x"))) == [("x",)]


def test_text_named_xls_is_opened_as_what_it_is(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.xls", "id\ttext\n1\ta\n")) == [("1", "a")]


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    sentence = "“{}” is protected with a password. Open it in Excel, remove the password, save it and choose it again."
    path = compound(tmp_path / "a.xlsx", {"EncryptionInfo": b"x", "EncryptedPackage": b"y"})
    assert refusal_of(path) == sentence.format("a.xlsx")
    assert refusal_of(xls(tmp_path / "b.xls", [["id"], [1.0]], password=True)) == sentence.format("b.xls")
    path = ods(tmp_path / "c.ods", "", manifest="<manifest:encryption-data/>")
    assert refusal_of(path) == sentence.format("c.ods")


def test_an_old_word_document(tmp_path: Path) -> None:
    path = compound(tmp_path / "a.doc", {"WordDocument": b"x"})
    assert "is an older Office file, but not an Excel workbook" in refusal_of(path)


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ("word/document.xml", "is a document or a presentation, not a table."),
        ("ppt/presentation.xml", "is a document or a presentation, not a table."),
        ("xl/workbook.bin", "is an Excel binary workbook (.xlsb). Open it in Excel, save it as .xlsx"),
        ("Index/Document.iwa", "is an Apple Numbers file. Export it from Numbers as Excel or CSV"),
        ("data.csv", "is a ZIP archive, not a table. Unpack it"),
    ],
)
def test_another_kind_of_archive(tmp_path: Path, member: str, sentence: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr(member, "x")
    assert sentence in refusal_of(tmp_path / "a.xlsx")


def test_a_workbook_cut_off(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", _TWO_ROWS)
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal_of(path) == (
        "“a.xlsx” is damaged: it begins like an Excel file, but is cut off or changed. Get a fresh copy of it."
    )


def test_a_workbook_with_a_changed_byte(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", "".join(_TWO_ROWS.replace("1", str(n)) for n in range(50)))
    whole = path.read_bytes()
    place = whole.index(b"xl/worksheets/sheet1.xml") + 40
    path.write_bytes(whole[:place] + b"\xff\xff\xff\xff" + whole[place + 4 :])
    assert "“a.xlsx” is damaged and cannot be read." in refusal_of(path)


def test_a_sheet_that_is_no_xml(tmp_path: Path) -> None:
    assert "“a.xlsx” is damaged" in refusal_of(xlsx(tmp_path / "a.xlsx", '<row r="1"><c r="A1">'))


@pytest.mark.parametrize("row", [1, 900])
def test_a_long_number_in_a_column_of_dates(tmp_path: Path, row: int) -> None:
    """Excel shows ##### for it; calamine panics at it, in whichever row it stands."""
    with closing(xlsxwriter.Workbook(tmp_path / "a.xlsx")) as workbook:
        sheet, date = workbook.add_worksheet(), workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["sum", "text"])
        for number in range(1, 1000):
            sheet.write_row(number, 0, [45_000, "text"], date)
        sheet.write_number(row, 0, -1e18, date)
    assert refusal_of(tmp_path / "a.xlsx") == (
        "“a.xlsx” has a number in a cell that shows dates, and it is none: Excel shows ##### there. "
        "Give that column the format Number or Text in Excel, save the file and choose it again."
    )


def test_an_external_entity_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.txt", "the secret")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    path = xlsx(tmp_path / "a.xlsx", f'<row r="1">{text_cell("A1", "&e;")}</row>', before=entity)
    assert "secret" not in refusal_of(path)
    contents = f'{entity}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&e;</workbook>'
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", contents)
        archive.writestr("xl/_rels/workbook.xml.rels", "<x/>")
    assert "“b.xlsx” is damaged" in refusal_of(tmp_path / "b.xlsx")


def test_entities_inside_entities_are_not_expanded(tmp_path: Path) -> None:
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{nested}]>'
    path = xlsx(tmp_path / "a.xlsx", f'<row r="1">{text_cell("A1", "&e9;")}</row>', before=bomb)
    assert "“a.xlsx” is damaged" in refusal_of(path)


_BOMB = (
    "“a.xlsx” would unpack to far more than a table holds and was not opened. "
    "If you trust it, open it in Excel, save the sheet as CSV and choose that file."
)


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", _TWO_ROWS, **{"xl/media/image1.png": "0" * 110_000_000})
    assert path.stat().st_size < 200_000
    assert refusal_of(path) == _BOMB


def test_a_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", _TWO_ROWS + " " * 3_000_000)
    contents = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    true, small = size.to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert contents.count(true) == 2
    path.write_bytes(contents.replace(true, small))
    assert refusal_of(path) == _BOMB


def test_shared_strings_that_lie_about_their_number(tmp_path: Path) -> None:
    strings = '<sst uniqueCount="4000000000"><si><t>x</t></si></sst>'
    path = xlsx(tmp_path / "a.xlsx", '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings=strings)
    assert refusal_of(path) == _BOMB


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1048576"><c r = "XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c\tr="XFD1048576"><v>1</v></c></row>',
        '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>',
        '<row r="2"><c r="A4000000000"><v>1</v></c></row>',
        '<row r="400000000"><c><v>1</v></c></row>',
        # Without a place of its own, a cell follows the one before it.
        f'<row r="2">{"<c/>" * 5000}<c><v>1</v></c></row><row r="1000000"><c r="A1000000"><v>1</v></c></row>',
        f'<row r="2">{"<c/><!-- <row> -->" * 5000}<c><v>1</v></c></row><row r="1000000"><c><v>1</v></c></row>',
        f'<row r="2">{"<c><v>1<row/></v></c>" * 5000}</row><row r="1000000"><c><v>1</v></c></row>',
        f'<row r="2"><c r="A2" t="s"/>{_UNPLACED * 5000}<c><v>1</v></c></row><row r="1000000"><c><v>1</v></c></row>',
        f'{"<row/>" * 4000}<row><c r="ZZZ5000"><v>1</v></c></row><row><c r="A1000000"><v>1</v></c></row>',
        '<row r="2"><c x=\' r="A2"\' r="XFD1048576"><v>1</v></c></row>',
        '<row r="2"><c r="XFD1048576" x="/>"><v>1</v></c></row>',
        '<row r="2"><c x="row>" r="XFD1048576"><v>1</v></c></row>',
        '<row r="2"><x:c r="XFD1048576"><v>1</v></x:c></row>',
        '<row r="2"><c r="ZZ2"><v>1</v></c></row><row r="3"><c r="A1048576"><v>1</v></c></row>',
    ],
)
def test_a_cell_too_far_away(tmp_path: Path, far: str) -> None:
    assert refusal_of(xlsx(tmp_path / "a.xlsx", _TABLE + far)) == (
        "“a.xlsx” has a cell so far from the others that the sheet would not fit in memory. "
        "Delete the cells far to the right and far below the table, save the file and choose it again."
    )


@pytest.mark.parametrize(
    "cell",
    [
        '<c s="0"r="XFD1048576"><v>1</v></c>',
        '<c r="A2" r="XFD1048576"><v>1</v></c>',
        "<c\x0br=\"A2\"/><c r='XFD1048576'><v>1</v></c>",
    ],
)
def test_a_cell_too_far_away_that_no_xml_would_have(tmp_path: Path, cell: str) -> None:
    """calamine reads it all the same."""
    assert "“a.xlsx” is damaged" in refusal_of(xlsx(tmp_path / "a.xlsx", f'{_TABLE}<row r="2">{cell}</row>'))


@pytest.mark.parametrize(
    "rows",
    [
        _TWO_ROWS.replace('"', "'").replace(" r=", "\n r = "),
        _TWO_ROWS.replace('<c r="A1"', "<c").replace('<c r="B1"', "<c").replace('<c r="A2"', "<c"),
        _TWO_ROWS.replace(' r="1"', "").replace(' r="2"', ""),
        _TWO_ROWS.replace('<c r="B1" t="inlineStr"', '<c t="inlineStr" r="B1"'),
        _TWO_ROWS.replace('<c r="B1"', '<c r="B1" cm="1"').replace("<c ", "<!-- it's < 1 --><c "),
        _TWO_ROWS.replace("a</t>", "a</t></is></c><c r='C2'><is><x y='row>'/><t></t>"),
    ],
)
def test_a_sheet_written_as_no_program_does_it_is_read(tmp_path: Path, rows: str) -> None:
    assert [row[:2] for row in cells_of(xlsx(tmp_path / "a.xlsx", rows))] == [("1", "a")]


def test_two_sheets_of_one_name_are_not_taken_for_each_other(tmp_path: Path) -> None:
    """calamine reads the first of them: that is the one to look through."""
    path = xlsx(tmp_path / "a.xlsx", f'{_TABLE}<row r="2"><c r="XFD1048576"><v>1</v></c></row>')
    changed = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            text = old.read(part).decode()
            text = text.replace("</sheets>", '<sheet name="S" sheetId="2" r:id="rId3"/></sheets>')
            if part.endswith("workbook.xml.rels"):
                again = text[text.index("<Relationship Id") : text.index('<Relationship Id="rId2')]
                again = again.replace("rId1", "rId3").replace("sheet1", "sheet2")
                text = text.replace("</Relationships>", again + "</Relationships>")
            new.writestr(part, text)
        with zipfile.ZipFile(xlsx(tmp_path / "c.xlsx", _TWO_ROWS)) as harmless:
            new.writestr("xl/worksheets/sheet2.xml", harmless.read("xl/worksheets/sheet1.xml"))
    assert "has a cell so far from the others" in refusal_of(changed)


def test_an_empty_cell_far_away_does_no_harm(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert cells_of(xlsx(tmp_path / "a.xlsx", _TWO_ROWS + far)) == [("1", "a")]


def test_an_ods_that_repeats_itself_too_often(tmp_path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="16384">'
        "<text:p>x</text:p></table:table-cell>"
    )
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
    assert "“a.ods” is damaged" in refusal_of(ods(tmp_path / "a.ods", row))


def test_a_workbook_without_rows(tmp_path: Path) -> None:
    assert refusal_of(xlsx(tmp_path / "a.xlsx", "")) == (
        "“a.xlsx” has no rows: its sheets are empty. Choose a file with at least one row."
    )
    assert "holds column names only and no rows" in refusal_of(xlsx(tmp_path / "b.xlsx", _TABLE))


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", _TWO_ROWS)
    assert refusal_of(path, ImportSettings(sheet="T")) == "“a.xlsx” has no sheet called “T”. It has: S."
