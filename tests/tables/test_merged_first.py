"""A large sheet is handed to calamine so that it reads it once, and says the same of it as of the file itself."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from gui_app.tables import merged_first
from gui_app.tables.archive import Archive
from gui_app.tables.merged_first import outline, with_merged_first
from gui_app.tables.sheet_scan import scan
from tests.tables.reading import cells_of, told_by

_SHEET = "xl/worksheets/sheet1.xml"
_TEXT = "a text that makes the sheet so large that a second reading would take its time " * 2


def _large(path: Path, *, merged: int = 0, shared: bool = False) -> Path:
    with xlsxwriter.Workbook(path, {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet("Data")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        book.add_worksheet("Other").write_string(0, 0, "x")
        sheet.write_row(0, 0, ["id", "text", "when", "sum"])
        for number in range(1, 6000):
            sheet.write_string(number, 0, f"{number:04}")
            sheet.write_string(number, 1, f"{_TEXT} {number}")
            sheet.write_number(number, 2, 45_000 + number, date)
            sheet.write_formula(number, 3, "=1/0", None, "#DIV/0!" if number % 1000 == 7 else number)
        for number in range(merged):
            sheet.merge_range(6000 + number, 0, 6000 + number, 1, f"merged {number}")
    return path


def _changed(path: Path, change: Callable[[bytes], bytes]) -> Path:
    target = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == _SHEET else old.read(part))
    return target


def _quick(path: Path) -> CalamineWorkbook | None:
    with path.open("rb") as file:
        archive = Archive(file, path.name)
        found = scan(archive.unpack(_SHEET))
        return with_merged_first(archive, _SHEET, archive.sheet_parts().values(), found)


def _all_of(sheet: CalamineSheet) -> object:
    return sheet.to_python(), sheet.start, sheet.end, sheet.merged_cell_ranges


def _is_the_same(path: Path) -> bool:
    quick = _quick(path)
    assert quick is not None
    with quick, CalamineWorkbook.from_path(path) as whole:
        return _all_of(quick.get_sheet_by_name("Data")) == _all_of(whole.get_sheet_by_name("Data"))


@pytest.mark.parametrize("merged", [0, 1, 3])
@pytest.mark.parametrize("shared", [True, False])
def test_a_sheet_read_once_is_the_same_as_one_read_twice(tmp_path: Path, merged: int, shared: bool) -> None:
    assert _is_the_same(_large(tmp_path / "a.xlsx", merged=merged, shared=shared and not merged))


def test_a_sheet_of_named_elements_or_with_a_mark_at_its_beginning_is_read_once_too(tmp_path: Path) -> None:
    def named(xml: bytes) -> bytes:
        xml = xml.replace(b"</", b"</x:").replace(b"<", b"<x:").replace(b"<x:/x:", b"</x:")
        return xml.replace(b"<x:?", b"<?").replace(b"xmlns=", b"xmlns:x=")

    path = _large(tmp_path / "a.xlsx", merged=2)
    assert _is_the_same(_changed(path, named))
    assert _is_the_same(_changed(path, lambda xml: b"\xef\xbb\xbf" + xml))


def test_merged_cells_and_errors_of_a_large_sheet_are_told_as_of_a_small_one(tmp_path: Path) -> None:
    path = _large(tmp_path / "a.xlsx", merged=2)
    rows = cells_of(path)
    assert rows[6] == ("0007", f"{_TEXT} 7", "2023-03-22", "#DIV/0!")
    assert [row[0] for row in rows[-3:]] == ["5999", "merged 0", "merged 1"]
    assert told_by(path) == [
        "2 merged cells of “a.xlsx”: the text stands in the first cell of each, the others are empty."
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b'encoding="UTF-8"', b'encoding="GBK"'),
        lambda xml: xml.replace(b"<sheetData>", b'<mergeCells><mergeCell ref="A1:B1"/></mergeCells><sheetData>'),
        lambda xml: xml.replace(b"</sheetData>", b"</sheetData><mergeCells><mergeCell"),
        lambda xml: xml.replace(b"</worksheet>", b"<mergeCells/><mergeCells></mergeCells></worksheet>"),
        lambda xml: xml.replace(b"</worksheet>", b""),
        lambda xml: xml[: len(xml) // 2],
    ],
)
def test_a_sheet_that_might_not_be_the_same_is_left_to_calamine(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    assert _quick(_changed(_large(tmp_path / "a.xlsx"), change)) is None


def test_a_sheet_with_a_wrong_checksum_is_left_to_calamine(tmp_path: Path) -> None:
    path = _large(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as archive:
        right = archive.getinfo(_SHEET).CRC.to_bytes(4, "little")
    contents = path.read_bytes()
    assert contents.count(right) == 2
    path.write_bytes(contents.replace(right, b"\x01\x02\x03\x04"))
    assert _quick(path) is None


def test_the_names_of_the_sheets_are_asked_for_without_their_cells(tmp_path: Path) -> None:
    path = _large(tmp_path / "a.xlsx", shared=True)
    with path.open("rb") as file:
        archive = Archive(file, path.name)
        book = outline(archive, archive.sheet_parts().values())
        assert book is not None
        with book:
            assert book.sheet_names == ["Data", "Other"]
            with pytest.raises(CalamineError):
                book.get_sheet_by_name("Data")


def test_a_workbook_that_is_large_without_its_cells_is_left_as_it_is(tmp_path: Path) -> None:
    path = _large(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/pivotCache/records1.xml", bytes(200_000))
        archive.writestr("xl/comments1.xml", bytes(90_000))
    small = _quick(path)
    assert small is not None
    with path.open("rb") as file:
        parts = merged_first._needed(Archive(file, path.name), ["xl/worksheets/sheet1.xml"])
    assert {"xl/comments1.xml", "xl/styles.xml", "xl/worksheets/sheet2.xml"} <= set(parts)
    assert not {"xl/pivotCache/records1.xml", "xl/worksheets/sheet1.xml"} & set(parts)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        for number in range(800):
            archive.writestr(f"xl/comments{number + 2}.xml", bytes(90_000))
    assert _quick(path) is None
    assert cells_of(path)[0][0] == "0001"
