"""What the real providers refuse in a JSON schema, so that a mistake shows here and not on the first paid call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gui_app.practice.asked import Refused, Trouble

_OPENAI_UNKNOWN = frozenset({"allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "oneOf"})
_ANTHROPIC_UNKNOWN = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
        "uniqueItems",
        "not",
        "if",
        "then",
        "else",
    }
)


def check_openai(schema: Any, param: str) -> Mapping[str, Any]:
    """Check a strict schema as OpenAI does: closed objects, every property required, known keywords only.

    Raises:
        Refused: With the place and the reason.
    """
    for place, part in _parts(schema, param):
        if part.get("type") == "object" or "properties" in part:
            properties = part.get("properties", {})
            if part.get("additionalProperties") is not False:
                raise _bad(param, place, "'additionalProperties' is required to be supplied and to be false.")
            if sorted(part.get("required", ())) != sorted(properties):
                raise _bad(param, place, "'required' is required to be an array including every key in properties.")
        for keyword in _OPENAI_UNKNOWN & part.keys():
            raise _bad(param, place, f"'{keyword}' is not permitted.")
    return dict(schema)


def check_anthropic(schema: Any, param: str) -> Mapping[str, Any]:
    """Check a schema as Anthropic does: closed objects, no limits on numbers, strings or lists.

    The SDK's own `transform_schema` moves those limits into the description for the same reason.

    Raises:
        Refused: With the place and the reason.
    """
    for place, part in _parts(schema, param):
        if (part.get("type") == "object" or "properties" in part) and part.get("additionalProperties") is not False:
            raise _bad(param, place, "For 'object' type, 'additionalProperties' must be explicitly set to false")
        for keyword in sorted(_ANTHROPIC_UNKNOWN & part.keys()):
            raise _bad(param, place, f"For '{part.get('type')}' type, property '{keyword}' is not supported")
        if part.get("minItems", 0) not in (0, 1):
            raise _bad(param, place, "For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    return dict(schema)


def _parts(schema: Any, param: str, place: str = "()", depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(schema, Mapping):
        raise _bad(param, place, "a schema must be an object.")
    if depth > 10:
        raise _bad(param, place, "the schema is nested too deeply.")
    yield place, schema
    for group in ("properties", "$defs", "definitions"):
        for name, part in (schema.get(group) or {}).items():
            yield from _parts(part, param, f"{place}.{name}", depth + 1)
    if "items" in schema:
        yield from _parts(schema["items"], param, f"{place}.items", depth + 1)
    for at, part in enumerate(schema.get("anyOf") or ()):
        yield from _parts(part, param, f"{place}.anyOf[{at}]", depth + 1)


def _bad(param: str, place: str, reason: str) -> Refused:
    return Refused(Trouble.BAD, f"Invalid schema for {param}: In context={place}, {reason}", param=param)
