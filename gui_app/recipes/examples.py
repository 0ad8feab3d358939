"""Rows a person corrected or approved, put into the prompt as examples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gui_app.jobs import FieldValue, OutputField
from gui_app.recipes.schema import keys_for
from gui_app.recipes.template import Template

START = "Examples of right answers:"
END = "End of the examples."
LONGEST_CELL = 1_000


@dataclass(frozen=True, slots=True)
class Example:
    """A row with its right answer.

    Attributes:
        cells: In column order.
        values: By field name. Fields without a value are left out of the example.
    """

    cells: Sequence[str]
    values: Mapping[str, FieldValue]


def add_examples(text: str, examples: Sequence[Example], columns: Sequence[str], fields: Sequence[OutputField]) -> str:
    """The template with the examples in it, ready to be edited.

    They stand in one block before the paragraph of the first column place, so the constant part stays in
    front; more examples go to the end of that block, and one that is there already is not added again.
    A cell's text stays data: where it holds the name of a column in braces, the braces are written wide
    (｛ ｝), so that reading the template again puts nothing in there.

    Args:
        examples: Cells longer than 1,000 characters are cut with an ellipsis.
    """
    written = [_written(example, text, columns, fields) for example in examples]
    block_start = text.find(START + "\n")
    block_end = text.find("\n" + END, block_start) if block_start != -1 else -1
    if block_end != -1:
        block = text[block_start:block_end]
        new = [item for item in dict.fromkeys(written) if item not in block]
        if not new:
            return text
        return text[:block_end].rstrip("\n") + "\n\n" + "\n\n".join(new) + "\n" + text[block_end:]
    if not written:
        return text
    block = "\n\n".join([START, *dict.fromkeys(written), END])
    at = _paragraph_start(text, columns)
    before, after = text[:at].rstrip("\n"), text[at:]
    return (before + "\n\n" if before else "") + block + "\n\n" + after


def _written(example: Example, text: str, columns: Sequence[str], fields: Sequence[OutputField]) -> str:
    used = Template(text, columns).columns_used or tuple(columns)
    positions = {name: index for index, name in reversed(list(enumerate(columns)))}
    lines = []
    for name in used:
        cell = example.cells[positions[name]] if positions[name] < len(example.cells) else ""
        lines.append(f"{name}: {cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - 1] + '…'}")
    answer = {
        key: list(value) if isinstance(value, tuple) else value
        for key, field in zip(keys_for(fields), fields, strict=True)
        if (value := example.values.get(field.name)) is not None
    }
    lines.append("Answer: " + json.dumps(answer, ensure_ascii=False))
    return _kept_literal("\n".join(lines).replace(END, END.replace(" ", "\u00a0")), columns)


def _kept_literal(text: str, columns: Sequence[str]) -> str:
    """The text with no column place left in it."""
    while places := [place for place in Template(text, columns).places() if place.known]:
        for place in reversed(places):
            inside = text[place.start + 1 : place.end - 1]
            text = f"{text[: place.start]}｛{inside}｝{text[place.end :]}"
    return text


def _paragraph_start(text: str, columns: Sequence[str]) -> int:
    """Where the paragraph of the first place begins."""
    blank_line = Template(text, columns).constant_prefix.rfind("\n\n")
    return 0 if blank_line == -1 else blank_line + 2
