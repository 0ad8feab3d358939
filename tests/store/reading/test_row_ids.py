"""A list of ids in one piece is the list it was made from, in every way a list is used."""

from __future__ import annotations

import random
import sqlite3
from bisect import bisect_left
from contextlib import closing

import pytest

from gui_app.store.reading.row_ids import OtherIds, RowIds, gathered

LISTS = [
    [],
    [1],
    [7, 3, 5],
    list(range(1, 2_000)),
    list(range(2_000, 0, -1)),
    random.Random(4).sample(range(1, 10**9), 500),
    [10, 1, 100, 1_000_000, 101, 110, 999_999_999],
]


def through_sqlite(ids: list[int]) -> RowIds:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (at INTEGER PRIMARY KEY, row_id INTEGER)")
        db.executemany("INSERT INTO t VALUES (?, ?)", enumerate(ids))
        return RowIds(db.execute(gathered("SELECT row_id FROM t ORDER BY at")).fetchone()[0])


@pytest.mark.parametrize("ids", LISTS)
def test_it_is_the_list_it_was_made_from(ids: list[int]) -> None:
    found = through_sqlite(ids)
    assert list(found) == ids
    assert len(found) == len(ids)
    assert bool(found) == bool(ids)
    assert [found[at] for at in range(-len(ids), len(ids))] == [*ids, *ids]
    assert found[1:300] == ids[1:300] and found[-3:] == ids[-3:] and found[::-1] == ids[::-1]
    assert list(reversed(found)) == ids[::-1]
    for at in (len(ids), -len(ids) - 1):
        with pytest.raises(IndexError):
            found[at]


@pytest.mark.parametrize("ids", LISTS)
def test_every_id_is_found_where_it_stands_and_no_other_is(ids: list[int]) -> None:
    found = through_sqlite(ids)
    assert all(found.index(row_id) == at for at, row_id in enumerate(ids))
    assert all(row_id in found for row_id in ids)
    for absent in (0, 2_000_001, 11, 1_000_000_00):
        assert (absent in found) == (absent in ids)
    if ids == sorted(ids) and ids:
        assert bisect_left(found, ids[-1]) == len(ids) - 1


def test_an_id_that_only_seems_to_stand_between_two_others_is_not_found() -> None:
    # ...10[00000000 11]00000010...: the digits of an id, half of one and half of the next.
    found = through_sqlite([11_000_000, 1_100_000, 110_000])
    digits = found._text
    for at in range(1, len(digits) - 10):
        if at % 10 and digits[at] == "1":
            assert int(digits[at : at + 10]) - 10**9 not in found


def test_lists_of_the_same_ids_are_equal() -> None:
    assert through_sqlite([3, 1, 2]) == through_sqlite([3, 1, 2])
    assert through_sqlite([3, 1, 2]) != through_sqlite([1, 2, 3])
    assert through_sqlite([3, 1, 2]) != range(3)


def test_a_sorted_query_keeps_its_order_when_it_is_gathered() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (row_id INTEGER PRIMARY KEY, v TEXT)")
        names = [f"{random.Random(n).random()}" for n in range(5_000)]
        db.executemany("INSERT INTO t (v) VALUES (?)", [(name,) for name in names])
        plain = [row_id for (row_id,) in db.execute("SELECT row_id FROM t ORDER BY v DESC")]
        found = RowIds(db.execute(gathered("SELECT row_id FROM t ORDER BY v DESC")).fetchone()[0])
    assert list(found) == plain


LEFT_OUT = [
    (0, []),
    (1, []),
    (1, [1]),
    (9, [1, 2, 3]),
    (9, [7, 8, 9]),
    (9, list(range(1, 10))),
    (9, [2, 4, 5, 8]),
    (2_000, sorted(random.Random(6).sample(range(1, 2_001), 700))),
]


@pytest.mark.parametrize(("last", "left_out"), LEFT_OUT)
def test_all_rows_but_some_are_the_list_of_the_others(last: int, left_out: list[int]) -> None:
    found = OtherIds(last, through_sqlite(left_out))
    ids = [row_id for row_id in range(1, last + 1) if row_id not in set(left_out)]
    assert list(found) == ids
    assert len(found) == len(ids)
    assert bool(found) == bool(ids)
    assert [found[at] for at in range(-len(ids), len(ids))] == [*ids, *ids]
    assert found[1:300] == ids[1:300] and found[-3:] == ids[-3:] and found[::-1] == ids[::-1]
    assert list(reversed(found)) == ids[::-1]
    assert [found.index(row_id) for row_id in ids] == list(range(len(ids)))
    assert all((row_id in found) == (row_id in ids) for row_id in range(-1, last + 3))
    for at in (len(ids), -len(ids) - 1):
        with pytest.raises(IndexError):
            found[at]
    with pytest.raises(ValueError, match="not listed"):
        found.index(last + 1)
    assert found == OtherIds(last, through_sqlite(left_out)) != OtherIds(last + 1, through_sqlite(left_out))
