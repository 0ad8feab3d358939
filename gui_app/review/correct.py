"""A column of correct answers, read as the values of an output field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gui_app.jobs import FieldKind, FieldValue, OutputField

_YES = frozenset(("yes", "true", "y", "1", "1.0", "是", "对", "√", "✓"))
_NO = frozenset(("no", "false", "n", "0", "0.0", "否", "不是", "错", "×", "✗"))
_BETWEEN = re.compile(r"\s*[|;,、\n]\s*")


class CorrectAnswers:
    """Reads the cells of the chosen column for one field.

    A person wrote them, so spelling is met halfway (case, width, blanks), and what is not on the list is
    kept as it stands: it shows up as a label of its own, and in the warnings.

    Args:
        field: The output field that the column is compared with.
    """

    def __init__(self, field: OutputField) -> None:
        self._kind = field.kind
        self._labels = {_fold(label): label for label in reversed(field.labels)}

    def read(self, cell: str) -> FieldValue:
        """The value of a cell; None for a blank one, and for a number or yes/no that cannot be read."""
        if not cell.strip():
            return None
        match self._kind:
            case FieldKind.LABEL:
                return self._label(cell)
            case FieldKind.LABELS:
                whole = self._labels.get(_fold(cell))
                parts = (whole,) if whole else tuple(self._label(part) for part in _BETWEEN.split(cell) if part.strip())
                return tuple(dict.fromkeys(parts))
            case FieldKind.NUMBER:
                return _number(cell)
            case FieldKind.YES_NO:
                folded = _fold(cell)
                return True if folded in _YES else False if folded in _NO else None
            case FieldKind.TEXT:
                return " ".join(cell.split())

    def _label(self, text: str) -> str:
        return self._labels.get(_fold(text), text.strip())


def as_label(value: FieldValue) -> str | None:
    """A label, text or yes/no value as `compare_labels` takes it; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:.15g}"


def label_order(field: OutputField) -> Sequence[str]:
    """The labels of a field in the order its tables show them; () for fields without a list."""
    return ("yes", "no") if field.kind is FieldKind.YES_NO else field.labels


def _number(cell: str) -> float | None:
    try:
        number = float(unicodedata.normalize("NFKC", cell).strip())
    except ValueError:
        return None
    return number if abs(number) != float("inf") and number == number else None


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
