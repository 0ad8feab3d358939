"""Headings of a file -> column names that are unique, not blank and fit on one line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gui_app.errors import N_
from gui_app.i18n import one_or_many
from gui_app.tables.table import Note

LONGEST = 255
"""Characters of a column name. A longer heading is nearly always a data row or a paragraph, and is cut with "…"."""

_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")


def unique_names(headings: Sequence[str], unnamed: str | None = None) -> tuple[str, ...]:
    """One name for each heading, in order: blank ones get "Column 3", repeated ones "name (2)".

    Args:
        unnamed: See `ImportSettings`.
    """
    pattern = unnamed if unnamed is not None and "{n}" in unnamed else "Column {n}"
    wanted = [_one_line(heading) for heading in headings]
    taken = {name for name in wanted if name}
    used: set[str] = set()
    tried: dict[str, int] = {}
    names = []
    for position, name in enumerate(wanted, 1):
        name = name or _one_line(pattern.replace("{n}", str(position)))
        if name in used or (not wanted[position - 1] and name in taken):
            base, number = name, tried.get(name, 2)
            while f"{base} ({number})" in used or f"{base} ({number})" in taken:
                number += 1
            tried[base] = number
            name = f"{base} ({number})"
        used.add(name)
        names.append(name)
    return tuple(names)


def name_columns(
    headings: Sequence[str], unnamed: str | None = None
) -> tuple[tuple[str, ...], tuple[tuple[int, str, str], ...]]:
    """The names, and what was changed: (position from 0, heading in the file, name given)."""
    names = unique_names(headings, unnamed)
    changed = (
        (position, heading, name)
        for position, (heading, name) in enumerate(zip(headings, names, strict=True))
        if heading != name
    )
    return names, tuple(changed)


def note_of_renaming(name: str, renamed: Sequence[tuple[int, str, str]]) -> list[Note]:
    """What to tell about blank, repeated and overlong headings. Mere spaces at the ends are not worth a word."""
    telling = [(position, given) for position, heading, given in renamed if heading.strip() != given]
    if not telling:
        return []
    position, given = telling[0]
    sentence = one_or_many(
        len(telling),
        N_("A heading of “{file}” was blank, repeated or too long: column {column} is now called “{given}”."),
        N_(
            "{count} headings of “{file}” were blank, repeated or too long and got names of their own: "
            "column {column} is now called “{given}”."
        ),
    )
    return [(sentence, {"file": name, "count": len(telling), "column": position + 1, "given": given})]


def _one_line(heading: str) -> str:
    line = _UNWANTED.sub(" ", heading).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
