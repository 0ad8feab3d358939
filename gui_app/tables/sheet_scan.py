"""The XML of a sheet, looked through before calamine reads it: for what it would die of, and for what it leaves out.

calamine lays a sheet out as one block of memory from its first to its last cell, and ends the process when that cannot
be had; and it gives an empty cell for an error such as #N/A. Both are found here by searching the bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

_MOST_ERRORS = 1_000_000
_ROOT = re.compile(rb"<(\w+:)?worksheet\b")

# Both find a cell that is written otherwise than programs write it: its place first, then its style and its kind. One
# look for such a cell is all that most sheets cost, so the commonest forms are asked for first.
_LETTERS = {1: b"[A-Z]", 2: b"[A-Z]{1,2}+", 3: b"[A-Z]{1,3}+"}
_DIGITS = {False: b"[0-9]{1,5}+", True: b"(?:[0-9]{1,6}+|1[0-9]{6})"}
_ANY_BUT_PLAIN = (
    rb"<%(prefix)bc(?! r=\"%(letters)b%(digits)b\"(?: t=\"inlineStr\"><%(prefix)bis>| t=\"s\"><%(prefix)bv>"
    rb"|(?: s=\"[0-9]++\")?+(?: t=\"(?!e\")[a-zS]++\")?+(?:><(?:/|%(prefix)b(?:v|is)>)| ?/>)))[\s/>]"
)
_ANY_BUT_NEAR = rb"<%(prefix)bc(?! r=\"%(letters)b%(digits)b\"(?: (?!r=)[\w:.-]++=\"[^\"<>]*+\")*+ ?/?>)[\s/>]"
_OF_ANOTHER_PREFIX = rb":c(?<!<%(prefix)bc)(?<!</%(prefix)bc)[\s/>]"
_WITHOUT_PREFIX = re.compile(rb"<c[\s/>]")

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
        letters: Of the farthest column, at most: 1 up to Z, 2 up to ZZ, 3 up to ZZZ.
        tall: A cell lies beyond row 99,999, though not beyond 1,999,999.
        doubtful: A cell lies farther out, or is written as XML allows it and no program does it.
        errors: (row, column), both from 0 -> the error as the user saw it, such as "#N/A".
        unsolved: Formulas whose result the program that wrote the file did not store.
        prefix: What stands before the names of the elements: b"" nearly always, or such as b"x:".
    """

    letters: int = 1
    tall: bool = False
    doubtful: bool = False
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unsolved: int = 0
    prefix: bytes = b""


def scan(pieces: Iterable[bytes]) -> SheetScan:
    """Look through a sheet's XML."""
    found = SheetScan()
    for number, text in enumerate(whole_rows(pieces)):
        if not number:
            root = _ROOT.search(text)
            found.prefix = (root[1] or b"") if root else b""
        if _only(_ANY_BUT_PLAIN, text, found):
            continue
        _note_errors(text, found.errors)
        if b"f>" in text and (b"</f>" in text or b":f>" in text):
            found.unsolved += sum(1 for attributes in _UNSOLVED.findall(text) if b't="str"' not in attributes)
        if not found.doubtful:
            _note_far(text, found)
    return found


def _only(otherwise: bytes, text: bytes, found: SheetScan) -> bool:
    """Whether all cells of a piece are written in the form that `otherwise` spares, as near as those before it."""
    if _pattern(otherwise, found.prefix, found.letters, tall=found.tall).search(text) is not None:
        return False
    # Without a prefix of its own, a sheet could still hide a cell behind one.
    if _pattern(_OF_ANOTHER_PREFIX, found.prefix).search(text) is not None:
        return False
    return not found.prefix or _WITHOUT_PREFIX.search(text) is None


def _note_far(text: bytes, found: SheetScan) -> None:
    letters, tall = found.letters, found.tall
    for found.letters, found.tall in itertools.product(range(letters, 4), (tall, True)):
        if _only(_ANY_BUT_NEAR, text, found):
            return
    found.doubtful = True


@cache
def _pattern(form: bytes, prefix: bytes, letters: int = 1, *, tall: bool = False) -> re.Pattern[bytes]:
    parts = {b"prefix": re.escape(prefix), b"letters": _LETTERS[letters], b"digits": _DIGITS[tall]}
    return re.compile(form % parts)


def whole_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
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


def column_of(letters: bytes) -> int:
    """The column from 0 that letters such as b"AB" name."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _note_errors(text: bytes, errors: dict[tuple[int, int], str]) -> None:
    if b"#" not in text or b't="e"' not in text or len(errors) >= _MOST_ERRORS:
        return
    for attributes, content in _ERROR.findall(text):
        place, value = _PLACE.search(attributes), _VALUE.search(content)
        if place and value and not attributes.endswith(b"/"):
            errors[int(place[2]) - 1, column_of(place[1])] = value[1].decode("ascii", "replace")
