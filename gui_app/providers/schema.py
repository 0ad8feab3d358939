"""JSON schemas as each provider takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Strict mode refuses a request with these; the same limits are checked when the reply is read.
_NOT_IN_STRICT_MODE = frozenset(("minLength", "maxLength", "uniqueItems", "default", "$schema", "title"))


def openai_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the keywords that OpenAI's strict mode refuses. Names of properties are left alone."""
    out: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _NOT_IN_STRICT_MODE:
            continue
        if keyword in ("properties", "$defs") and isinstance(value, Mapping):
            out[keyword] = {name: openai_schema(part) for name, part in value.items()}
        elif isinstance(value, Mapping):
            out[keyword] = openai_schema(value)
        elif keyword in ("anyOf", "oneOf", "allOf") and isinstance(value, list | tuple):
            out[keyword] = [openai_schema(part) for part in value]
        else:
            out[keyword] = value
    return out
