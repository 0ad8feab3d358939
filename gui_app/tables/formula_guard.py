"""Which texts a spreadsheet program would take for a formula when it opens a CSV file, and the prefix against it."""

from __future__ import annotations

import re

TRIGGERS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""What begins a formula, full-width and small forms included: East Asian Excel takes the former for the plain ones."""

_BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b\x85"
RISKY_FIRST = frozenset(TRIGGERS + _BLANKS)
"""A text that begins with none of these is harmless: the quick test."""

_FORMULA = re.compile(rf"[\t\r]|[{_BLANKS}]*[{re.escape(TRIGGERS)}]")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,'\u00a0 ]\d+)*|[.,]\d+)[.,]?(?:[eE][+-]?\d+)?\s?%?", re.ASCII)


def is_formula_like(text: str) -> bool:
    """Whether it needs the prefix. Plain numbers, such as -5 or +1,234.5, do not."""
    return _FORMULA.match(text) is not None and _PLAIN_NUMBER.fullmatch(text) is None


def guarded(text: str) -> str:
    """The text with a ' in front, which Excel and WPS understand as "this is text"."""
    return "'" + text
