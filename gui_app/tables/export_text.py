"""Rows -> CSV and JSON, at nearly the speed of Python's own csv writer."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, BinaryIO

from gui_app.tables.cells import Cell, text_of_boolean, text_of_duration, text_of_moment, text_of_number
from gui_app.tables.export_report import ExportReport
from gui_app.tables.formula_guard import RISKY_FIRST, guarded, is_formula_like
from gui_app.tables.headings import unique_names

# Of a text; a number has none, which is a TypeError.
_FIRST: Callable[..., Any] = operator.itemgetter(slice(0, 1))
_SURROGATES = re.compile("[\ud800-\udfff]")

Batches = Iterable[Sequence[Sequence[Cell]]]


def write_csv(
    file: BinaryIO,
    columns: Sequence[str],
    batches: Batches,
    report: ExportReport,
    *,
    separator: str,
    bom: bool,
    protect: bool,
) -> None:
    """Write comma-separated values with Excel's line ends and quoting."""
    if bom:
        file.write("\ufeff".encode())
    width = len(columns)
    for batch in itertools.chain([[columns]], batches):
        plain: Sequence[Sequence[object]] = batch
        if not _harmless(batch) or any(len(row) != width for row in batch):
            plain = [_csv_row(row, width, report, protect=protect) for row in batch]
        try:
            data = _csv_bytes(plain, separator)
        except UnicodeEncodeError:
            data = _csv_bytes([_without_surrogates(row, report) for row in plain], separator)
        file.write(data)


def _harmless(batch: Sequence[Sequence[Cell]]) -> bool:
    """Text only, and no cell begins like a formula: one quick look over the first characters of all cells."""
    try:
        return RISKY_FIRST.isdisjoint(map(_FIRST, itertools.chain.from_iterable(batch)))
    except TypeError:
        return False


def _csv_row(row: Sequence[Cell], width: int, report: ExportReport, *, protect: bool) -> list[str]:
    cells = []
    for cell in row:
        if not isinstance(cell, str):
            cell = plain_text(cell)
        elif protect and cell[:1] in RISKY_FIRST and is_formula_like(cell):
            cell = guarded(cell)
            report.protected_cells += 1
        cells.append(cell)
    return cells + [""] * (width - len(cells))


def _csv_bytes(rows: Sequence[Sequence[object]], separator: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode()


def _without_surrogates(row: Sequence[object], report: ExportReport) -> list[object]:
    cells = []
    for cell in row:
        if isinstance(cell, str) and _SURROGATES.search(cell):
            cell = _SURROGATES.sub("\ufffd", cell)
            report.replaced_cells += 1
        cells.append(cell)
    return cells


def plain_text(cell: Cell) -> str:
    """A cell as text, the same way the import makes text of it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return text_of_boolean(cell)
    if isinstance(cell, int | float):
        return text_of_number(cell) if math.isfinite(cell) else str(cell)
    if isinstance(cell, datetime.datetime):
        return text_of_moment(cell)
    if isinstance(cell, datetime.timedelta):
        return text_of_duration(cell)
    return cell.isoformat()


def write_json(file: BinaryIO, columns: Sequence[str], batches: Batches, *, lines: bool) -> None:
    """Write one object a row, the column names its keys: as one array, or (`lines`) as one object a line."""
    names = unique_names(columns)
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain_text).encode
    # Half a surrogate pair cannot be written in UTF-8, but JSON has an escape for it.
    escape = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=plain_text).encode
    between = "\n" if lines else ",\n"
    before = "" if lines else "[\n"
    for batch in batches:
        objects = [_json_object(names, row) for row in batch]
        try:
            data = between.join(map(encode, objects)).encode()
        except UnicodeEncodeError:
            data = between.join(map(escape, objects)).encode()
        file.write(before.encode() + data)
        before = between
    if lines:
        file.write(b"\n" if before else b"")
    else:
        file.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _json_object(names: Sequence[str], row: Sequence[Cell]) -> dict[str, Cell]:
    cells = dict(zip(names, row, strict=False))
    for name in names[len(row) :]:
        cells[name] = None
    for name, cell in cells.items():
        if type(cell) is float and not math.isfinite(cell):
            cells[name] = None
    return cells
