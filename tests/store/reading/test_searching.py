"""SQLite may sort rows out before Python looks at them, but never one that Python would find."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from gui_app.jobs import RowFilter
from gui_app.store.packing import storable
from gui_app.store.reading import searching
from tests.store.making import Edit, Read, Run, done, each_alone, make_job, one_column

KELVIN, LONG_S, DOTTED_I, LIGATURE = "\u212a", "\u017f", "\u0130", "\ufb01"
PIECES = (
    *("k", "K", KELVIN, "s", "S", LONG_S, "ß", "ss", "i", DOTTED_I, "fi", LIGATURE, "é", "É", "包", "裹", "カ", "가"),
    *("%", "_", "!", "!%", '"', "\\", "\n", "\t", "\x01", "\x00", "\ud83d", "\U0001f600", ",", "[", " ", "7", "nbc"),
)


def texts(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(PIECES, k=rng.randint(1, 5))) for _ in range(count)]


def test_every_text_is_found_that_holds_the_part_and_no_other(path: Path, read: Read) -> None:
    cells = texts(400, 1)
    make_job(path, one_column(*cells))
    reader = read()
    for part in {*PIECES, *texts(100, 2)}:
        wanted = storable(part.casefold())
        expected = [number for number, cell in enumerate(cells, 1) if wanted in cell.casefold()]
        assert list(reader.row_ids(RowFilter(search=part))) == expected, part


def test_answers_and_values_made_by_hand_are_searched_alike(path: Path, read: Read, edit: Edit) -> None:
    values = texts(60, 3)
    make_job(path, one_column(*(["x"] * (2 * len(values)))))
    with Run(path, prepare=each_alone) as run:
        run.claim(200)
        run.keep(*(done(number, value=value) for number, value in enumerate(values, 1)))
    editor = edit()
    for number, value in enumerate(values, len(values) + 1):
        editor.set_value(number, "label", value)
    reader = read()
    for part in PIECES:
        wanted = storable(part.casefold())
        expected = [number for number, value in enumerate(values * 2, 1) if wanted in storable(value).casefold()]
        assert list(reader.row_ids(RowFilter(search=part))) == expected, part


def test_no_letter_is_folded_into_those_that_sqlite_is_trusted_with() -> None:
    trusted = re.compile(searching._NEVER_FOLDED)
    for one in map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000))):
        folded = one.casefold()
        assert folded == one or not trusted.search(folded), hex(ord(one))


@pytest.mark.parametrize("part", ["good", "包裹", "50%", 'a "b"'])
def test_rows_that_cannot_be_a_hit_never_reach_python(path: Path, read: Read, part: str) -> None:
    make_job(path, one_column(*(f"plain {number}" for number in range(50)), f"x {part} x"))
    reader = read()
    asked: list[str] = []

    def holds(packed: str | None, wanted: str) -> bool:
        asked.append(packed or "")
        return searching._holds(packed, wanted)

    reader._db.create_function("holds", 2, holds, deterministic=True)
    assert list(reader.row_ids(RowFilter(search=part))) == [51]
    assert len(asked) == 1


def test_a_text_longer_than_any_pattern_is_found_whole(path: Path, read: Read) -> None:
    long = "ab" * 40_000
    make_job(path, one_column(f"x{long}y", long[:-1], "c"))
    assert list(read().row_ids(RowFilter(search=long.upper()))) == [1]
