"""What a preview needs of a large workbook, without all of its rows and texts."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from gui_app.tables.archive import Archive
from gui_app.tables.workbook_head import outline
from tests.tables.reading import cells_of

_TEXT = "a text that makes the sheet so large that reading all of it would take its time " * 2


def _workbook(path: Path, rows: int) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Data")
        book.add_worksheet("Other").write_string(0, 0, "x")
        book.add_worksheet("Hidden").hide()
        for number in range(rows):
            sheet.write_row(number, 0, [f"{number:04}", f"{_TEXT} {number}"])
    return path


def _outlined(path: Path) -> CalamineWorkbook | None:
    with path.open("rb") as file:
        archive = Archive(file, path.name)
        small = outline(archive, archive.sheet_parts().values())
        if small is None:
            return None
        assert len(small.getvalue()) < 100_000
        return CalamineWorkbook.from_filelike(small)


def test_the_sheets_of_a_large_workbook_are_known_without_their_cells_and_texts(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", 25_000)
    book = _outlined(path)
    assert book is not None
    with book, CalamineWorkbook.from_path(path) as whole:
        told = [(sheet.name, sheet.typ, sheet.visible) for sheet in book.sheets_metadata]
        assert told == [(sheet.name, sheet.typ, sheet.visible) for sheet in whole.sheets_metadata]
        with pytest.raises(CalamineError):
            book.get_sheet_by_name("Data")
    assert cells_of(path)[-1] == ("24999", f"{_TEXT} 24999")


def test_a_small_workbook_is_read_as_it_is(tmp_path: Path) -> None:
    assert _outlined(_workbook(tmp_path / "a.xlsx", 25)) is None


def test_what_a_workbook_holds_beside_its_cells_is_not_copied_where_it_is_large(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", 25_000)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/pivotCache/records1.xml", bytes(2_000_000))
    book = _outlined(path)
    assert book is not None
    book.close()
