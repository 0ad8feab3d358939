"""CSV, TSV and their relatives -> a table: read once, as a stream, with Python's csv reader at its own speed."""

from __future__ import annotations

import codecs
import csv
import itertools
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gui_app.errors import N_, InputError
from gui_app.i18n import one_or_many
from gui_app.tables import dialect as dialects
from gui_app.tables import encoding as encodings
from gui_app.tables.dialect import Dialect, Record
from gui_app.tables.header import has_header, rows_above
from gui_app.tables.headings import name_columns, note_of_renaming
from gui_app.tables.lines import LineFeed
from gui_app.tables.ragged import RaggedRows
from gui_app.tables.refusals import header_only, too_many_columns, unreadable
from gui_app.tables.table import COLUMN_LIMIT, ImportSettings, Note, Table, TypedRow

_SAMPLE_CHARACTERS = 200_000
_LARGEST_SAMPLE = 40_000_000  # where the first record alone is larger than the usual sample
_BATCH_ROWS = 200  # fewer where rows are large


class DelimitedTable(Table):
    """A text file opened as a table. See `Table`."""

    def __init__(self, path: Path, file: BinaryIO, settings: ImportSettings) -> None:
        """Detect what `settings` leaves open.

        Args:
            file: Opened for reading; closed by `close`.

        Raises:
            InputError: The file is no table under these settings. The file is then still open.
        """
        super().__init__(path)
        self._file = file
        self._stamp = _stamp(file)
        self.total_bytes = self._stamp[0]
        self._feed: LineFeed | None = None
        self._open_notes: list[Note] = []
        self._mended_lines = self._first_mended_line = 0
        self._certain = True
        self._detect(settings)

    # -- opening

    def _detect(self, wanted: ImportSettings) -> None:
        encoding = self._choose_encoding(wanted)
        text, whole = self._sample(encoding)
        found = dialects.sep_line(text)
        self._sep_lines = 1 if found else 0
        text = text[found[1] :] if found else text
        dialect = self._choose_dialect(text, whole, wanted, found[0] if found else None)
        records = dialects.records(text, dialect, whole=whole)
        if not records:
            raise InputError(
                N_("“{file}” holds only blank lines. Choose a file with at least one row."), file=self.name
            )
        rows = [record.cells if record.cells is not None else [] for record in records[:1000]]
        above = self._rows_above(wanted, records, rows)
        rows = rows[above:]
        if not rows:
            raise InputError(
                N_("“{file}” has no row left when its first {lines} lines are left out. Leave out fewer lines."),
                file=self.name,
                lines=wanted.skip_lines or 0,
            )
        header = wanted.header if wanted.header is not None else has_header(rows)
        first = records[above]
        begins = first.first_line - 1
        self._data_line = self._sep_lines + (first.last_line if header else begins)
        self.settings = ImportSettings(
            encoding,
            dialect.separator,
            dialect.quote,
            dialect.escape,
            header,
            self._sep_lines + begins if above else 0,
            unnamed=wanted.unnamed,
        )
        self._dialect = dialect
        if wanted.quote is None:
            self._note_quotes_as_text(text)
        self._name_columns(rows, header)
        self._refuse_header_only(header, len(records) - above, whole)
        if above and wanted.skip_lines is None:
            sentence = one_or_many(
                self._sep_lines + begins,
                N_("The first line of “{file}” stands above the table and was left out."),
                N_("The first {count} lines of “{file}” stand above the table and were left out."),
            )
            self._open_notes.append((sentence, {"file": self.name, "count": self._sep_lines + begins}))
        self.warnings = list(self._open_notes)

    def _choose_encoding(self, wanted: ImportSettings) -> str:
        if wanted.encoding is not None:
            return encodings.checked(wanted.encoding, self.name)
        found = encodings.detect(self._file)
        self._certain = found.certain
        return found.name

    def _sample(self, encoding: str) -> tuple[str, bool]:
        """The first lines as text, one whole line at least where there is one; whether that is the whole file."""
        size = _SAMPLE_CHARACTERS
        while True:
            self._file.seek(0)
            data = self._file.read(size)
            more = bool(self._file.read(1))
            text = _decoded(data, encoding)
            end = max(text.rfind("\n"), text.rfind("\r", 0, max(len(text) - 1, 0))) + 1
            if not more or size >= _LARGEST_SAMPLE or (end and _holds_a_record(text[:end])):
                return (text[:end] if more and end else text), not more
            size = min(size * 4, _LARGEST_SAMPLE)

    def _choose_dialect(self, text: str, whole: bool, wanted: ImportSettings, announced: str | None) -> Dialect:
        separator = wanted.separator if wanted.separator is not None else announced
        for value in (separator, wanted.quote, wanted.escape):
            if value and (len(value) != 1 or value in "\r\n\0"):
                raise InputError(
                    N_("“{file}” cannot be split at “{separator}”: a separator or quote is one character."),
                    file=self.name,
                    separator=value[:40],
                )
        if separator and separator in (wanted.quote, wanted.escape):
            raise InputError(
                N_("“{separator}” cannot both separate cells and quote them in “{file}”. Choose another separator."),
                file=self.name,
                separator=separator,
            )
        unfixed = "".join(
            part for part, value in zip("sqe", (separator, wanted.quote, wanted.escape), strict=True) if value is None
        )
        fixed = Dialect(
            "," if separator is None else separator,
            '"' if wanted.quote is None else wanted.quote,
            wanted.escape or "",
        )
        if not unfixed:
            return fixed
        prose = self.path.suffix.lower() not in (".csv", ".tsv", ".tab", ".psv", ".xls")
        return dialects.detect(text, whole=whole, fixed=fixed, unfixed=unfixed, prose=prose)

    def _note_quotes_as_text(self, text: str) -> None:
        if self._dialect.quote or not self._dialect.separator:
            return
        quoting = replace(self._dialect, quote='"')
        if dialects.begins_with_quote(text, quoting):
            line, cell = dialects.where_quote_opened(text, quoting)
            sentence = N_(
                "The quotes in “{file}” were read as text: the one opened in line {line}, cell {cell}, is not closed "
                "where the cell ends."
            )
            self._open_notes.append((sentence, {"file": self.name, "line": self._sep_lines + line, "cell": cell}))

    def _rows_above(self, wanted: ImportSettings, records: list[Record], rows: list[list[str]]) -> int:
        if wanted.skip_lines is not None:
            lines = wanted.skip_lines - self._sep_lines
            return sum(1 for record in records if record.first_line <= lines)
        if wanted.header is False:
            return 0
        above = rows_above(rows)
        return above if above and (wanted.header or has_header(rows[above:])) else 0

    def _name_columns(self, rows: list[list[str]], header: bool) -> None:
        headings = list(rows[0]) if header else []
        widest = max((_filled_width(row) for row in rows[1:] if header), default=0)
        if not header:
            widest = max(map(len, rows))
        extra = widest - len(headings)
        if header and extra > 0 and self._dialect.separator:
            sentence = one_or_many(
                extra,
                N_("Some rows of “{file}” have more cells than its heading has columns. They got one more column."),
                N_(
                    "Some rows of “{file}” have more cells than its heading has columns. "
                    "They got {count} more columns without a name."
                ),
            )
            self._open_notes.append((sentence, {"file": self.name, "count": extra}))
        headings += [""] * max(extra, 0)
        if len(headings) > COLUMN_LIMIT:
            raise too_many_columns(self.name, len(headings))
        self.columns, renamed = name_columns(headings, self.settings.unnamed)
        self.renamed = tuple(change for change in renamed if header)
        named = [change for change in self.renamed if change[0] < len(rows[0])]
        self._open_notes += note_of_renaming(self.name, named)

    def _refuse_header_only(self, header: bool, records: int, whole: bool) -> None:
        if header and whole and records <= 1:
            raise header_only(self.name)

    # -- reading

    def batches(self) -> Iterator[list[TypedRow]]:
        """See `Table.batches`."""
        self.warnings = list(self._open_notes)
        self._seek(0)
        feed = LineFeed(self._file, self.settings.encoding or "utf-8", strict=not self._certain)
        self._feed = feed
        self._mended_lines = self._first_mended_line = 0
        ragged = RaggedRows(self.name, len(self.columns), self._dialect.separator)
        try:
            yield from self._even_batches(feed, ragged)
        except UnicodeDecodeError:
            raise InputError(
                N_(
                    "“{file}” is not {encoding} throughout: after line {line} comes something else. "
                    "Choose another encoding in the line above the table."
                ),
                file=self.name,
                encoding=self.settings.encoding,
                line=feed.lines_before(),
            ) from None
        except OSError as error:
            raise unreadable(self.name, error) from None
        self._refuse_if_changed()
        self.warnings += ragged.notes() + self._notes_of(feed)

    def _even_batches(self, feed: LineFeed, ragged: RaggedRows) -> Iterator[list[TypedRow]]:
        lines = iter(feed)
        deque(itertools.islice(lines, self._data_line), maxlen=0)
        feed.mark()
        reader = self._dialect.reader(lines)
        feed.lines_before = lambda: self._data_line + reader.line_num
        width = len(self.columns)
        no_marks = itertools.repeat("")
        size = 1
        while True:
            begins = self._data_line + reader.line_num
            batch: list[list[str]] = []
            try:
                batch.extend(itertools.islice(reader, size))
            except csv.Error:
                # The reader begins anew with the next line.
                batch.append(self._mend(feed.since_mark(), begins, len(batch)))
            if not batch:
                return
            if set(map(len, batch)) != {width}:
                batch = ragged.even(batch, partial(self._line_of, feed, begins))
            blocks = feed.blocks_since_mark
            size = min(size * 2, _BATCH_ROWS) if blocks <= 2 else max(size * 2 // blocks, 1)
            feed.mark()
            if batch:
                yield list(zip(map(tuple, batch), no_marks, strict=False))

    def _line_of(self, feed: LineFeed, begins: int, row: int) -> int:
        """The line in the file, from 1, where the row with this index in the batch begins."""
        reader = self._dialect.reader(feed.since_mark(), strict=False)
        deque(itertools.islice(reader, row), maxlen=0)
        return begins + reader.line_num + 1

    def _mend(self, lines: list[str], begins: int, good: int) -> list[str]:
        """The record after `good` whole ones has a quote in the wrong place.

        On one line that is harmless: it is read as leniently as Excel does. Over several lines, nobody
        can say which rows the quote has swallowed.

        Raises:
            InputError: It names the line where the quote opened.
        """
        reader = self._dialect.reader(lines)
        deque(itertools.islice(reader, good), maxlen=0)
        before = reader.line_num
        lines = lines[before:]
        record = "".join(lines)
        line, cell = dialects.where_quote_opened(record, self._dialect)
        if len(lines) == 1 and record.count(self._dialect.quote) % 2 == 0 and len(record) < dialects.LARGEST_CELL:
            self._mended_lines += 1
            self._first_mended_line = self._first_mended_line or begins + before + 1
            return next(self._dialect.reader(lines, strict=False))
        raise InputError(
            N_(
                "“{file}”: the quote ({quote}) opened in line {line}, cell {cell}, is not closed where the cell ends. "
                "Close it in the file, or choose “no quotes” in the line above the table."
            ),
            file=self.name,
            quote=self._dialect.quote,
            line=begins + before + line,
            cell=cell,
        )

    def _notes_of(self, feed: LineFeed) -> list[Note]:
        notes: list[Note] = []
        if self._mended_lines:
            sentence = one_or_many(
                self._mended_lines,
                N_(
                    "Line {line} of “{file}” has text after a closing quote and was read as Excel reads it. "
                    "Check that row."
                ),
                N_(
                    "{count} lines of “{file}” have text after a closing quote and were read as Excel reads them, "
                    "the first is line {line}. Check these rows."
                ),
            )
            details: dict[str, object] = {"count": self._mended_lines, "line": self._first_mended_line}
            notes.append((sentence, {"file": self.name, **details}))
        if feed.nul_characters:
            sentence = one_or_many(
                feed.nul_characters,
                N_("A NUL character was removed from “{file}”, in line {line}."),
                N_("{count} NUL characters were removed from “{file}”, the first in line {line}."),
            )
            notes.append((sentence, {"file": self.name, "count": feed.nul_characters, "line": feed.nul_line}))
        if feed.broken_characters:
            sentence = one_or_many(
                feed.broken_characters,
                N_(
                    "A place in line {line} of “{file}” is not valid {encoding} and shows as “�”. "
                    "If many cells look wrong, choose another encoding."
                ),
                N_(
                    "{count} places in “{file}” are not valid {encoding} and show as “�”, the first in line {line}. "
                    "If many cells look wrong, choose another encoding."
                ),
            )
            details = {"count": feed.broken_characters, "line": feed.broken_line, "encoding": self.settings.encoding}
            notes.append((sentence, {"file": self.name, **details}))
        return notes

    def _refuse_if_changed(self) -> None:
        try:
            changed = _stamp(self._file) != self._stamp
        except OSError as error:
            raise unreadable(self.name, error) from None
        if changed:
            raise InputError(
                N_("“{file}” was changed by another program while it was read. Wait until that is done and try again."),
                file=self.name,
            )

    def _seek(self, position: int) -> None:
        try:
            self._file.seek(position)
        except (OSError, ValueError) as error:
            raise unreadable(self.name, error) from None

    def bytes_read(self) -> int:
        """See `Table.bytes_read`."""
        return self._feed.bytes_read if self._feed else 0

    def close(self) -> None:
        """See `Table.close`."""
        self._file.close()


def _stamp(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _decoded(data: bytes, encoding: str) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    return text.removeprefix("\ufeff").replace("\0", "")


def _holds_a_record(text: str) -> bool:
    """More than one whole record, so that a huge first cell does not stand alone in the sample."""
    return len(dialects.records(text, Dialect(), whole=False)) > 1


def _filled_width(row: list[str]) -> int:
    return next((position for position in range(len(row), 0, -1) if row[position - 1]), 0)
