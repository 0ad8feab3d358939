"""How much memory calamine would take for a sheet that has a cell far out, or is written in an unusual way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.parsers import expat

from gui_app.tables.sheet_scan import SheetScan, column_of, whole_rows

MOST_CELLS = 100_000_000
"""Of the block between the first and the last cell: about 3 GB of memory."""

_PLACES = re.compile(rb"c r=\"([A-Z]+)([0-9]+)\"")
_PLACES_OF_FILLED = re.compile(rb"c r=\"([A-Z]+)([0-9]+)\"[^<>]*+(?<!/)>")
_NO_CONTROLS = bytes(ord("x") if byte < 32 and byte not in b"\t\n\r" else byte for byte in range(256))
"""No XML may hold them, but calamine does not mind."""

_PLACE = re.compile(r"([A-Za-z]*)([0-9]+)")


def too_far(found: SheetScan, pieces: Callable[[], Iterable[bytes]]) -> bool:
    """Whether the block up to the last filled cell has more than `MOST_CELLS`.

    It has not where there are 26 columns and 1,999,999 rows at most, or 702 and 99,999.

    Args:
        pieces: The sheet's XML again, each time it is called.

    Raises:
        ValueError: Nobody can tell: it is no XML.
    """
    if found.doubtful:
        return _Walk().extent(pieces()) > MOST_CELLS
    if found.letters == 1 or (found.letters == 2 and not found.tall):
        return False
    # Quick: the empty cells, which calamine leaves out, are counted too.
    return _extent(_PLACES, pieces()) > MOST_CELLS and _extent(_PLACES_OF_FILLED, pieces()) > MOST_CELLS


def _extent(places: re.Pattern[bytes], pieces: Iterable[bytes]) -> int:
    last_row, columns = 0, {b"A"}
    for text in whole_rows(pieces):
        found = set(places.findall(text))
        last_row = max(last_row, max((int(row) for _, row in found), default=0))
        columns.update({letters for letters, _ in found})
    return last_row * (max(map(column_of, columns)) + 1)


class _Walk:
    """Goes through the XML as calamine does: a cell without a place of its own follows the one before it."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._place = (0, 0)
        self._depth_in_cell = 0
        self._last_row = self._last_column = 0
        self._over = False

    def extent(self, pieces: Iterable[bytes]) -> int:
        """Rows times columns up to the last filled cell."""
        # Names are all that matters, and as Latin-1 no byte of a text is wrong.
        parser = expat.ParserCreate("iso-8859-1")
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.StartDoctypeDeclHandler = _refuse
        try:
            for piece in pieces:
                parser.Parse(piece.translate(_NO_CONTROLS), False)
                if self._over:
                    break
        except expat.ExpatError:
            # calamine does not see what follows the rows either.
            if not self._over:
                raise ValueError("no XML") from None
        return self._last_row * self._last_column

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth_in_cell:
            if self._depth_in_cell == 1 and not self._over:
                self._last_row = max(self._last_row, self._place[0] + 1)
                self._last_column = max(self._last_column, self._place[1] + 1)
            self._depth_in_cell += 1
            return
        kind = _local(name)
        if kind not in ("row", "c"):
            return
        place = _PLACE.fullmatch(attributes.get("r", ""))
        if kind == "row":
            self._row = int(place[2]) - 1 if place else self._row
            return
        if place and place[1]:
            self._column = column_of(place[1].encode())
        self._place = (int(place[2]) - 1 if place else self._row, self._column)
        self._column += 1
        self._depth_in_cell = 1

    def _close(self, name: str) -> None:
        kind = _local(name)
        if self._depth_in_cell:
            self._depth_in_cell -= 1
        elif kind == "row":
            self._row += 1
            self._column = 0
        elif kind == "sheetData":
            self._over = True


def _local(name: str) -> str:
    return name.partition(":")[2] or name


def _refuse(*_: Any) -> None:
    raise ValueError("a document type")
