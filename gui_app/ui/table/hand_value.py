"""Values typed by hand: text of an editor into the value of a field, and back."""

from __future__ import annotations

import re

from gui_app.jobs import FieldKind, FieldValue, OutputField

_SEPARATORS = re.compile(r"[,;，；、\n]")


def editable_text(value: FieldValue) -> str:
    """A value as it is edited in one line."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def typed_value(field: OutputField, text: str) -> FieldValue:
    """What was typed, as a value of the field; None when it cannot be one."""
    if field.kind is FieldKind.TEXT:
        return text
    if field.kind is FieldKind.NUMBER:
        return _number(field, text)
    if field.kind is FieldKind.YES_NO:
        return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(text.casefold())
    known = {label.casefold(): label for label in field.labels}
    typed = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if field.kind is FieldKind.LABEL:
        return known.get(text.strip().casefold())
    chosen = [known.get(part.casefold()) for part in typed]
    return None if None in chosen else tuple(label for label in dict.fromkeys(chosen) if label is not None)


def _number(field: OutputField, text: str) -> float | int | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    below = field.minimum is not None and number < field.minimum
    above = field.maximum is not None and number > field.maximum
    if number != number or below or above or (field.whole and not number.is_integer()):
        return None
    return int(number) if number.is_integer() else number
