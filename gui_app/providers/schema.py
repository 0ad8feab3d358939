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


def anthropic_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as Anthropic's SDK would send it: what the API does not take is told in the descriptions."""
    left = dict(schema)
    out: dict[str, Any] = {}
    kind, values = left.pop("type", None), left.pop("enum", None)
    if values:
        out["enum"] = list(values)
    elif "anyOf" in left:
        out["anyOf"] = [anthropic_schema(part) for part in left.pop("anyOf")]
    else:
        out["type"] = kind
    for keyword in ("description", "title"):
        if keyword in left:
            out[keyword] = left.pop(keyword)
    if kind == "object" and not values:
        out["properties"] = {name: anthropic_schema(part) for name, part in left.pop("properties", {}).items()}
        out["additionalProperties"] = False
        left.pop("additionalProperties", None)
        if "required" in left:
            out["required"] = list(left.pop("required"))
    elif kind == "array" and not values and "items" in left:
        out["items"] = anthropic_schema(left.pop("items"))
    if left:
        rest = "{" + ", ".join(f"{keyword}: {value}" for keyword, value in left.items()) + "}"
        out["description"] = f"{out['description']}\n\n{rest}" if "description" in out else rest
    return out
