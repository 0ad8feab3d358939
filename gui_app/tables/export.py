"""Rows -> a file: streamed beside the target, made durable, then put in its place in one step."""

from __future__ import annotations

import contextlib
import errno
import glob
import itertools
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from gui_app.errors import N_, Cancelled, ExportError, StorageError
from gui_app.tables.cells import Cell
from gui_app.tables.export_report import ExportReport
from gui_app.tables.export_text import write_csv, write_json
from gui_app.tables.table import COLUMN_LIMIT

KINDS = {
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""What a file's suffix says about its kind."""

_BATCH_ROWS = 500


def kind_of_target(path: str | os.PathLike[str]) -> str:
    """The kind of file that a name asks for: "xlsx", "csv", "tsv", "json" or "jsonl".

    Raises:
        ExportError: Its suffix is none of `KINDS`.
    """
    path = Path(path)
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise ExportError(
            N_("“{file}” does not say what kind of file it should be. End its name in .xlsx, .csv or .json."),
            file=path.name[:100],
        )
    return kind


def save_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    kind: str | None = None,
    separator: str | None = None,
    bom: bool = True,
    protect: bool = True,
    sheet: str = "Rowmill",
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExportReport:
    """Write a table. Whatever happens, the target is afterwards either the new file, whole, or what it was before.

    Holds a few hundred rows in memory, however many there are.

    Args:
        path: A symbolic link is followed: the file it points to is replaced, the link stays.
        rows: Text is written as text: see `cells.Cell` and `cells.typed`. A row may be shorter than `columns`.
        kind: See `KINDS`. None: by the suffix.
        separator: CSV: between cells. None: a comma (a tab for "tsv").
        bom: CSV: begin with the mark by which Excel and WPS know UTF-8.
        protect: CSV: put a ' before text that Excel would take for a formula.
        sheet: XLSX: the sheet's name.
        progress: Called with the number of rows written, at least every 500 rows.
        cancelled: Asked as often; True ends the export.

    Raises:
        ExportError: It cannot be made as asked: the kind, the columns, the target.
        StorageError: It cannot be written: disk full, folder read-only, drive gone.
        Cancelled: `cancelled` said so.
    """
    asked = Path(path)
    kind = kind or kind_of_target(asked)
    if kind not in KINDS.values():
        raise ExportError(N_("Rowmill does not write files of the kind “{kind}”. Choose xlsx, csv or json."), kind=kind)
    if len(columns) > COLUMN_LIMIT and kind == "xlsx":
        raise ExportError(
            N_("An Excel sheet holds {limit} columns and this table has {columns}. Export it as CSV instead."),
            columns=len(columns),
            limit=COLUMN_LIMIT,
        )
    if separator is not None and (len(separator) != 1 or separator in '\r\n"'):
        raise ExportError(
            N_("“{separator}” cannot separate cells: a separator is one character and no quote."),
            separator=separator[:20],
        )
    report = ExportReport()
    batches = _batches(rows, report, progress, cancelled)
    with _replacing(asked) as file:
        if kind == "xlsx":
            from gui_app.tables.export_xlsx import write_xlsx  # loads xlsxwriter: only when it is needed

            write_xlsx(file, columns, batches, report, sheet=sheet)
        elif kind in ("csv", "tsv"):
            separator = separator or ("\t" if kind == "tsv" else ",")
            write_csv(file, columns, batches, report, separator=separator, bom=bom, protect=protect)
        else:
            write_json(file, columns, batches, lines=kind == "jsonl")
    return report


def _batches(
    rows: Iterable[Sequence[Cell]],
    report: ExportReport,
    progress: Callable[[int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[list[Sequence[Cell]]]:
    source = iter(rows)
    size = 16  # the first ones come soon, and show early that all is well
    while True:
        if cancelled is not None and cancelled():
            raise Cancelled
        batch = list(itertools.islice(source, size))
        if not batch:
            break
        yield batch
        report.rows += len(batch)
        if progress is not None:
            progress(report.rows)
        size = _BATCH_ROWS


ABANDONED_AFTER_S = 86_400.0


@contextlib.contextmanager
def _replacing(asked: Path) -> Iterator[BinaryIO]:
    """A new file beside the target, which takes its place when the block ends without an error."""
    name = asked.name
    try:
        target = Path(os.path.realpath(asked))
        mode = _mode_of_target(target, name)
        _clear_away(target)
        part = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.part")
        file = open(part, "xb")  # noqa: SIM115
    except OSError as error:
        raise _unwritable(name, error) from None
    try:
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                with contextlib.suppress(OSError):
                    os.chmod(part, mode)
            os.replace(part, target)
        except OSError as error:
            raise _unwritable(name, error) from None
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    _sync_folder(target.parent)


def _clear_away(target: Path) -> None:
    """Remove what exports of this file left whose process was killed, a day ago or longer."""
    with contextlib.suppress(OSError):
        for left in target.parent.glob(f".{glob.escape(target.name[:80])}.????????.part"):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                left.unlink(missing_ok=True)


def _mode_of_target(target: Path, name: str) -> int | None:
    """The permissions of the older file; None where there is none.

    Raises:
        ExportError: Something that must not be replaced lies there.
        OSError: The older file may not be written, or is open in a program that locks it (Excel on Windows):
            better known now than after an hour's work.
    """
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise ExportError(N_("“{file}” is a folder. Choose a file name inside it."), file=name)
    if not stat.S_ISREG(status.st_mode):
        raise ExportError(N_("“{file}” is not an ordinary file but a device. Choose another name."), file=name)
    with open(target, "r+b"):
        return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a power cut. Windows has no such call, and needs none."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(name: str, error: OSError) -> StorageError | ExportError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            N_("“{file}” was not written: the drive is full. Free some space or choose another, and export again."),
            file=name,
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return StorageError(
            N_(
                "“{file}” cannot be written: it is open in another program (Excel?), or it or its folder is read-only. "
                "Close it there or choose another place, and export again."
            ),
            file=name,
        )
    if error.errno == errno.EROFS:
        return StorageError(N_("“{file}” cannot be written: the drive is read-only. Choose another place."), file=name)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StorageError(
            N_("“{file}” cannot be written: its folder is not there. Choose another folder, and export again."),
            file=name,
        )
    if error.errno == errno.ENAMETOOLONG:
        return ExportError(N_("“{file}” is too long a name for this system. Choose a shorter one."), file=name[:100])
    return StorageError(
        N_("“{file}” cannot be written ({reason}). Check that its drive is connected, or choose another place."),
        file=name,
        reason=str(error.strerror or type(error).__name__)[:80],
    )
