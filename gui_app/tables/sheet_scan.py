"""The XML of a sheet, looked through before calamine reads it: for what it would die of, and for what it leaves out.

calamine lays a sheet out as one block of memory from its first to its last cell, and ends the process when that cannot
be had; and it gives an empty cell for an error such as #N/A. Both are found here by searching the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST_CELLS = 100_000_000
"""Of the block between the first and the last cell: about 3 GB of memory."""

_MOST_ERRORS = 1_000_000
# Beyond column Z, or beyond row 1,999,999: what is nearer than both takes 52 million cells at most.
_FAR = re.compile(rb' r *= *"(?:[A-Za-z]{2}|[A-Za-z]?(?:[2-9][0-9]{6}|[0-9]{8}))')
_COLUMNS = re.compile(rb' r *= *"([A-Za-z]+)')
_ROWS = re.compile(rb' r *= *"[A-Za-z]*([0-9]+)')
_WRITTEN_OTHERWISE = ((b"'", b"r='"), (b"'", b"= '"), (b"\n", b"\nr"), (b"\t", b"\tr"), (b"\r", b"\rr"))
"""As no program writes it, but XML allows it. One byte is found much faster than two: it is asked for first."""

_FILLED = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]+)([0-9]+)[\"'][^<>]*(?<!/)>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*\br\s*=\s*[\"']([0-9]{7,})[\"']")
_ERROR = re.compile(rb"<(?:\w+:)?c\b([^<>]*\bt=\"e\"[^<>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE = re.compile(rb"\br=\"([A-Z]{1,3})([0-9]{1,7})\"")
_VALUE = re.compile(rb"<(?:\w+:)?v>\s*(#[^<]{1,40}?)\s*</")
_UNSOLVED = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*(?:<(?:\w+:)?f\b[^<>]*/>|<(?:\w+:)?f\b[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</|</(?:\w+:)?c>)"
)


@dataclass(slots=True)
class SheetScan:
    """What was found.

    Attributes:
        far: A cell lies so far out that `too_far` must be asked before the sheet is loaded.
        odd: The sheet is written as XML allows it and no program does it, so that only `too_far` knows.
        errors: (row, column), both from 0 -> the error as the user saw it, such as "#N/A".
        unsolved: Formulas whose result the program that wrote the file did not store.
    """

    far: bool = False
    odd: bool = False
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unsolved: int = 0


def scan(pieces: Iterable[bytes]) -> SheetScan:
    """Look through a sheet's XML."""
    found = SheetScan()
    for text in _whole_rows(pieces):
        found.far = found.far or _FAR.search(text) is not None
        found.odd = found.odd or any(sign in text and form in text for sign, form in _WRITTEN_OTHERWISE)
        if b"#" in text and b't="e"' in text and len(found.errors) < _MOST_ERRORS:
            _note_errors(text, found.errors)
        if b"f>" in text and (b"</f>" in text or b":f>" in text):
            found.unsolved += sum(1 for attributes in _UNSOLVED.findall(text) if b't="str"' not in attributes)
    return found


def too_far(found: SheetScan, pieces: Callable[[], Iterable[bytes]]) -> bool:
    """Whether the block up to the last filled cell has more than `MOST_CELLS`.

    Args:
        pieces: The sheet's XML again, each time it is called.
    """
    if not found.far and not found.odd:
        return False
    return (found.odd or _extent_of_all(pieces()) > MOST_CELLS) and _extent_of_filled(pieces()) > MOST_CELLS


def _extent_of_all(pieces: Iterable[bytes]) -> int:
    """Quick: the empty cells, which calamine leaves out, are counted too."""
    rows, columns = {0}, {0}
    for text in _whole_rows(pieces):
        rows.add(max(map(int, set(_ROWS.findall(text))), default=0))
        columns.update(_column(letters) + 1 for letters in set(_COLUMNS.findall(text)))
    return max(rows) * max(columns)


def _extent_of_filled(pieces: Iterable[bytes]) -> int:
    last_row, last_column = 0, 0
    for text in _whole_rows(pieces):
        places = set(_FILLED.findall(text))
        last_row = max([last_row, *(int(row) for _, row in places), *map(int, _ROW.findall(text))])
        last_column = max([last_column, *(_column(letters) + 1 for letters in {letters for letters, _ in places})])
    return last_row * last_column


def _whole_rows(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """The pieces, cut where a row ends, so that no cell is torn."""
    rest: list[bytes] = []
    for piece in pieces:
        end = piece.rfind(b"row>") + 4
        if end < 4:
            rest.append(piece)
            continue
        yield b"".join([*rest, piece[:end]])
        rest = [piece[end:]]
    yield b"".join(rest)


def _note_errors(text: bytes, errors: dict[tuple[int, int], str]) -> None:
    for attributes, content in _ERROR.findall(text):
        place, value = _PLACE.search(attributes), _VALUE.search(content)
        if place and value and not attributes.endswith(b"/"):
            errors[int(place[2]) - 1, _column(place[1])] = value[1].decode("ascii", "replace")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1
