"""The JSON schema of a reply, within what the providers' strict modes take."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from gui_app.jobs import FieldKind, OutputField

# Anthropic refuses other property keys; OpenAI takes these too.
_SAFE_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# A list of all values steers a model better than a sentence, while it stays short.
_MOST_NUMBERS_LISTED = 21
# OpenAI's limits for a strict schema: values over the whole schema, and characters in a list of more than 250.
_MOST_VALUES = 1_000
_LONG_LIST, _LONG_LIST_CHARACTERS = 250, 15_000


def keys_for(fields: Sequence[OutputField]) -> tuple[str, ...]:
    """The JSON keys of the fields, in order: their names where every name may be a key, else field_1, field_2."""
    names = tuple(field.name for field in fields)
    if all(_SAFE_KEY.fullmatch(name) for name in names) and len(set(names)) == len(names):
        return names
    return tuple(f"field_{number}" for number in range(1, len(names) + 1))


def schema_for(fields: Sequence[OutputField]) -> dict[str, Any]:
    """The strict JSON schema of a reply to these fields.

    It holds to what OpenAI's strict mode and Anthropic's `output_config` have in common: every key is
    required, nothing may be added, and there are no number ranges, lengths or counts (these are told in the
    descriptions and checked when the reply is read). Lists that are too long for a strict schema are left
    to the instructions and the same check.
    """
    values_left = _MOST_VALUES
    properties: dict[str, Any] = {}
    for key, field in zip(keys_for(fields), fields, strict=True):
        properties[key], used = _property(field, values_left)
        values_left -= used
        description = "; ".join(filter(None, (field.name if field.name != key else "", limits_in_words(field))))
        if description:
            properties[key]["description"] = description
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _property(field: OutputField, values_left: int) -> tuple[dict[str, Any], int]:
    match field.kind:
        case FieldKind.LABEL:
            return _one_of(field.labels, values_left)
        case FieldKind.LABELS:
            items, used = _one_of(field.labels, values_left)
            return {"type": "array", "items": items}, used
        case FieldKind.NUMBER:
            numbers = whole_numbers(field)
            if numbers is not None and len(numbers) <= min(_MOST_NUMBERS_LISTED, values_left):
                return {"type": "integer", "enum": list(numbers)}, len(numbers)
            return {"type": "integer" if field.whole else "number"}, 0
        case FieldKind.YES_NO:
            return {"type": "boolean"}, 0
        case FieldKind.TEXT:
            return {"type": "string"}, 0


def _one_of(labels: tuple[str, ...], values_left: int) -> tuple[dict[str, Any], int]:
    too_long = len(labels) > _LONG_LIST and sum(map(len, labels)) > _LONG_LIST_CHARACTERS
    if len(labels) > values_left or too_long:
        return {"type": "string"}, 0
    return {"type": "string", "enum": list(labels)}, len(labels)


def whole_numbers(field: OutputField) -> range | None:
    """The numbers a whole-number field with both limits may have; None for any other field."""
    if field.kind is not FieldKind.NUMBER or not field.whole or field.minimum is None or field.maximum is None:
        return None
    return range(math.ceil(field.minimum), math.floor(field.maximum) + 1)


def limits_in_words(field: OutputField) -> str:
    """A number's range or a text's length, said to the model; "" when there is none."""
    if field.kind is FieldKind.TEXT and field.max_characters is not None:
        return f"at most {field.max_characters} characters"
    if field.kind is not FieldKind.NUMBER:
        return ""
    kind = "a whole number" if field.whole else "a number"
    low, high = (None if limit is None else f"{limit:.15g}" for limit in (field.minimum, field.maximum))
    if low is not None and high is not None:
        return f"{kind} from {low} to {high}"
    if low is not None:
        return f"{kind}, {low} or more"
    return f"{kind}, {high} or less" if high is not None else kind
