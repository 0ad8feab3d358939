"""`open_table`: any file -> the reader for what it really is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from gui_app.errors import N_, InputError
from gui_app.tables.delimited import DelimitedTable
from gui_app.tables.file_kind import FileKind, kind_of
from gui_app.tables.refusals import unreadable
from gui_app.tables.table import ImportSettings, Table


def open_table(
    path: str | os.PathLike[str], settings: ImportSettings | None = None, *, first_rows: int | None = None
) -> Table:
    """Open a CSV, TSV, XLSX, XLS or ODS file, recognised by its content and not by its name.

    Nothing is read yet but what detection needs, except for workbooks, whose sheet is loaded as a whole. The file is
    never written to. May be used in any thread or process, by one at a time.

    Args:
        settings: What the user has chosen; the rest is detected. None: detect everything.
        first_rows: For a preview: only so many rows are wanted, so a large workbook need not be loaded whole.
            The rows are then the first of the file and possibly more than that.

    Raises:
        InputError: One sentence that says what is wrong, where, and what to do.
    """
    path = Path(path)
    settings = settings or ImportSettings()
    file = _open(path)
    try:
        kind = kind_of(file, path, said_text=settings.encoding is not None)
        if kind is FileKind.TEXT:
            return DelimitedTable(path, file, settings)
        from gui_app.tables.workbook import WorkbookTable  # loads calamine: only for workbooks

        return WorkbookTable(path, file, kind, settings, first_rows=first_rows)
    except OSError as error:
        file.close()
        raise unreadable(path.name, error) from None
    except BaseException:
        file.close()
        raise


def _open(path: Path) -> BinaryIO:
    try:
        # Asked before opening: opening a named pipe would wait for ever.
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise InputError(
                N_("“{file}” is not an ordinary file but a device. Choose a CSV or Excel file."), file=path.name
            )
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(21, "Is a directory")
        return path.open("rb")
    except ValueError:
        raise InputError(N_("“{file}” is no file name. Choose a CSV or Excel file."), file=path.name[:80]) from None
    except FileNotFoundError:
        raise InputError(
            N_("“{file}” was not found. Check its name and folder, or choose the file again."), file=path.name
        ) from None
    except OSError as error:
        raise unreadable(path.name, error) from None
