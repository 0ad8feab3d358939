"""Labels that a model used although they are on no list: found in what is kept of its replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.labels import LabelList
from gui_app.recipes.wording import fold, short

_LONGEST, _MOST_WORDS = 40, 4
_AROUND = " \t\"'`*_“”‘’「」『』.;:!。；：！"


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label that could be added.

    Attributes:
        field: The name of the output field whose list it is not on.
        count: How many rows were answered with it.
    """

    field: str
    label: str
    count: int


def new_labels(details: Iterable[tuple[str, int]], fields: Sequence[OutputField]) -> list[NewLabel]:
    """The labels in what is said of rows whose label is off the list, most often used first.

    Args:
        details: What `Reading.detail` says of the rows, and of how many it says so.
        fields: As they are now. What is on a list meanwhile is left out.
    """
    found: dict[tuple[str, str], NewLabel] = {}
    for detail, count in details:
        field = _field_of(detail, fields)
        if field is None:
            continue
        text = detail if len(fields) == 1 else detail[len(_lead(field)) :]
        label = text.strip(_AROUND)
        if not _is_label(label, text) or LabelList(field.labels).whole(label) is not None:
            continue
        key = (field.name, fold(label))
        known = found.get(key)
        found[key] = NewLabel(field.name, label, count) if known is None else replace(known, count=known.count + count)
    return sorted(found.values(), key=lambda item: -item.count)


def _field_of(detail: str, fields: Sequence[OutputField]) -> OutputField | None:
    with_labels = [field for field in fields if field.kind in (FieldKind.LABEL, FieldKind.LABELS)]
    if len(fields) == 1:
        return with_labels[0] if with_labels else None
    return next((field for field in with_labels if detail.startswith(_lead(field))), None)


def _lead(field: OutputField) -> str:
    """What stands before the label where there are several fields; see `ReplyReader`."""
    return f"{short(field.name, 30)}: "


def _is_label(label: str, text: str) -> bool:
    # Longer ones are sentences, or were cut.
    return bool(label) and len(label) <= _LONGEST and len(label.split()) <= _MOST_WORDS and not text.endswith("…")
