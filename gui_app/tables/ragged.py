"""Rows that are shorter or longer than the table is wide: made even, counted, and nothing of them lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gui_app.errors import N_
from gui_app.i18n import one_or_many
from gui_app.tables.table import Note


class RaggedRows:
    """Makes rows as wide as the table, and remembers what it did."""

    def __init__(self, name: str, width: int, separator: str) -> None:
        self._name = name
        self._width = width
        self._separator = separator
        self._short = 0
        self._first_short = 0
        self._long = 0
        self._first_long = 0

    def even(self, batch: Sequence[list[str]], line_of: Callable[[int], int]) -> list[list[str]]:
        """Short rows get empty cells; what a long row has too much goes into its last cell; blank lines go.

        A cell too many nearly always is a separator inside the last column's text that lacks its quotes: joined
        by that separator again, the text is as it was.

        Args:
            line_of: The line in the file where the row with this index begins. Asked seldom: it takes a while.
        """
        even = []
        width = self._width
        for index, row in enumerate(batch):
            if len(row) == width:
                even.append(row)
            elif not row or (len(row) == 1 and not row[0].strip()):
                continue
            elif len(row) < width:
                self._short += 1
                self._first_short = self._first_short or line_of(index)
                even.append(row + [""] * (width - len(row)))
            else:
                if any(row[width:]):
                    self._long += 1
                    self._first_long = self._first_long or line_of(index)
                    row[width - 1] = self._separator.join(row[width - 1 :])
                even.append(row[:width])
        return even

    def notes(self) -> list[Note]:
        """What to tell about it."""
        notes: list[Note] = []
        if self._short:
            sentence = one_or_many(
                self._short,
                N_("Line {line} of “{file}” has fewer cells than there are columns. The missing ones are empty."),
                N_(
                    "{count} rows of “{file}” have fewer cells than there are columns, the first in line {line}. "
                    "Their missing cells are empty."
                ),
            )
            notes.append((sentence, {"file": self._name, "count": self._short, "line": self._first_short}))
        if self._long:
            sentence = one_or_many(
                self._long,
                N_(
                    "Line {line} of “{file}” has more cells than there are columns. The rest stands in its last column."
                ),
                N_(
                    "{count} rows of “{file}” have more cells than there are columns, the first in line {line}. "
                    "The rest stands in their last column."
                ),
            )
            notes.append((sentence, {"file": self._name, "count": self._long, "line": self._first_long}))
        return notes
