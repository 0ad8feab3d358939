"""Changed row ids as contiguous spans."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""First and last, both meant."""


def merge(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with touching and overlapping ones made one."""
    out: list[Span] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out


def touches(spans: Sequence[Span], number: int) -> bool:
    """Whether a number lies in one of the merged spans."""
    at = bisect_right(spans, number, key=lambda span: span[0]) - 1
    return at >= 0 and number <= spans[at][1]


def of_numbers(numbers: Iterable[int]) -> list[Span]:
    """The spans that hold exactly these numbers."""
    return merge((number, number) for number in numbers)
