"""Rows -> XLSX: xlsxwriter lays out the workbook, the rows are streamed into its sheets.

xlsxwriter alone takes about 8 us a cell, three temporary copies on the disk, and writes a text such as "<r>…</r>" as it
stands into the sheet. So it makes an empty workbook with all formats, widths, filters and views, and the rows are
written here, straight into the archive, in the very form it gives them: every text an inline string, so that nothing
can become a formula or a link.
"""

from __future__ import annotations

import datetime
import io
import itertools
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, BinaryIO

import xlsxwriter

from gui_app.tables.cells import Cell
from gui_app.tables.export_report import ExportReport
from gui_app.tables.export_text import plain_text

SHEET_ROWS = 1_048_576
CELL_UNITS = 32_767
"""Excel counts UTF-16 units, of which an emoji takes two."""

_SHEET_BYTES = 1_900_000_000  # of XML; a part of 2 GB or more would need an archive format that not every reader knows
_WIDTH_ROWS = 100
_NARROWEST, _WIDEST = 8, 60
_FORMATS = {
    "heading": {"bold": True},
    "date": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "time": {"num_format": "hh:mm:ss"},
    "duration": {"num_format": "[h]:mm:ss"},
}
_UNWRITABLE = re.compile("[\x00\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("[\x01-\x08\x0b-\x1f]")
"""What XML cannot hold, or would change: written by number, as Excel does (ST_Xstring, ECMA-376 part 1, 22.9.2.19)."""
_LOOKS_ESCAPED = re.compile("(?=_x[0-9A-Fa-f]{4}[_\x01-\x08\x0b-\x1f])")
"""What would be read as such a number once the controls behind it are written as one."""
_STYLE = re.compile(rb'<c r="[A-Z]+1" s="(\d+)"/>')
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_EPOCH = datetime.datetime(1899, 12, 30)
_FIRST_SAFE_DAY = datetime.datetime(1900, 3, 1)  # before it Excel counts a day that never was
_LARGEST_EXACT = 10**15  # Excel keeps 15 digits; a longer number is an id, and stays whole as text


def write_xlsx(
    file: BinaryIO,
    columns: Sequence[str],
    batches: Iterable[Sequence[Sequence[Cell]]],
    report: ExportReport,
    *,
    sheet: str,
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """Write a workbook with one sheet, or as many as the rows need, each with the heading.

    Args:
        sheet_rows: Rows of one sheet with its heading, where fewer than Excel's limit are wanted.
    """
    source = iter(batches)
    first = list(itertools.islice(source, 1 + _WIDTH_ROWS // 16))
    sample = [row for batch in first for row in batch][:_WIDTH_ROWS]
    layout = _Layout(sheet, columns, _widths(columns, sample))
    rows = _Rows(columns, layout.styles(), report)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        left: Iterator[Sequence[Sequence[Cell]]] = itertools.chain(first, source)
        more = True
        while more:
            name = layout.add_sheet()
            with archive.open(name, "w") as part:
                part.write(layout.before_rows(name))
                left, last_row, more = rows.fill(part, left, sheet_rows)
                layout.last_rows.append(last_row)
                part.write(layout.after_rows(name))
        for name, contents in layout.other_parts():
            archive.writestr(name, contents)
    report.sheets = len(layout.last_rows)


class _Layout:
    """The workbook around the rows, as xlsxwriter makes it.

    Attributes:
        last_rows: For each finished sheet: its last row, the heading being row 0.
    """

    def __init__(self, sheet: str, columns: Sequence[str], widths: Sequence[int]) -> None:
        self._sheet = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", sheet).strip(" '")[:24] or "Rowmill"
        self._columns = len(columns)
        self._widths = widths
        self._sheets = 0
        self.last_rows: list[int] = []

    def styles(self) -> dict[str, int]:
        """The number of each of `_FORMATS` in the workbook's list of formats."""
        numbers = _STYLE.findall(self._parts([1])["xl/worksheets/sheet1.xml"])
        return dict(zip(_FORMATS, map(int, numbers), strict=True))

    def add_sheet(self) -> str:
        """The part for one more sheet."""
        self._sheets += 1
        return f"xl/worksheets/sheet{self._sheets}.xml"

    def before_rows(self, part: str) -> bytes:
        """The sheet's XML up to its first row."""
        text = self._parts([*self.last_rows, 1])[part]
        return _DIMENSION.sub(b"", text[: text.index(b"<sheetData>") + len(b"<sheetData>")])

    def after_rows(self, part: str) -> bytes:
        """The sheet's XML behind its last row."""
        text = self._parts(self.last_rows)[part]
        return text[text.index(b"</sheetData>") :]

    def other_parts(self) -> Iterator[tuple[str, bytes]]:
        """All parts but the sheets."""
        for name, contents in self._parts(self.last_rows).items():
            if not name.startswith("xl/worksheets/sheet"):
                yield name, contents

    def _parts(self, last_rows: Sequence[int]) -> dict[str, bytes]:
        packed = io.BytesIO()
        with xlsxwriter.Workbook(packed, {"in_memory": True}) as workbook:
            formats = [workbook.add_format(properties) for properties in _FORMATS.values()]
            for number, last_row in enumerate(last_rows, 1):
                sheet = workbook.add_worksheet(self._sheet if number == 1 else f"{self._sheet} ({number})")
                sheet.freeze_panes(1, 0)
                for column, width in enumerate(self._widths):
                    sheet.set_column(column, column, width)
                for column, one in enumerate(formats):
                    sheet.write_blank(0, column, None, one)  # only to learn its number
                if self._columns:
                    sheet.autofilter(0, 0, max(last_row, 1), self._columns - 1)
                # No green triangle at ids such as 007.
                sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
        with zipfile.ZipFile(packed) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


class _Rows:
    """Writes rows as XML, and reports what did not fit."""

    def __init__(self, columns: Sequence[str], styles: dict[str, int], report: ExportReport) -> None:
        self._columns = columns
        self._letters = [_letters(column) for column in range(len(columns))]
        self._styles = styles
        self._report = report
        self._rows_before = 0

    def fill(
        self, part: IO[bytes], batches: Iterator[Sequence[Sequence[Cell]]], sheet_rows: int
    ) -> tuple[Iterator[Sequence[Sequence[Cell]]], int, bool]:
        """Write the heading and as many rows as the sheet takes.

        Returns:
            The batches left, the last row written (the heading is 0), and whether anything is left.
        """
        part.write(self._row(1, self._columns, style=f' s="{self._styles["heading"]}"').encode())
        row, size = 1, 0
        for batch in batches:
            room = sheet_rows - row
            if room <= 0 or size > _SHEET_BYTES:
                return itertools.chain([batch], batches), row - 1, True
            taken = batch[:room]
            data = "".join(map(self._row, range(row + 1, row + 1 + len(taken)), taken)).encode()
            part.write(data)
            row, size = row + len(taken), size + len(data)
            self._rows_before += len(taken)
            if len(taken) < len(batch):
                return itertools.chain([batch[room:]], batches), row - 1, True
        return iter(()), row - 1, False

    def _row(self, number: int, cells: Sequence[Cell], style: str = "") -> str:
        parts = [f'<row r="{number}">']
        for letters, cell in zip(self._letters, cells, strict=False):
            if type(cell) is str:
                if not cell:
                    continue
                if (
                    len(cell) > CELL_UNITS // 2
                    or not cell.isprintable()
                    or "&" in cell
                    or "<" in cell
                    or ">" in cell
                    or "_x" in cell
                    or cell[0] == " "
                    or cell[-1] == " "
                ):
                    text = self._escaped(cell, number, letters)
                    parts.append(
                        f'<c r="{letters}{number}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
                    )
                else:
                    parts.append(f'<c r="{letters}{number}"{style} t="inlineStr"><is><t>{cell}</t></is></c>')
            elif cell is not None:
                parts.append(self._typed(cell, number, letters))
        parts.append("</row>")
        return "".join(parts)

    def _escaped(self, text: str, number: int, letters: str) -> str:
        if len(text) > CELL_UNITS // 2:
            text = self._cut(text, number, letters)
        if _UNWRITABLE.search(text):
            text = _UNWRITABLE.sub("\ufffd", text)
            self._report.replaced_cells += 1
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        # Excel reads _x000D_ as the character of that number: a text that only looks so is escaped itself.
        text = _LOOKS_ESCAPED.sub("_x005F", text)
        return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)

    def _cut(self, text: str, number: int, letters: str) -> str:
        units = len(text) + sum(1 for character in text if character > "\uffff")
        if units <= CELL_UNITS:
            return text
        if not self._report.cut_cells:
            place = (self._rows_before + number - 1, self._columns[self._letters.index(letters)])
            self._report.first_cut = place
        self._report.cut_cells += 1
        kept = text.encode("utf-16-le", "surrogatepass")[: CELL_UNITS * 2]
        return kept.decode("utf-16-le", "ignore")

    def _typed(self, cell: Cell, number: int, letters: str) -> str:
        place = f'r="{letters}{number}"'
        if isinstance(cell, bool):
            return f'<c {place} t="b"><v>{int(cell)}</v></c>'
        if isinstance(cell, int | float):
            if math.isfinite(cell) and (isinstance(cell, float) or abs(cell) < _LARGEST_EXACT):
                return f"<c {place}><v>{cell!r}</v></c>"
        elif not isinstance(cell, str) and cell is not None:
            found = _serial(cell)
            if found is not None:
                return f'<c {place} s="{self._styles[found[0]]}"><v>{found[1]!r}</v></c>'
        return f'<c {place} t="inlineStr"><is><t>{self._escaped(plain_text(cell), number, letters)}</t></is></c>'


def _serial(cell: datetime.date | datetime.time | datetime.timedelta) -> tuple[str, float] | None:
    """The format and the number by which Excel knows a date or time; None for those it does not know."""
    if isinstance(cell, datetime.timedelta):
        return ("duration", cell / datetime.timedelta(days=1)) if cell >= datetime.timedelta(0) else None
    if isinstance(cell, datetime.time):
        span = datetime.timedelta(
            hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond
        )
        return "time", span / datetime.timedelta(days=1)
    if isinstance(cell, datetime.datetime):
        moment = cell.replace(tzinfo=None)
        name = "moment"
    else:
        moment, name = datetime.datetime(cell.year, cell.month, cell.day), "date"
    if moment < _FIRST_SAFE_DAY or (isinstance(cell, datetime.datetime) and cell.tzinfo is not None):
        return None
    days = (moment - _EPOCH) / datetime.timedelta(days=1)
    return name, int(days) if days.is_integer() else days


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """In characters, from the headings and the first rows."""
    widths = [_shown(column) + 2 for column in columns]  # the filter's arrow
    for row in rows:
        for position, cell in enumerate(row[: len(widths)]):
            if cell is not None and cell != "":
                widths[position] = max(widths[position], _shown(plain_text(cell)))
    return [min(max(width + 1, _NARROWEST), _WIDEST) for width in widths]


def _shown(text: str) -> int:
    """Columns of a fixed-width font that the first line takes: East Asian characters are twice as wide."""
    line = text[: 2 * _WIDEST].split("\n", 1)[0][:_WIDEST]
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
