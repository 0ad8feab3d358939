"""Cells: what a table's marks mean, values of a workbook -> text and mark, and the way back for the export.

Everything is text inside Rowmill. Beside the text of a row goes a string of marks, one character for each
cell ("" when all are text), so that the export can give Excel back its numbers and dates:

    t  text
    n  number               12, 0.15, 1e+20
    d  date                 2026-01-31
    D  date and time        2026-01-31 13:45:00
    T  time or duration     13:45:00, 30:15:00
    b  TRUE or FALSE
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence

Cell = str | int | float | bool | None | datetime.date | datetime.datetime | datetime.time | datetime.timedelta
"""What `save_table` takes: text stays text whatever it looks like; numbers, dates, times and yes/no are
written as such where the format has them; None is an empty cell."""

_TIME = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(\.\d+)?", re.ASCII)


def text_of_number(value: float) -> str:
    """As Excel shows it: whole numbers without ".0", others with the 15 digits that Excel counts with."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return f"{value:.15g}"


def text_of_moment(value: datetime.datetime) -> str:
    """ISO, with a space for the T."""
    return value.isoformat(sep=" ")


def text_of_duration(value: datetime.timedelta) -> str:
    """Hours, minutes and seconds, however many hours: 30:15:00."""
    sign = "-" if value < datetime.timedelta(0) else ""
    value = abs(value)
    minutes, seconds = divmod(value.days * 86_400 + value.seconds, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"


def text_of_boolean(value: bool) -> str:
    """As Excel shows it."""
    return "TRUE" if value else "FALSE"


TEXT_AND_MARK: dict[type, tuple[Callable[..., str] | None, str]] = {
    str: (None, "t"),
    int: (text_of_number, "n"),
    float: (text_of_number, "n"),
    bool: (text_of_boolean, "b"),
    datetime.datetime: (text_of_moment, "D"),
    datetime.date: (datetime.date.isoformat, "d"),
    datetime.time: (datetime.time.isoformat, "T"),
    datetime.timedelta: (text_of_duration, "T"),
}
"""For each type of a workbook's values: how it becomes text (None: it is text), and its mark."""


def typed(cells: Sequence[str], marks: str) -> Sequence[Cell]:
    """The cells as the export wants them: numbers, dates, times and yes/no as such, text as text.

    A text that does not hold what its mark says stays text, so nothing is lost.
    """
    if not marks:
        return cells
    row: list[Cell] = list(cells)
    for position, (text, mark) in enumerate(zip(cells, marks, strict=False)):
        if mark != "t":
            row[position] = value_of(text, mark)
    return row


def value_of(text: str, mark: str) -> Cell:
    """One cell's value. See `typed`."""
    try:
        if mark == "n":
            return _number(text)
        if mark == "d":
            return datetime.date.fromisoformat(text)
        if mark == "D":
            return datetime.datetime.fromisoformat(text)
        if mark == "T":
            return _time(text)
    except (ValueError, OverflowError):
        return text
    if mark == "b" and text in ("TRUE", "FALSE"):
        return text == "TRUE"
    return text


def _number(text: str) -> Cell:
    number = float(text)
    if not math.isfinite(number):
        return text
    return int(text) if number.is_integer() and text.lstrip("-").isdecimal() else number


def _time(text: str) -> Cell:
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    sign, hours, minutes, seconds, fraction = found.groups()
    span = datetime.timedelta(
        hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=round(float(fraction or 0) * 1e6)
    )
    return -span if sign else span
