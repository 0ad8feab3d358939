"""A long list of row ids, as SQLite hands it over in one piece: nothing is done for each of a million."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import overload

_BASE = 10**9
"""Added to each id, so that all are as long as one another."""
_LONG = 10


def gathered(query: str) -> str:
    """A query for one value, from which `RowIds` is made; the order of `query`, which selects `row_id`, is kept.

    Fetched row by row, a million ids take a quarter of a second with Python's lock given and taken for each.
    """
    # Of a query within an aggregate SQLite keeps the order (sqlite.org/releaselog/3_35_0.html, 8: it may be left out
    # for count, min and max alone). No LIMIT to make sure of it: sorting would then take half as long again.
    return f"SELECT ifnull(group_concat({_BASE} + row_id, ''), '') FROM ({query})"


class _Ids(Sequence[int]):
    """A list of ids that are made when they are asked for."""

    __slots__ = ()

    @abstractmethod
    def _at(self, place: int) -> int:
        """The id at a place there is."""

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> list[int]: ...
    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            return [self._at(place) for place in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(at)
        return self._at(place)


class RowIds(_Ids):
    """Ids in an order, taken from the text of `gathered` when they are asked for."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __len__(self) -> int:
        return len(self._text) // _LONG

    def _at(self, place: int) -> int:
        return int(self._text[place * _LONG : (place + 1) * _LONG]) - _BASE

    def __iter__(self) -> Iterator[int]:
        text = self._text
        return (int(text[at : at + _LONG]) - _BASE for at in range(0, len(text), _LONG))

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, RowIds) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def index(self, value: int, start: int = 0, stop: int | None = None) -> int:
        """Where an id stands.

        Raises:
            ValueError: Nowhere.
        """
        last = len(self) if stop is None else min(stop, len(self))
        wanted, at = str(_BASE + value), start * _LONG - 1
        while (at := self._text.find(wanted, at + 1, last * _LONG)) >= 0:
            # A find across two ids is none.
            if at % _LONG == 0:
                return at // _LONG
        raise ValueError(f"{value} is not listed")

    def __contains__(self, value: object) -> bool:
        try:
            return isinstance(value, int) and self.index(value) >= 0
        except ValueError:
            return False


class OtherIds(_Ids):
    """1 to `last` without some: where most rows are listed, those that are not come sooner.

    Args:
        left_out: Ids from 1 to `last`, rising.
    """

    __slots__ = ("_last", "_left_out")

    def __init__(self, last: int, left_out: Sequence[int]) -> None:
        self._last, self._left_out = last, left_out

    def __len__(self) -> int:
        return self._last - len(self._left_out)

    def _at(self, place: int) -> int:
        left_out = self._left_out
        # Before the one at `n` there are so many that are listed: never fewer from one to the next.
        return place + 1 + bisect_right(range(len(left_out)), place, key=lambda n: left_out[n] - n - 1)

    def __iter__(self) -> Iterator[int]:
        following = 1
        for row_id in self._left_out:
            yield from range(following, row_id)
            following = row_id + 1
        yield from range(following, self._last + 1)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OtherIds):
            return NotImplemented
        return self._last == other._last and self._left_out == other._left_out

    __hash__ = None  # type: ignore[assignment]

    def index(self, value: int, start: int = 0, stop: int | None = None) -> int:
        """Where an id stands.

        Raises:
            ValueError: Nowhere.
        """
        before = bisect_left(self._left_out, value)
        at = value - 1 - before
        is_out = before < len(self._left_out) and self._left_out[before] == value
        if is_out or not 1 <= value <= self._last or not start <= at < (len(self) if stop is None else stop):
            raise ValueError(f"{value} is not listed")
        return at

    def __contains__(self, value: object) -> bool:
        try:
            return isinstance(value, int) and self.index(value) >= 0
        except ValueError:
            return False
