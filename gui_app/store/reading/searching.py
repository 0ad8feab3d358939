"""Searching in the cells and answers of all rows: SQLite sorts out what cannot be a hit, Python decides the rest.

A call of Python for each of a million rows takes two seconds, with Python's lock taken from the window each time.
"""

from __future__ import annotations

import json
import re
import sqlite3
from functools import lru_cache

from gui_app.store.packing import storable, texts

PATTERN_CHARACTERS = 200
"""Of a longer text only the beginning is looked for by SQLite, whose patterns have an end."""

SHORT = 300
"""Packed answers of this length are remembered: most jobs have few different ones."""

# Nothing is folded into a character of these ranges but the character itself: ideographs, kana, hangul.
# Compiled when somebody searches: so wide a range takes as long as importing ten modules.
_NEVER_FOLDED = "[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]"


def condition(search: str) -> tuple[str, list[str]]:
    """The condition, on the `JOINS` of filters, that a row holds a text, and what it binds. Case does not matter."""
    part = storable(search.casefold())
    found = [_column(name, part) for name in ("c.cells", "a.field_values", "h.value")]
    cells, answers, by_hand = (sql for sql, _ in found)
    # The rows edited by hand are few: found once, and not looked up for every row.
    sql = f"({cells} OR {answers} OR s.row_id IN (SELECT h.row_id FROM hand_values h WHERE {by_hand}))"
    return sql, [value for _, values in found for value in values]


def _column(name: str, part: str) -> tuple[str, list[str]]:
    pattern = _pattern(part)
    if pattern is None:
        return f"holds({name}, ?)", [part]
    # Half a surrogate pair makes a row all escapes.
    odd = f"{name} LIKE '%\\ud%'"
    if part.isascii():
        # SQLite folds A to Z alone. Some other letters fold into these: the Kelvin sign into k, ß into ss.
        odd += f" OR length({name}) < length(CAST({name} AS BLOB))"
    return f"(({name} LIKE ? ESCAPE '!' OR {odd}) AND holds({name}, ?))", [pattern, part]


def _pattern(part: str) -> str | None:
    """For LIKE; None where SQLite's way with cases could miss a hit."""
    if not part.isascii() and re.search("[a-z]|[^\x00-\x7f]", re.sub(_NEVER_FOLDED, "", part)):
        return None
    return "%" + re.sub("[!%_]", r"!\g<0>", as_packed(part)[:PATTERN_CHARACTERS]) + "%"


def prepare(db: sqlite3.Connection) -> None:
    """Give a connection the function that conditions call."""
    db.create_function("holds", 2, _holds, deterministic=True)


def _holds(packed: str | None, part: str) -> bool:
    if not packed:
        return False
    # Packed text is nearly the text itself, so most rows are done with here. What looks like a hit may lie in the
    # punctuation between cells, an escape or the name of a field; and a row with lone surrogates is all escapes.
    if as_packed(part) in packed.casefold():
        if packed[0] == "[" and "\\" not in packed and '"' not in part and part not in ",[]":
            return True
    elif "\\ud" not in packed:
        return False
    return _in_short(packed, part) if len(packed) <= SHORT else _in_texts(packed, part)


def _in_texts(packed: str, part: str) -> bool:
    try:
        return any(part in text.casefold() for text in texts(packed))
    except (ValueError, RecursionError):
        return part in packed.casefold()


_in_short = lru_cache(maxsize=4096)(_in_texts)


@lru_cache(maxsize=8)
def as_packed(part: str) -> str:
    """How a text, or a part of one, stands in packed cells."""
    return json.dumps(part, ensure_ascii=False)[1:-1]
