"""Sentences that several readers say: a file that cannot be read, is protected, too wide, or has a header only."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from gui_app.errors import N_, InputError
from gui_app.tables.table import COLUMN_LIMIT

_SENTENCES: Mapping[int, str] = {
    errno.ENOENT: N_("“{file}” is not there any more. It was moved, renamed or deleted: choose it again."),
    errno.ENOTDIR: N_("“{file}” is not there any more. It was moved, renamed or deleted: choose it again."),
    errno.ESTALE: N_("“{file}” is not there any more. It was moved, renamed or deleted: choose it again."),
    errno.EACCES: N_(
        "“{file}” cannot be opened: another program holds it, or you may not read it. Close it there and try again."
    ),
    errno.EPERM: N_(
        "“{file}” cannot be opened: another program holds it, or you may not read it. Close it there and try again."
    ),
    errno.EISDIR: N_("“{file}” is a folder. Choose a CSV or Excel file inside it."),
    errno.ENAMETOOLONG: N_("The name of “{file}” is too long for this system. Rename the file and choose it again."),
}


def unreadable(name: str, error: BaseException) -> InputError:
    """What the system says when a file cannot be opened or read, in words."""
    code = getattr(error, "errno", None)
    sentence = _SENTENCES.get(code or 0)
    if sentence is not None:
        return InputError(sentence, file=name)
    return InputError(
        N_("“{file}” cannot be read ({reason}). Check that its drive or network folder is connected, and try again."),
        file=name,
        reason=str(getattr(error, "strerror", None) or type(error).__name__)[:80],
    )


def too_many_columns(name: str, columns: int) -> InputError:
    """Wider than Excel allows."""
    return InputError(
        N_(
            "“{file}” has {columns} columns; Rowmill takes up to {limit}, as Excel does. "
            "Check the separator, or remove columns in the file."
        ),
        file=name,
        columns=columns,
        limit=COLUMN_LIMIT,
    )


def header_only(name: str) -> InputError:
    """Column names, but nothing below them."""
    return InputError(
        N_(
            "“{file}” holds column names only and no rows. Add rows below them, "
            "or, if the first row is data, say that it has no heading."
        ),
        file=name,
    )


def protected(name: str) -> InputError:
    """A workbook with a password."""
    return InputError(
        N_(
            "“{file}” is protected with a password. Open it in Excel, remove the password, save it and choose it again."
        ),
        file=name,
    )


def damaged(name: str) -> InputError:
    """A workbook whose contents do not hold together."""
    return InputError(
        N_(
            "“{file}” is damaged and cannot be read. Open it in Excel, save it under another name and choose that file."
        ),
        file=name,
    )


def number_is_no_date(name: str) -> InputError:
    """A number far below the first date, in a cell that shows dates."""
    return InputError(
        N_(
            "“{file}” has a number in a cell that shows dates, and it is none: Excel shows ##### there. "
            "Give that column the format Number or Text in Excel, save the file and choose it again."
        ),
        file=name,
    )
