"""What every opened table has in common: its settings, its columns, its rows as text, its notes."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

Note = tuple[str, dict[str, object]]
"""Something worth telling that is no error: a catalogue sentence (see `errors.UserError`) and its details."""

TypedRow = tuple[tuple[str, ...], str]
"""One row: its cells as text, one for each column, and its marks (see `cells`): "" where all is text."""

COLUMN_LIMIT = 16_384
"""As Excel's: a wider table could not be exported."""


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How a file is read. None means: detect it.

    Attributes:
        encoding: A Python codec name such as "utf-8" or "gb18030". Text files only.
        separator: One character; "" means the whole line is one cell. Text files only.
        quote: One character; "" means quotes are ordinary text. Text files only.
        escape: The character that takes the meaning from a quote after it; "" means none, a quote is doubled instead.
        header: Whether the first row holds the column names.
        skip_lines: Lines (sheet rows) above the table that are left out, such as a report's title.
        sheet: The sheet's name. Workbooks only.
        unnamed: What a column without a heading is called, "{n}" standing for its number; None for English. Kept with
            the job, so that it is called the same when the file is read again, whatever language the window has then.
    """

    encoding: str | None = None
    separator: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None
    skip_lines: int | None = None
    sheet: str | None = None
    unnamed: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types, for the job file and the pipe to the worker."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImportSettings:
        """The inverse of `to_dict`. Unknown keys, and values of the wrong type, count as "detect it"."""
        kinds: dict[str, type] = {"header": bool, "skip_lines": int}
        known: dict[str, Any] = {}
        for field in fields(cls):
            value = data.get(field.name)
            if type(value) is kinds.get(field.name, str):
                known[field.name] = value
        return cls(**known)


class Table(ABC):
    """A file opened as a table. A context manager; the file itself is never written to.

    Attributes:
        settings: All that applies to this kind of file filled in, with what was chosen or detected.
        columns: The column names, unique and not blank.
        renamed: What was changed to make them so: (position from 0, heading in the file, name given).
        sheets: The names of a workbook's sheets, in its order; () for text files.
        total_bytes: The file's size; None where progress cannot be told in bytes (workbooks).
        total_rows: How many rows there are, where that is known before they are read (workbooks); None for text files.
        warnings: Notes about the file. Complete only when all rows were read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.settings = ImportSettings()
        self.columns: tuple[str, ...] = ()
        self.renamed: tuple[tuple[int, str, str], ...] = ()
        self.sheets: tuple[str, ...] = ()
        self.total_bytes: int | None = None
        self.total_rows: int | None = None
        self.warnings: list[Note] = []

    @abstractmethod
    def batches(self) -> Iterator[list[TypedRow]]:
        """The rows in file order, in lists that hold about a megabyte at most (or one row, if that is larger).

        Starts at the first row each time it is called, and then starts `warnings` anew too.

        Raises:
            InputError: While reading: the file turns out to be damaged, or goes away.
        """

    def rows(self) -> Iterator[TypedRow]:
        """The rows one by one: `batches()`, flattened."""
        return itertools.chain.from_iterable(self.batches())

    @abstractmethod
    def bytes_read(self) -> int:
        """How far the current reading has come, to compare with `total_bytes`. 0 for workbooks."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file. Calling it twice is fine."""

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
