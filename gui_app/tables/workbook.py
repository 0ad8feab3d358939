"""XLSX, XLS and ODS -> a table: calamine reads one sheet; numbers and dates become the text the user saw."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from gui_app.errors import N_, InputError
from gui_app.i18n import one_or_many
from gui_app.tables.archive import Archive
from gui_app.tables.cells import TEXT_AND_MARK
from gui_app.tables.file_kind import FileKind
from gui_app.tables.header import has_header, rows_above
from gui_app.tables.headings import name_columns, note_of_renaming
from gui_app.tables.refusals import damaged, header_only, number_is_no_date, protected, too_many_columns
from gui_app.tables.sheet_extent import too_far
from gui_app.tables.sheet_scan import SheetScan, scan
from gui_app.tables.table import COLUMN_LIMIT, ImportSettings, Note, Table, TypedRow
from gui_app.tables.workbook_head import head_of_workbook, outline

_BATCH_ROWS = 256
_SAMPLE_ROWS = 1000
_UNIQUE_COUNT = re.compile(rb"\buniqueCount\s*=\s*[\"']([0-9]+)[\"']")

_Plan = tuple[str, tuple[tuple[int, Callable[..., str]], ...]]
_NumberedRow = tuple[int, tuple[str, ...], str]


class WorkbookTable(Table):
    """One sheet of a workbook, opened as a table. See `Table`.

    The sheet is in memory as a whole, about 100 bytes a cell: calamine has no other way.
    """

    def __init__(
        self, path: Path, file: BinaryIO, kind: FileKind, settings: ImportSettings, *, first_rows: int | None = None
    ) -> None:
        """Load the sheet that `settings` names, or the first visible one that is not empty.

        Args:
            file: Opened for reading; closed when the sheet is loaded, so that the user can go on working in Excel.

        Raises:
            InputError: The file or the sheet is no table.
        """
        super().__init__(path)
        self._kind = kind
        self._archive = Archive(file, self.name) if kind is not FileKind.XLS else None
        self._sheet_parts = self._archive.sheet_parts() if self._archive and kind is FileKind.XLSX else {}
        self._scan = SheetScan()
        self._plans: dict[tuple[type, ...], _Plan] = {}
        self._rows_done = 0
        self._open_notes: list[Note] = []
        self._refuse_before_opening(kind)
        with self._refused_in_words():
            self._sheet = self._load(file, settings, first_rows)
        file.close()
        self._detect(settings)
        self.total_rows = None if first_rows else max(self._sheet_height() - self._data_row, 0)

    # -- opening

    @contextmanager
    def _refused_in_words(self) -> Iterator[None]:
        try:
            yield
        except PasswordError:
            raise protected(self.name) from None
        except CalamineError:
            raise damaged(self.name) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # what Rust code raises that did not expect such a file
                raise
            raise (number_is_no_date if "TimeDelta" in str(error) else damaged)(self.name) from None

    def _refuse_before_opening(self, kind: FileKind) -> None:
        """calamine makes room for as many shared strings as the file claims to have, and dies if there is none."""
        if self._archive is None:
            return
        if kind is FileKind.ODS:
            if any(b"encryption-data" in piece for piece in self._pieces("META-INF/manifest.xml")):
                raise protected(self.name)
            self._archive.refuse_lies("content.xml")
            return
        for part, info in self._archive.parts.items():
            if part.lower().endswith("sharedstrings.xml"):
                first = next(self._archive.unpack(part), b"")[:4000]
                claimed = _UNIQUE_COUNT.search(first)
                if claimed and int(claimed[1]) > info.file_size:
                    raise self._archive.too_large()
                self._archive.refuse_lies(part)
            elif part.lower().endswith("styles.xml"):
                self._archive.refuse_lies(part)

    def _pieces(self, part: str) -> Iterator[bytes]:
        if self._archive is None or part not in self._archive.parts:
            return iter(())
        return self._archive.unpack(part)

    def _load(self, file: BinaryIO, wanted: ImportSettings, first_rows: int | None) -> CalamineSheet:
        with ExitStack() as opened:
            whole = cache(lambda: opened.enter_context(self._open_whole(file)))
            metadata = [sheet for sheet in self._metadata(whole) if sheet.typ == SheetTypeEnum.WorkSheet]
            self.sheets = tuple(sheet.name for sheet in metadata)
            if wanted.sheet is not None:
                if wanted.sheet not in self.sheets:
                    raise self._no_such_sheet(wanted.sheet)
                return self._load_sheet(whole, wanted.sheet, first_rows)
            visible = [sheet.name for sheet in metadata if sheet.visible == SheetVisibleEnum.Visible]
            for name in [*visible, *(name for name in self.sheets if name not in visible)]:
                sheet = self._load_sheet(whole, name, first_rows)
                if sheet.start is not None:
                    return sheet
        raise InputError(
            N_("“{file}” has no rows: its sheets are empty. Choose a file with at least one row."), file=self.name
        )

    def _open_whole(self, file: BinaryIO) -> CalamineWorkbook:
        # By path is faster, but then calamine believes the file's name.
        file.seek(0)
        named_so = self.path.suffix.lower() == f".{self._kind}"
        return CalamineWorkbook.from_path(self.path) if named_so else CalamineWorkbook.from_filelike(file)

    def _metadata(self, whole: Callable[[], CalamineWorkbook]) -> list[SheetMetadata]:
        small = outline(self._archive, self._sheet_parts.values()) if self._archive and self._sheet_parts else None
        if small is not None:
            # What calamine says of a damaged file it shall say of the file itself.
            with suppress(CalamineError), CalamineWorkbook.from_filelike(small) as workbook:
                return workbook.sheets_metadata
        return whole().sheets_metadata

    def _load_sheet(self, whole: Callable[[], CalamineWorkbook], name: str, first_rows: int | None) -> CalamineSheet:
        if self._archive is None or self._kind is FileKind.ODS:
            return whole().get_sheet_by_name(name)
        part = self._sheet_parts.get(name)
        if part is None:
            raise damaged(self.name)
        if first_rows is not None:
            head = head_of_workbook(self._archive, part, first_rows)
            if head is not None:
                self._scan = head.scan
                self._refuse_extent(lambda: (head.sheet,))
                with CalamineWorkbook.from_filelike(head.file) as small:
                    return small.get_sheet_by_name(name)
        self._scan = scan(self._archive.unpack(part))
        self._refuse_extent(lambda: self._pieces(part))
        return whole().get_sheet_by_name(name)

    def _refuse_extent(self, pieces: Callable[[], Iterable[bytes]]) -> None:
        try:
            far = too_far(self._scan, pieces)
        except ValueError:
            raise damaged(self.name) from None
        if far:
            raise InputError(
                N_(
                    "“{file}” has a cell so far from the others that the sheet would not fit in memory. "
                    "Delete the cells far to the right and far below the table, save the file and choose it again."
                ),
                file=self.name,
            )

    def _no_such_sheet(self, sheet: str) -> InputError:
        return InputError(
            N_("“{file}” has no sheet called “{sheet}”. It has: {sheets}."),
            file=self.name,
            sheet=sheet,
            sheets=", ".join(self.sheets[:20]),
        )

    def _detect(self, wanted: ImportSettings) -> None:
        sheet = self._sheet
        numbered = list(itertools.islice(itertools.chain.from_iterable(self._filled_batches(0)), _SAMPLE_ROWS))
        if not numbered:
            raise InputError(
                N_("The sheet “{sheet}” of “{file}” is empty. Choose another sheet."), file=self.name, sheet=sheet.name
            )
        above = 0
        if wanted.skip_lines is not None:
            above = sum(1 for number, _, _ in numbered if number < wanted.skip_lines)
        elif wanted.header is not False:
            above = rows_above([cells for _, cells, _ in numbered])
            above = above if above and (wanted.header or has_header([row[1] for row in numbered[above:]])) else 0
        if above >= len(numbered):
            raise InputError(
                N_("“{file}” has no row left when its first {lines} lines are left out. Leave out fewer lines."),
                file=self.name,
                lines=wanted.skip_lines or 0,
            )
        begins = numbered[above][0]
        rows = [cells for _, cells, _ in numbered[above:]]
        header = wanted.header if wanted.header is not None else has_header(rows)
        self._data_row = begins + 1 if header else begins
        self.settings = ImportSettings(
            header=header, skip_lines=begins if above else 0, sheet=sheet.name, unnamed=wanted.unnamed
        )
        self._name_columns(rows[0], header)
        if header and len(rows) == 1:
            raise header_only(self.name)
        if above and wanted.skip_lines is None:
            sentence = one_or_many(
                begins,
                N_("The first line of “{file}” stands above the table and was left out."),
                N_("The first {count} lines of “{file}” stand above the table and were left out."),
            )
            self._open_notes.append((sentence, {"file": self.name, "count": begins}))
        self._note_losses()
        self.warnings = list(self._open_notes)

    def _name_columns(self, first: tuple[str, ...], header: bool) -> None:
        if len(first) > COLUMN_LIMIT:
            raise too_many_columns(self.name, len(first))
        self.columns, renamed = name_columns(first if header else [""] * len(first), self.settings.unnamed)
        self.renamed = renamed if header else ()
        self._open_notes += note_of_renaming(self.name, self.renamed)

    def _note_losses(self) -> None:
        if self._scan.unsolved:
            sentence = one_or_many(
                self._scan.unsolved,
                N_(
                    "A formula of “{file}” has no stored result, so its cell is empty. "
                    "Open the file in Excel and save it to fill it."
                ),
                N_(
                    "{count} formulas of “{file}” have no stored result, so their cells are empty. "
                    "Open the file in Excel and save it to fill them."
                ),
            )
            self._open_notes.append((sentence, {"file": self.name, "count": self._scan.unsolved}))
        merged = self._sheet.merged_cell_ranges
        if merged:
            sentence = one_or_many(
                len(merged),
                N_("“{file}” has merged cells: the text stands in the first of them, the others are empty."),
                N_(
                    "{count} merged cells of “{file}”: the text stands in the first cell of each, the others are empty."
                ),
            )
            self._open_notes.append((sentence, {"file": self.name, "count": len(merged)}))

    def _sheet_height(self) -> int:
        return 0 if self._sheet.end is None else self._sheet.end[0] + 1

    # -- reading

    def batches(self) -> Iterator[list[TypedRow]]:
        """See `Table.batches`."""
        self.warnings = list(self._open_notes)
        blank, expected = 0, self._data_row
        for batch in filter(None, self._filled_batches(self._data_row)):
            blank += batch[-1][0] + 1 - expected - len(batch)
            expected = batch[-1][0] + 1
            self._rows_done = expected - self._data_row
            yield [(cells, marks) for _, cells, marks in batch]
        if blank:
            sentence = one_or_many(
                blank,
                N_("A blank row of “{file}” was left out."),
                N_("{count} blank rows of “{file}” were left out."),
            )
            self.warnings.append((sentence, {"file": self.name, "count": blank}))

    def _filled_batches(self, start: int) -> Iterator[list[_NumberedRow]]:
        """(row number in the sheet from 0, cells, marks) of all rows that are not blank. A batch may be empty."""
        errors = self._errors_by_row()
        sheet: Iterator[list[Any]] = itertools.islice(self._sheet.iter_rows(), start, None)
        while rows := self._next_rows(sheet):
            numbers = range(start, start + len(rows))
            start = numbers.stop
            for number in errors.keys() & numbers if errors else ():
                _put_errors(rows[number - numbers.start], errors[number])
            alike = self._of_one_kind_each(rows)
            yield list(zip(numbers, *alike, strict=False)) if alike else list(self._converted(numbers, rows))

    def _of_one_kind_each(self, rows: list[list[Any]]) -> tuple[Iterable[tuple[str, ...]], Iterable[str]] | None:
        """The rows and their marks, where each column has values of one type only and no row is blank: most sheets."""
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        types = [set(map(type, column)) for column in columns]
        if max(map(len, types)) > 1:
            return None
        marks, conversions = self._plan_for(tuple(kind.pop() for kind in types))
        if not conversions and not all(map(any, rows)):
            return None
        for position, convert in conversions:
            columns[position] = map(convert, columns[position])
        return zip(*columns, strict=True), itertools.repeat(marks)

    def _next_rows(self, sheet: Iterator[list[Any]]) -> list[list[Any]]:
        with self._refused_in_words():
            return list(itertools.islice(sheet, _BATCH_ROWS))

    def _converted(self, numbers: Iterable[int], rows: Iterable[list[Any]]) -> Iterator[_NumberedRow]:
        plans, plan_for = self._plans, self._plan_for
        for number, row in zip(numbers, rows, strict=True):
            if not any(row) and all(value == "" for value in row):
                continue
            types = tuple(map(type, row))
            plan = plans.get(types)
            if plan is None:
                plan = plan_for(types)
            marks, conversions = plan
            for position, convert in conversions:
                row[position] = convert(row[position])
            yield number, tuple(row), marks

    def _plan_for(self, types: tuple[type, ...]) -> _Plan:
        """How to convert a row whose cells have these types; kept, for most rows of a sheet have the same ones."""
        pairs = [TEXT_AND_MARK.get(kind, (str, "t")) for kind in types]
        marks = "".join(mark for _, mark in pairs)
        conversions = tuple((position, convert) for position, (convert, _) in enumerate(pairs) if convert is not None)
        plan = (marks if conversions else "", conversions)
        if len(self._plans) < 1000:
            self._plans[types] = plan
        return plan

    def _errors_by_row(self) -> dict[int, list[tuple[int, str]]]:
        first_column = self._sheet.start[1] if self._sheet.start else 0
        rows: dict[int, list[tuple[int, str]]] = {}
        for (row, column), text in self._scan.errors.items():
            if column >= first_column:
                rows.setdefault(row, []).append((column - first_column, text))
        return rows

    def bytes_read(self) -> int:
        """See `Table.bytes_read`."""
        return 0

    def close(self) -> None:
        """See `Table.close`. The file itself was let go of when the sheet was loaded."""


def _put_errors(row: list[Any], errors: Iterable[tuple[int, str]]) -> None:
    for column, text in errors:
        if column < len(row) and row[column] == "":
            row[column] = text
