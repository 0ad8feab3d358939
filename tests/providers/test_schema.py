"""What a provider's API takes of a JSON schema."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import transform_schema

from gui_app.jobs import FieldKind, OutputField
from gui_app.providers.schema import anthropic_schema
from gui_app.recipes.schema import schema_for

FIELDS = (
    OutputField("label", FieldKind.LABEL, ("good", "bad")),
    OutputField("topics", FieldKind.LABELS, ("price", "quality")),
    OutputField("score", FieldKind.NUMBER, minimum=1, maximum=5, whole=True),
    OutputField("weight", FieldKind.NUMBER, minimum=0.5),
    OutputField("ok", FieldKind.YES_NO),
    OutputField("summary", FieldKind.TEXT, max_characters=80),
    OutputField("a name that is no key", FieldKind.TEXT),
)


@pytest.mark.parametrize(
    "schema",
    [
        *(schema_for((field,)) for field in FIELDS),
        schema_for(FIELDS),
        {"type": "integer", "minimum": 1, "maximum": 10, "description": "a number"},
        {"type": "integer", "minimum": 1},
        {"type": "string", "minLength": 2, "title": "T"},
        {"type": "array", "items": {"type": "number", "maximum": 3}, "maxItems": 4},
        {"type": "object", "properties": {}, "additionalProperties": True},
        {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "or nothing"},
        {"type": "string", "enum": ["a", None], "description": "one"},
    ],
    ids=str,
)
def test_anthropic_gets_the_schema_that_its_sdk_would_make_of_it(schema: dict[str, Any]) -> None:
    before = str(schema)
    assert anthropic_schema(schema) == transform_schema(dict(schema))
    assert str(schema) == before
