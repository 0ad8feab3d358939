"""What people type into the fields of a form, read as what it means: labels, numbers."""

from __future__ import annotations

import re


def split_labels(text: str) -> tuple[str, ...]:
    """Labels as they were typed: one a line; or, on a single line, between commas. Blank ones and repeats are left out.

    A label that holds a comma therefore needs a line of its own, and a second line beside it.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        lines = [part.strip() for part in re.split("[,，、;；]", lines[0])]
    return tuple(dict.fromkeys(line for line in lines if line))


def typed_number(text: str) -> float | None:
    """A number as people type it ("5", "2,5", "１０"); None when it is none."""
    try:
        value = float(text.strip().replace(",", ".").replace("，", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None
